"""``lpdistill check``: verify a certificate from the parameters of its problem alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from lpdistill.cli.declaration import Argument
from lpdistill.cli.options import Json
from lpdistill.cli.output import Progress, console, print_json
from lpdistill.solution.document import headed


def words(problem: Mapping[str, Any]) -> str:
    """A problem as a certificate states it: numbers exactly."""
    rules = (" ".join(str(part) for part in rule.values()).replace("_", " ") for rule in problem["rules"])
    budgets = (
        f"{name.replace('_', ' ')} {'<=' if side == 'most' else '>='} {limit}"
        for name, limits in problem["budgets"].items()
        for side, limit in limits.items()
        if side in {"most", "least"} and limit is not None
    )
    text = (
        f"p = {problem['p']}, M = {problem['memories']}, f0 = {problem['f0']} -> {problem['target']}, times "
        f"{problem['generation_time']} (generation) and {problem['distillation_time']} (distillation)"
        + (", last step free" if problem["final_step"] == "free" else "")
        + (", discarding" if problem["discarding"] else "")
    )
    return "; ".join([text, *rules, *budgets])


def check(
    certificate: Annotated[Path, Argument(help="A certificate (JSON), as solve --certificate writes it.")],
    as_json: Json = False,
) -> None:
    """Verify a certificate in exact arithmetic, trusting neither its numbers nor what made it.

    Examples
    --------
    lpdistill solve problem.toml --certificate certificate.json
    lpdistill check certificate.json
    """
    from symbolic.checking.checker import check as verify  # noqa: PLC0415 - only this command needs it
    from symbolic.exact.text import exact_text, shortened  # noqa: PLC0415

    with Progress() as progress:
        progress("checking the reduced costs of all columns")
        found = verify(certificate)
    if as_json:
        print_json(
            {
                **headed("check", found.problem),
                "valid": True,
                "waiting_time": exact_text(found.waiting_time),
                "unique": found.unique,
                "configurations": found.configurations,
                "checked_columns": found.columns,
            }
        )
        return
    screen = console()
    for name, text in (
        ("certificate", "valid"),
        ("problem", words(found.problem)),
        ("waiting time", f"{float(found.waiting_time):.12g} = {shortened(found.waiting_time)}"),
        ("optimal", "one optimal policy" if found.unique else "several optimal policies"),
        ("checked", f"{found.columns:,} columns of {found.configurations:,} configurations"),
    ):
        screen.print(f"{name:<14}{text}", soft_wrap=True)
