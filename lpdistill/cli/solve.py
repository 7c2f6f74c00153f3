"""``lpdistill solve``: the optimal policy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

import lpdistill as lp
from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import FILE, RESOURCE, Asked, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.export.files import writing
from lpdistill.numbers import decimals
from lpdistill.process.resources import RESOURCES
from lpdistill.solution.answer import SHOWN
from lpdistill.solution.document import finite, section
from lpdistill.solution.policy_picture import require_drawable
from lpdistill.solution.solution import Solution
from lpdistill.solution.wording import Wording
from lpdistill.solving import Method
from lpdistill.solving import solve as solve_problem

if TYPE_CHECKING:
    from lpdistill.worth.prices import Side
    from lpdistill.worth.sensitivity import Derivative
    from symbolic import Certificate


@takes_problem(graphs=True)
def solve(
    problem: Asked,
    method: Annotated[
        str,
        Option("--method", values=Method, help="How to solve the program."),
    ] = Method.AUTO,
    least: Annotated[
        str | None,
        Option(
            "--least",
            metavar=RESOURCE,
            values=RESOURCES,
            help="Of the fastest policies, take one that uses least of a resource.",
        ),
    ] = None,
    deterministic: Annotated[
        bool, Option("--deterministic", help="Do not let budgets make the policy randomise (branch and bound).")
    ] = False,
    everything: Annotated[bool, Option("--all", help="Show all configurations, also those never visited.")] = False,
    exact: Annotated[
        bool,
        Option("--exact", help="Prove the optimum in rational arithmetic, and repair the policy if need be."),
    ] = False,
    certificate: Annotated[
        Path | None,
        Option("--certificate", metavar=FILE, help="Write the proof to this file, for lpdistill check."),
    ] = None,
    worth: Annotated[bool, Option("--sensitivity", help="Derivatives of the waiting time by every parameter.")] = False,
    ranges: Annotated[
        bool,
        Option("--ranges", help="How far the policy holds in every parameter; with budgets, how far prices do."),
    ] = False,
    pieces: Annotated[
        bool, Option("--increments", help="What one more memory saves, and other changes in whole pieces.")
    ] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the policy with the least expected waiting time, and prove it.

    --plot draws the policy; with --sensitivity, what the parameters are worth.

    Examples
    --------
    lpdistill solve --p 0.5 --memories 4 --f0 0.75 --target 0.79
    lpdistill solve problem.toml --max-distillations 1 --sensitivity
    """
    if plot is not None and not worth:
        require_drawable(problem)
    with Progress() as progress:
        solution = solve_problem(problem, method=method, least=least, deterministic=deterministic, progress=progress)
        progress("reading the policy off")
        solution.occupation  # noqa: B018 - computed here, while progress shows
        proof = _prove(solution, certificate, progress) if exact or certificate is not None else None
        found = None
        if worth:
            progress("differentiating")
            found = lp.sensitivity(solution)
        prices = {name: lp.neighbours(solution, name) for name in solution.budgets} if ranges else {}
        holds = lp.validity(solution, progress=progress) if ranges and not solution.budgets else None
        saved = lp.increments(solution, progress=progress) if pieces else None
    if plot is not None:
        pictures.save(solution.policy.plot() if found is None else found.plot(), plot)
    if as_json:
        document = solution.to_dict() | ({} if found is None else _as_json(found))
        document |= {} if holds is None else {"ranges": holds.to_dict()["ranges"]}
        document |= {"prices": {name: price.section() for name, price in prices.items()}} if prices else {}
        document |= {} if proof is None else {"certificate": proof.claims()}
        print_json(document | ({} if saved is None else {"increments": saved.to_dict()["changes"]}))
        return
    _print(solution, everything=everything)
    if proof is not None:
        _print_proof(proof)
    if found is not None:
        _print_sensitivity(found)
    if holds is not None:
        headings = {"parameter": "left", "value": "right", "from": "right", "to": "right"}
        _section("how far the policy holds, and what takes over beyond", headings, holds.rows(), "below", "above")
    if prices:
        sides = [(name, price, side) for name, price in prices.items() for side in ("below", "above")]
        beyond = [(name.replace("_", " "), side, _words(getattr(price, side))) for name, price, side in sides]
        _section("prices beyond the ranges of budgets", {}, beyond, "budget", "side", "price")
    if saved is not None:
        rows = [
            (change.name.replace("_", " "), f"{change.before:g}", f"{change.after:g}", decimals(change.saves))
            for change in saved.changes
        ]
        headings = {"change": "left", "from": "right", "to": "right", "saves": "right"}
        _section("what whole pieces save", headings, rows)


