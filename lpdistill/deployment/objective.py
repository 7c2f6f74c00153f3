"""What a deployment is to hold a link to, and how often its rules may be wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact
from lpdistill.planning.objective import Objective, Quantity
from lpdistill.problem.problem import Problem
from lpdistill.units import TIMES, measured

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
"""What links and namespaces may be called: labels of the domain name system, short enough to be parts of others."""

CONFIDENCE = Fraction(99, 100)
"""Share of deliveries that are to be in time, where none is given."""

FALSE_ALARMS = Fraction(1, 10)
"""False alarms in thirty days, where no number is given."""

MOST_FALSE_ALARMS = 1000
"""More false alarms in thirty days than anybody answers."""

TESTED = Fraction(1, 100)
"""Share of delivered pairs that is measured to certify fidelity, where none is given."""


TOLERANCE = Fraction(1, 100)
"""How far what is found may be from what is predicted, where nothing is said of it."""


@dataclass(frozen=True, init=False, slots=True)
class LinkObjective:
    """What a link is held to, and how often its rules may be wrong.

    Parameters
    ----------
    window, confidence
        That a delivery takes no longer than the window, with this probability; 0.99 by default, and a window in which
        the policy has half of what is left to 1.
    throughput
        That so many pairs are delivered per unit of time, by the policy that delivers most; in place of a window.
    false_alarms
        How many false alarms there may be in thirty days, of all rules together.
    tested
        The share of delivered pairs that is measured to certify fidelity.
    tolerance
        How far, as a share of them, probabilities and rates may be from what is predicted before they count as changed:
        a long stretch shows the smallest error of the numbers that the prediction was made from.

    Raises
    ------
    ModelError
        If a number is out of range, or there are both a window and a throughput.
    """

    window: Number | None
    confidence: Fraction | None
    throughput: Fraction | None
    false_alarms: Fraction
    tested: Fraction
    tolerance: Fraction

    def __init__(  # noqa: PLR0913 - what a link is held to
        self,
        window: Number | None = None,
        confidence: Number | None = None,
        *,
        throughput: Number | None = None,
        false_alarms: Number = FALSE_ALARMS,
        tested: Number = TESTED,
        tolerance: Number = TOLERANCE,
    ) -> None:
        share = None if confidence is None else exact(confidence, "confidence")
        if share is not None and not 0 < share < 1:
            raise ModelError("confidence", "must be a probability between 0 and 1, both excluded", confidence)
        rate = None if throughput is None else exact(throughput, "throughput")
        if rate is not None and rate <= 0:
            raise ModelError("throughput", "must be above 0", throughput)
        if rate is not None and (window is not None or share is not None):
            raise ModelError(
                "throughput",
                "is that of the policy that delivers most, window and confidence are of the one that is fastest to the "
                "first pair; leave out the one or the others",
                throughput,
            )
        often, drawn = exact(false_alarms, "false_alarms"), exact(tested, "tested")
        margin = exact(tolerance, "tolerance")
        if not 0 < often <= MOST_FALSE_ALARMS:
            raise ModelError(
                "false_alarms", f"must be above 0 and at most {MOST_FALSE_ALARMS} in 30 days", false_alarms
            )
        if not 0 <= drawn <= 1:
            raise ModelError("tested", "must be a share between 0 and 1", tested)
        if not 0 <= margin < 1:
            raise ModelError("tolerance", "must be a share from 0 to less than 1", tolerance)
        values: dict[str, object] = {"window": window, "confidence": share, "throughput": rate, "false_alarms": often}
        values |= {"tested": drawn, "tolerance": margin}
        for name, value in values.items():
            object.__setattr__(self, name, value)


def held_to(planned: Objective, problem: Problem, **further: Any) -> LinkObjective:
    """The objective of a plan, as what a link with the hardware that was chosen is held to.

    Parameters
    ----------
    planned
        The objective of the plan: a window with a confidence, or a throughput.
    problem
        The link.
    further
        Whatever else :class:`LinkObjective` takes.

    Raises
    ------
    ModelError
        If telemetry shows nothing that such an objective could be compared with, or it is of another target.
    """
    if planned.target is not None and planned.target != problem.target:
        remedy = f"the problem has the target {problem.target}, and must have that of the objective"
        raise ModelError("objective", remedy, str(planned.target))
    match planned.quantity:
        case Quantity.IN_TIME:
            return LinkObjective(planned.window, planned.limit, **further)
        case Quantity.THROUGHPUT:
            return LinkObjective(throughput=planned.limit, **further)
    raise ModelError("objective", "must be a window with a confidence, or a throughput", str(planned.quantity))


def link_name(name: object, where: str = "link") -> str:
    """A name that metrics, manifests and files may have.

    Raises
    ------
    ModelError
        If it is none.

    Examples
    --------
    >>> link_name("delft-hague")
    'delft-hague'
    """
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise ModelError(where, "must be at most 40 small letters, digits and hyphens, with no hyphen at an end", name)
    return name


def seconds_of(unit: Number, where: str = "unit time") -> Fraction:
    """How long a unit of time is, in seconds.

    Raises
    ------
    ModelError
        If it is no time above 0 with a unit.

    Examples
    --------
    >>> seconds_of("1ms")
    Fraction(1, 1000)
    """
    found, stated = measured(unit, where, TIMES)
    if not stated or found <= 0:
        raise ModelError(where, "must be a time above 0 with a unit, such as 1ms", unit)
    return found
