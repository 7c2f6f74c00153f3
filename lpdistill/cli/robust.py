"""``lpdistill robust``: the best policy in the worst case over an interval of p."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, draw, give
from lpdistill.errors import ModelError
from lpdistill.numbers import exact
from lpdistill.problem.problem import Problem
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


def expecting(settings: Mapping[str, Any]) -> tuple[Problem, bool]:
    """The problem of some settings, and whether they have a ``p``: the expected one."""
    return Problem.from_dict({"p": "1"} | dict(settings)), settings.get("p") is not None


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
    (low, high), (problem, expects) = interval_of(p), question
    expected = problem.p if expects and low <= problem.p <= high else (low + high) / 2
    expected = expected if nominal is None else exact(nominal, "--nominal")
    with Progress() as progress:
        found = robust_of(problem.replace(p=expected), (low, high), progress=progress)
        draw(found, plot, progress)
    give(found, as_json=as_json, whole=everything, rest=": --all shows them")
