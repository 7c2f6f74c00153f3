"""``lpdistill robust``: the best policy in the worst case over an interval of p."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from lpdistill import pictures
from lpdistill.analysis.robust import robust as robust_of
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, SHARED, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json
from lpdistill.cli.solve import print_policy
from lpdistill.errors import ModelError
from lpdistill.model.numbers import exact
from lpdistill.model.problem import Problem


def interval_of(text: str) -> tuple[Fraction, Fraction]:
    """The interval that ``--p LOW:HIGH`` names.

    Raises
    ------
    ModelError
        If it is not of that form.
    """
    low, colon, high = text.partition(":")
    if not colon:
        raise ModelError("--p", "must be an interval LOW:HIGH, such as 0.4:0.6", text)
    return exact(low, "--p"), exact(high, "--p")


@takes_problem(*(name for name in SHARED if name != "p"), defaults={"p": "1"})
def robust(
    problem: Problem,
    p: Annotated[
        str, Option("--p", metavar="<low:high>", help="Interval of the generation success probability, LOW:HIGH.")
    ],
    nominal: Annotated[
        str | None,
        Option("--nominal", metavar=NUMBER, help="The expected probability; the middle of the interval by default."),
    ] = None,
    everything: Annotated[bool, Option("--all", help="Show all configurations, also those never visited.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the policy that is best in the worst case over an interval of p, and prove what it guarantees."""
    low, high = interval_of(p)
    with Progress() as progress:
        expected = (low + high) / 2 if nominal is None else exact(nominal, "--nominal")
        found = robust_of(problem.replace(p=expected), (low, high), progress=progress)
        if plot is not None:
            progress("drawing")
            pictures.save(found.plot(), plot)
    if as_json:
        print_json(found.to_dict())
        return
    screen = console()
    for name, text in found.summary():
        screen.print(f"{name:<15}{text}", soft_wrap=True)
    print_policy(found.worst, everything=everything)
