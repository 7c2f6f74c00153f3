"""``lpdistill robust``: the best policy in the worst case over an interval of p."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.errors import ModelError
from lpdistill.numbers import exact
from lpdistill.problem.problem import Problem
from lpdistill.requests.direct import expected, expecting
from lpdistill.requests.direct import robust as robust_of


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


@takes_problem(lambda setting: setting.name != "p", argument="question", builds=expecting)
def robust(
    question: tuple[Problem, bool],
    p: Annotated[
        str, Option("--p", metavar="<low:high>", help="Interval of the generation success probability, LOW:HIGH.")
    ],
    nominal: Annotated[
        str | None,
        Option(
            "--nominal",
            metavar=NUMBER,
            help="The expected probability.  [default: that of the file, if it lies within, or the middle]",
        ),
    ] = None,
    everything: Annotated[bool, Option("--all", help="Show all configurations, also those never visited.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find the policy that is best in the worst case over an interval of p, and prove what it guarantees.

    Examples
    --------
    lpdistill robust problem.toml --p 0.4:0.6
    """
    interval = interval_of(p)
    problem = expected(question, interval, nominal)
    with Progress() as progress:
        found = robust_of(problem, interval, progress=progress)
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
