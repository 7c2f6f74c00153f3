"""``lpdistill compare``: the optimal policy against others."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.errors import ModelError
from lpdistill.export.policies import SUFFIXES, read_policy
from lpdistill.numbers import decimals
from lpdistill.policies.comparison import Candidate, Comparison
from lpdistill.policies.comparison import compare as compare_policies
from lpdistill.policies.differences import Differences
from lpdistill.policies.differences import differences as differences_of
from lpdistill.policies.named import POLICIES
from lpdistill.problem.problem import Problem
from lpdistill.solution.answer import SHOWN


@takes_problem()
def compare(
    problem: Problem,
    policies: Annotated[
        str,
        Option(
            "--policies",
            metavar="<policies>",
            inputs=["policy"],
            help="Separated by commas: optimal, pumping, nested, greedy, banded:WIDTH, policy files (.json, .csv).",
        ),
    ] = ",".join(POLICIES),
    against: Annotated[
        str | None,
        Option(
            "--differences",
            metavar="<policy>",
            inputs=["policy"],
            help="Show where this policy acts differently from the optimum.",
        ),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Compare the optimal policy with others: waiting times, deadlocks, and what the optimum saves.

    Examples
    --------
    lpdistill compare problem.toml
    lpdistill compare --p 0.5 --memories 4 --f0 0.9 --target 0.94 --differences greedy
    """
    names = [name.strip() for name in policies.split(",") if name.strip()]
    with Progress() as progress:
        candidates = {name: _candidate(problem, name) for name in [*names, *([against] if against else [])]}
        found = compare_policies(problem, candidates, progress=progress)
        progress("spreads and totals")
        [(one.standard_deviation, one.expected) for one in found.policies.values()]  # computed while progress shows
        apart = _differences(found, against) if against else None
        if apart is not None:
            progress("comparing actions")
            apart.rows  # noqa: B018 - computed here, while progress shows
    if plot is not None:
        pictures.save(found.plot(), plot)
    if as_json:
        print_json(found.to_dict() | ({} if apart is None else {"differences": apart.to_dict()["differences"]}))
        return
    _print(found)
    if apart is not None and against is not None:
        _print_differences(apart, against)


def _candidate(problem: Problem, name: str) -> Candidate:
    """What a name on the command line stands for: a policy file, or a policy by name."""
    return read_policy(problem, name, improper=True) if Path(name).suffix in SUFFIXES else name


def _differences(found: Comparison, name: str) -> Differences:
    one, other = found.optimum.policy, found.policies[name].policy
    if one is None or other is None:
        raise ModelError("--differences", f"must name a policy that is allowed: {found.policies[name].refusal}", name)
    return differences_of(one, other)


def _print(found: Comparison) -> None:
    screen = console()
    screen.print(f"problem        {found.problem}", soft_wrap=True)
    screen.print(f"convention     {found.convention}", soft_wrap=True)
    rows = []
    for name, compared in found.policies.items():
        deviation = compared.standard_deviation
        numbers = [compared.waiting_time, deviation, *(compared.expected or {}).values()][:TOTALS]
        shown = ["-" if number is None else decimals(number) for number in numbers]
        rows.append((name, *shown, *["-"] * (TOTALS - len(shown)), found.verdict(name)))
    headings = {"policy": "left"} | dict.fromkeys(HEADINGS, "right") | {"": "left"}
    screen.print()
    screen.print(table("policies", headings, rows))
    for name, compared in found.policies.items():
        if compared.refusal:
            screen.print(f"{name} is not allowed: {compared.refusal}", soft_wrap=True, markup=False)


HEADINGS = ("waiting time", "std", "steps", "attempts", "raw pairs", "distillations")
"""Numbers of each policy in the table; JSON has all resources."""

TOTALS = len(HEADINGS)


def _print_differences(apart: Differences, name: str) -> None:
    screen = console()
    if not len(apart):
        screen.print(f"\n{name} acts as the optimum does, in every reachable configuration.")
        return
    problem_words = apart.one.wording
    rows = [
        (
            problem_words.configuration(row.counts),
            apart.words(row.one),
            apart.words(row.other),
            *("-" if number is None else decimals(number) for number in (row.visits_one, row.visits_other)),
            *("-" if number is None else decimals(number) for number in (row.regret, row.loss)),
        )
        for row in islice(apart.rows, SHOWN)
    ]
    headings = dict.fromkeys(("configuration", "optimal", name), "left")
    headings |= dict.fromkeys(("visits", f"visits of {name}", "regret", "loss"), "right")
    screen.print()
    screen.print(table(f"where {name} acts differently", headings, rows))
    if len(apart) > SHOWN:
        screen.print(f"{SHOWN} of {len(apart):,} configurations: --json has them all", style="dim")