def _section(title: str, headings: dict[str, str], rows: Sequence[tuple[str, ...]], *more: str) -> None:
    """Print a table below the others; ``more`` are headings to the left."""
    console().print()
    console().print(table(title, headings | dict.fromkeys(more, "left"), rows))


def _words(side: Side | None) -> str:
    """The price beyond one end of a range."""
    return "no end" if side is None else f"from {side.end:.6g} on, {side}"


def _prove(solution: Solution, path: Path | None, progress: Progress) -> Certificate:
    """A certificate of a solution, written to a file if there is one."""
    from symbolic import certify  # noqa: PLC0415 - only proofs need exact arithmetic

    proof = certify(solution, progress=progress)
    if path is not None:
        progress("writing the certificate")
        with writing(path, "certificate"):
            proof.save(path)
    return proof


def _print_proof(proof: Certificate) -> None:
    screen = console()
    screen.print("\nexactly", style="bold")
    for name, text in proof.summary()[1:]:
        screen.print(f"{name:<14}{text}", soft_wrap=True)
    words = Wording(proof.problem.levels, proof.problem.memories)
    for counts, actions in proof.ties.items():
        screen.print(
            f"as good in {words.configuration(counts)}: " + " or ".join(map(words.phrase, actions)), soft_wrap=True
        )


def _print(solution: Solution, *, everything: bool) -> None:
    screen = console()
    for name, text in solution.summary():
        screen.print(f"{name:<15}{text}", soft_wrap=True)
    print_policy(solution, everything=everything)


def print_policy(solution: Solution, *, everything: bool) -> None:
    """Print what to do, in the configurations visited most, or in all."""
    screen = console()
    words = solution.policy.wording
    several = bool(solution.policy.randomised)
    shown = list(islice(solution.rows(visited=not everything), None if everything else SHOWN))
    rows = [
        (
            words.configuration(row.counts),
            *words.action(decision.action),
            *((f"{decision.probability:.4f}",) if several else ()),
            decimals(row.value),
            decimals(row.visits),
        )
        for row in shown
        for decision in row.decisions
    ]
    headings = dict.fromkeys(("configuration", *words.headings), "left")
    headings |= {"probability": "right"} if several else {}
    headings |= {"time to go": "right", "visits": "right"}
    screen.print()
    screen.print(table("policy", headings, rows))
    visited = int(np.count_nonzero(solution.occupation))
    if not everything and (visited > len(shown) or visited < solution.process.size):
        screen.print(
            f"{len(shown):,} of {visited:,} configurations that a run can visit, most visited first; "
            f"{solution.process.size:,} in all: --all shows them",
            soft_wrap=True,
            style="dim",
        )


def _as_json(found: lp.Sensitivity) -> dict[str, Any]:
    """The sections of a document that derivatives make: one number a parameter, and the details."""
    details = {name: part for name, part in section(found.to_dict()).items() if name != "waiting_time"}
    numbers = {name: finite(slope.value) for name, slope in found.derivatives.items()}
    return {"sensitivity": numbers, "sensitivity_details": details}


def _beside(name: str, slope: Derivative, found: lp.Sensitivity) -> str:
    """What is to be said of a derivative."""
    if slope.kink:
        return "kink"
    jumps = "jumps below" if name == "f0" and found.jump else ""
    return jumps if isfinite(slope.value) else f"{jumps}, ends above"


def _print_sensitivity(found: lp.Sensitivity) -> None:
    screen, problem = console(), found.solution.problem
    rows = [
        (
            name.replace("_", " "),
            f"{float(getattr(problem, name)):g}",
            (decimals(slope.value) if isfinite(slope.value) else "none")
            + (f" (below: {decimals(slope.below)})" if slope.kink else ""),
            f"{slope.elasticity:.4f}" if isfinite(slope.value) else "",
            _beside(name, slope, found),
        )
        for name, slope in found.derivatives.items()
    ]
    headings = {
        "parameter": "left",
        "value": "right",
        "d(time)/d(parameter)": "right",
        "elasticity": "right",
        "": "left",
    }
    screen.print()
    screen.print(table("what the parameters are worth", headings, rows))
