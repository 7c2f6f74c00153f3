"""Watching a link: whether it does what its policy was predicted to do, and in words what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from os import PathLike
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.acceptance.claim import share as probability
from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact
from lpdistill.problem.problem import Problem
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import of_unit
from lpdistill.solution.given import POLICY, PolicyLike
from lpdistill.telemetry.checks import Check
from lpdistill.telemetry.files import of_link, read_telemetry
from lpdistill.telemetry.link import Link
from lpdistill.telemetry.look import Finding, Look
from lpdistill.telemetry.records import Record, records_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_DRIFT = Fraction(99, 100)
"""The greatest drift that power is told for."""

MAIN = {"p", "all distillations", "mean waiting time"}
"""Tests that a picture of several looks has, besides those with alarms."""


@dataclass(frozen=True, repr=False, eq=False)
class Watch(Answer):
    """What telemetry says of a link.

    Attributes
    ----------
    link
        What was planned.
    looks
        Every look: one at all records together, or one at each.
    alpha
        Probability of any alarm in all looks together if all is as predicted, at most.
    drift
        The relative change that power is told for.
    """

    _KIND = "watch"

    link: Link
    looks: tuple[Look, ...]
    alpha: Fraction
    drift: Fraction

    @property
    def alarm(self) -> bool:
        """Whether anything contradicts the prediction."""
        return any(one.alarm for one in self.looks)

    @property
    def last(self) -> Look:
        """The latest look."""
        return self.looks[-1]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What all looks have found."""
        found = dict.fromkeys(one for look in self.looks if look.alarm for one in look.findings)
        return tuple(found) or (Finding.AS_PREDICTED,)

    @property
    def _question(self) -> Problem:
        return self.link.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        told = self.last.record
        waited = 0 if told.waits is None else told.waits.count
        tried = sum(tried for tried, _ in told.distillations.values())
        name = told.link or "-"
        yield "link", f"{name}, {told.period or 'all that was reported'}"
        yield "reported", f"{told.attempts:,} attempts, {tried:,} distillations, {waited:,} deliveries"
        for text in self.last.told():
            yield "verdict", text
        cost = self.last.cost
        if cost is not None:
            unit, kept, best = of_unit(self.link.problem), *(_time(one) for one in (cost.kept, cost.best))
            planned = f"planned {cost.planned:.6g}"
            yield "costs", f"{kept}{unit} a delivery by the policy in use, {best} by a new one; {planned}"
        every = "" if len(self.looks) == 1 else f" in all {len(self.looks)} looks and those to come"
        yield "false alarms", f"with a probability of at most {float(self.alpha):g}{every}"
        earlier = [look.record.period or f"record {k}" for k, look in enumerate(self.looks, 1) if look.alarm]
        if len(self.looks) > 1:
            yield "alarms", ", ".join(earlier) or "none"

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every test of every look."""
        for look in self.looks:
            for one in look.checks:
                told = one.estimate
                yield {
                    **({"period": look.record.period} if len(self.looks) > 1 else {}),
                    "test": one.what,
                    "of": one.count,
                    "predicted": told.model,
                    "seen": told.value,
                    "lower": told.lower,
                    "upper": told.upper,
                    "p_value": one.p_value,
                    "at_most": float(one.alpha),
                    "alarm": one.alarm,
                    "power": one.power,
                }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The tests in words, those of the latest look last."""
        table = super().shown(None)
        rows = table.rows if most is None else table.rows[-most:]
        headings = {("power at the drift" if name == "power" else name): side for name, side in table.headings.items()}
        note = f"power: of an alarm if that had changed by {float(self.drift):g} of itself"
        shown = [tuple("ALARM" if cell == "True" else "-" if cell == "False" else cell for cell in row) for row in rows]
        return Table("tests", headings, shown, note)

    def _content(self) -> dict[str, Any]:
        return {
            "link": self.last.record.link,
            "alpha": float(self.alpha),
            "drift": float(self.drift),
            "alarm": self.alarm,
            "findings": [str(one) for one in self.findings],
            "looks": [look.to_dict() for look in self.looks],
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw estimates with their intervals, relative to what is predicted: all, or look by look the main ones."""
        alone = len(self.looks) == 1
        tests = [one for look in self.looks for one in look.checks]
        kinds = list(dict.fromkeys(one.what for one in tests if alone or one.what in MAIN or one.alarm))
        drawn = pictures.canvas(ax, self.link.problem, width=8.0, height=1.5 + 0.4 * len(kinds) if alone else 4.2)
        for number, kind in enumerate(kinds):
            found = [
                (place, one) for place, look in enumerate(self.looks, 1) for one in look.checks if one.what == kind
            ]
            _draw(drawn, found, (number, len(kinds)), alone=alone)
        if alone:
            drawn.axvline(1.0, color=pictures.INK, lw=0.8, ls="--")
            drawn.set_yticks(range(len(kinds)), kinds)
            drawn.set_ylim(len(kinds) - 0.5, -0.5)
            drawn.set_xlabel("seen, relative to what is predicted")
        else:
            drawn.axhline(1.0, color=pictures.INK, lw=0.8, ls="--")
            drawn.locator_params(axis="x", integer=True)
            drawn.set_xlabel("record")
            drawn.set_ylabel("seen, relative to what is predicted")
            drawn.legend(frameon=False, ncols=len(kinds), loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return drawn


def _draw(drawn: Axes, found: Sequence[tuple[int, Check]], place: tuple[int, int], *, alone: bool) -> None:
    """Draw the estimates of a quantity; filled where there is an alarm."""
    number, kinds = place
    for count, (look, one) in enumerate(found):
        told = one.estimate
        scale = told.model or 1.0
        value, low, high = (x / scale for x in (told.value, told.lower, told.upper))
        if value != value:  # noqa: PLR0124 - nothing was seen
            continue
        colour = pictures.COLOURS[number % len(pictures.COLOURS)]
        face: Any = {"color": colour, "fmt": "o", "lw": 1.2, "capsize": 2}
        face["markerfacecolor"] = colour if one.alarm else "white"
        reach = [[max(value - low, 0.0)], [max(high - value, 0.0)]]
        if alone:
            drawn.errorbar([value], [number], xerr=reach, **face)
        else:
            shift = 0.5 * ((number + 0.5) / kinds - 0.5)
            drawn.errorbar([look + shift], [value], yerr=reach, label=one.what if not count else None, **face)


def _time(time: float | None) -> str:
    """A time in words."""
    return "never ends" if time is None else f"{time:.6g}"


def watch(  # noqa: PLR0913 - what was planned, what was reported, and how it is asked
    policy: PolicyLike | Link,
    telemetry: str | PathLike[str] | Sequence[Record],
    *,
    alpha: Number = 0.01,
    drift: Number = 0.1,
    each: bool = False,
    link: str | None = None,
) -> Watch:
    r"""Whether a link does what its policy was predicted to do, with a stated rate of false alarms.

    Attempts and distillations are tested by binomial tails, waiting times by the exact law of their sum and by how many
    were longer than predicted quantiles; :math:`\alpha` is split among the tests (:mod:`lpdistill.telemetry.checks`).

    Parameters
    ----------
    policy
        The policy in use, with its problem: a policy, a solution, or a :class:`~lpdistill.telemetry.link.Link`.
    telemetry
        A file (:func:`~lpdistill.read_telemetry`), or records.
    alpha
        Probability of any alarm if all is as predicted, at most, in (0, 1).
    drift
        A relative change in (0, 1): the power of every test is told for it.
    each
        Whether every record is a look of its own, instead of all together.  The k-th look has
        :math:`\alpha / (k (k + 1))`, so that all looks together, and those to come, have :math:`\alpha`.
    link
        Whose records; needed where a file has several links.

    Raises
    ------
    ModelError
        If there is nothing to test, or an argument is out of its range.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> policy = solve(Problem("1/2", 2, "3/4", "31/40")).policy
    >>> [str(one) for one in watch(policy, [Record(attempts=5000, successes=2210)]).findings]
    ['p has fallen']
    """
    about = policy if isinstance(policy, Link) else Link.of(POLICY.meant(policy, "policy"))
    rate, change = probability(alpha, "alpha"), exact(drift, "drift")
    if not 0 < change <= LARGEST_DRIFT:
        raise ModelError("drift", f"must be a relative change above 0 and at most {float(LARGEST_DRIFT):g}", drift)
    if isinstance(telemetry, str | PathLike):
        records = read_telemetry(telemetry, link)
    else:
        records = of_link(records_of(telemetry), link)
    if each:
        looks = tuple(
            Look.of(about, one, rate / (place * (place + 1)), change) for place, one in enumerate(records, start=1)
        )
    else:
        looks = (Look.of(about, reduce(add, records), rate, change),)
    return Watch(about, looks, rate, change)
