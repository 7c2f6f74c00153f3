"""From an objective to hardware: the cheapest that meets it, what more would cost, and what to improve first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.arguments import Kind
from lpdistill.errors import InfeasibleError
from lpdistill.numbers import Number, decimals
from lpdistill.planning.improvements import Improvement, as_number, improvements
from lpdistill.planning.monotone import Monotone, proved
from lpdistill.planning.objective import Objective, Quantity, require_unit
from lpdistill.planning.ranges import Place, Shelf
from lpdistill.planning.search import Found, LeftOut, Search, in_words, size_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import finite, of_unit
from lpdistill.solution.given import ProblemLike, is_policy
from lpdistill.solving import PATIENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HardwarePlan(Answer):
    """The cheapest hardware that meets an objective.

    Attributes
    ----------
    objective
        What is asked.
    shelf
        What there is to choose from.
    chosen
        The cheapest hardware that meets the objective; None if none does, where the frontier was asked for.
    looked_at
        The hardware from which improvements are seen: what was chosen, or what was named.
    frontier
        All hardware that attains more than whatever costs no more, the cheapest first; empty unless it was asked for.
    improvements
        What one more of every setting gains, best for its price first.
    tried
        All hardware that was looked at.
    left_out
        What was left out, with the bounds that leave it out.
    monotone
        The settings of which it is proved that better values are never worse.
    solved
        How many problems were solved.
    """

    _KIND = "plan"

    objective: Objective
    shelf: Shelf
    chosen: Found | None
    looked_at: Found
    frontier: tuple[Found, ...]
    improvements: tuple[Improvement, ...]
    tried: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]
    monotone: Monotone
    solved: int

    @property
    def problem(self) -> Problem:
        """The problem of the hardware that was chosen.

        Raises
        ------
        InfeasibleError
            If none meets the objective.
        """
        if self.chosen is None:
            raise InfeasibleError(f"objective: no hardware has {self.objective}", conflict=(self.objective.quantity,))
        return self.shelf.problem(self.chosen.place)

    @property
    def settings(self) -> dict[str, Fraction | int]:
        """The settings that were chosen; none if no hardware meets the objective."""
        return {} if self.chosen is None else self.shelf.settings(self.chosen.place)

    @property
    def cost(self) -> Fraction | None:
        """What the hardware costs that was chosen."""
        return None if self.chosen is None else self.chosen.cost

    @property
    def value(self) -> float | None:
        """What it attains."""
        return None if self.chosen is None else self.objective.told(self.chosen.measured.value)

    @property
    def _question(self) -> dict[str, Any]:
        """What is fixed."""
        return self.shelf.fixed

    def _lines(self) -> Iterable[tuple[str, str]]:
        unit = of_unit(self.shelf.base) if self.objective.quantity is Quantity.WAITING_TIME else ""
        yield "objective", f"{self.objective}{unit}"
        yield "ranges", "; ".join(self._range(one.name) for one in self.shelf.ranges)
        if self.chosen is None:
            yield "hardware", "none within the ranges meets it"
        else:
            yield "hardware", in_words(self.shelf, self.chosen.place)
            yield "cost", f"{float(self.chosen.cost):.9g}; nothing cheaper meets the objective"
            yield self._noun, f"{self.objective.told(self.chosen.measured.value):.9g}{unit}"
        if self.frontier:
            first, last = self.frontier[0], self.frontier[-1]
            yield (
                "frontier",
                f"{len(self.frontier)} choices, of cost {float(first.cost):g} to {float(last.cost):g}",
            )
        if self.improvements and self.improvements[0].per_price > 0:
            yield "improve", self._in_words(self.improvements[0])
        monotone = ", ".join(sorted(self.monotone.names)).replace("_", " ") or "nothing"
        proof = f"{self.solved:,} problems solved for {self.shelf.size:,} combinations; proved to help: {monotone}"
        yield "proved", proof + (" (against memories that keep for ever)" if self.monotone.keeping else "")

    @property
    def _noun(self) -> str:
        return self.objective.noun.replace("_", " ")

    def _range(self, name: str) -> str:
        one = next(each for each in self.shelf.ranges if each.name == name)
        low, high = float(min(one.values)), float(max(one.values))
        return f"{name.replace('_', ' ')} {low:g} to {high:g} ({len(one.values)})"

    def _in_words(self, one: Improvement) -> str:
        name = one.setting.replace("_", " ")
        what = (
            f"{name} at {float(one.before):g}, a little"
            if one.after is None
            else (f"{name} {float(one.before):g} -> {float(one.after):g}")
        )
        free = "for nothing" if one.cost <= 0 else f"{one.per_price:.6g} per unit of price"
        return f"{what}: gains {free}"

    def _option(self, found: Found) -> dict[str, Any]:
        """Hardware as JSON data."""
        settings = self.shelf.settings(found.place)
        return {
            "settings": {name: str(value) for name, value in settings.items()},
            "cost": str(found.cost),
            "value": finite(self.objective.told(found.measured.value)),
            "bound": finite(self.objective.told(found.measured.bound)),
        }

    def _corner(self, place: Place) -> dict[str, str]:
        return {name: str(value) for name, value in self.shelf.settings(place).items()}

    def _content(self) -> dict[str, Any]:
        return {
            "objective": self.objective.to_dict(),
            "ranges": {one.name: one.to_dict() for one in self.shelf.ranges},
            "chosen": None if self.chosen is None else self._option(self.chosen),
            "frontier": [self._option(one) for one in self.frontier],
            "improvements": {
                "at": self._corner(self.looked_at.place),
                "changes": [one.to_dict() for one in self.improvements],
            },
            "search": {
                "combinations": self.shelf.size,
                "solved": self.solved,
                "monotone": sorted(self.monotone.names),
                "left_out": [
                    {
                        "from": self._corner(tuple(first for first, _ in one.box)),
                        "to": self._corner(tuple(last for _, last in one.box)),
                        "combinations": size_of(one.box),
                        "bound": finite(self.objective.told(one.bound)),
                        "why": str(one.why),
                    }
                    for one in self.left_out
                ],
            },
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for all hardware that was looked at: its settings, its cost, what it attains, whether it was chosen."""
        front = {one.place for one in self.frontier}
        for one in sorted(self.tried, key=lambda each: (each.cost, each.place)):
            settings = self.shelf.settings(one.place)
            yield {
                **{name: as_number(value) for name, value in settings.items()},
                "cost": float(one.cost),
                self.objective.noun: self.objective.told(one.measured.value),
                "meets": one.measured.met,
                "chosen": one is self.chosen,
                "frontier": one.place in front,
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The frontier, or what was chosen."""
        rows = self.frontier or (self.looked_at,)
        names = [one.name.replace("_", " ") for one in self.shelf.ranges]
        headings = dict.fromkeys((*names, "cost", self._noun), "right")
        if self.chosen is not None:
            headings[""] = "left"
        cells = [
            (
                *(f"{float(value):g}" for value in self.shelf.settings(one.place).values()),
                f"{float(one.cost):g}",
                decimals(self.objective.told(one.measured.value)),
                *(() if self.chosen is None else ("<" if one.place == self.chosen.place else "",)),
            )
            for one in rows[:most]
        ]
        title = "cost against what is attained" if self.frontier else "hardware"
        note = f"the cheapest {most} of {len(rows)}" if most is not None and len(rows) > most else ""
        return Table(title, headings, cells, note)

    def _others(self, most: int | None) -> Iterable[Table]:
        """What should be improved."""
        rows = [
            (
                one.setting.replace("_", " "),
                f"{float(one.before):g}",
                "a little" if one.after is None else f"{float(one.after):g}",
                decimals(one.gain),
                f"{float(one.cost):g}",
                "free" if one.gain > 0 >= one.cost else decimals(one.per_price),
            )
            for one in self.improvements[:most]
        ]
        headings = dict.fromkeys(("setting", "from", "to", "gain", "cost", "gain per price"), "right")
        if rows:
            at = in_words(self.shelf, self.looked_at.place)
            note = f"from {at}; figures of a little are per unit"
            yield Table("what to improve", headings | {"setting": "left"}, rows, note)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what hardware attains against its cost: all that was looked at, the frontier, and what was chosen."""
        drawn = pictures.canvas(ax, str(self.objective))
        told = self.objective.told
        some = [one for one in self.tried if finite(one.measured.value) is not None]
        drawn.plot(
            [float(one.cost) for one in some],
            [told(one.measured.value) for one in some],
            ls="",
            marker=".",
            color=pictures.COLOURS[5],
            label="looked at",
        )
        if self.frontier:
            costs = [float(one.cost) for one in self.frontier]
            values = [told(one.measured.value) for one in self.frontier]
            drawn.step(costs, values, where="post", color=pictures.COLOURS[0], lw=1.6, label="frontier")
            drawn.plot(costs, values, ls="", marker="o", ms=4, color=pictures.COLOURS[0])
        if self.objective.quantity is not Quantity.FIDELITY or self.chosen is not None:
            drawn.axhline(float(self.objective.limit), color=pictures.INK, lw=0.9, ls=":", label="objective")
        if self.chosen is not None:
            at = float(self.chosen.cost), told(self.chosen.measured.value)
            drawn.plot(*at, ls="", marker="*", ms=13, color=pictures.COLOURS[1], label="chosen")
        drawn.set_xlabel("cost")
        drawn.set_ylabel(self._noun)
        drawn.legend(frameon=False)
        return drawn


def plan(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: ProblemLike | Mapping[str, Any],
    objective: Mapping[str, Any],
    ranges: Mapping[str, Any],
    *,
    frontier: bool = False,
    hardware: Mapping[str, Any] | None = None,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> HardwarePlan:
    r"""The cheapest hardware that meets an objective, proved; what more would cost; and what to improve first.

    The hardware is a point :math:`h` of the product of some ranges, its cost a sum of prices,

    .. math:: \min_h \sum_i c_i(h_i) \quad\text{s.t.}\quad v(h) \text{ meets the objective},

    with :math:`v(h)` what the best policy attains on it.  Where it is proved that :math:`h \le h'` implies that
    :math:`v(h')` is no worse (:doc:`planning`), the best corner of a box bounds all of it: whole boxes are left out,
    and what is found is what looking at all hardware would find.

    Parameters
    ----------
    problem
        A problem, or its settings: what does not vary.
    objective
        One of ``fidelity``, ``waiting_time`` (at most), ``window`` with ``confidence`` (at least), ``throughput`` and
        ``key_rate`` (at least, with ``protocol``); with any but ``key_rate`` a ``fidelity``, which is the target.
    ranges
        By setting, its ``values`` (or ``from``, ``to``, ``step``), and their ``price`` (of one unit) or ``prices`` (of
        each value).
    frontier
        Whether all hardware is wanted that attains more than whatever costs no more.
    hardware
        What is to be improved, a value for every range; by default, what is chosen.
    within, time_limit, progress
        As for :func:`lpdistill.solve`, for each problem.

    Raises
    ------
    ModelError
        If objective or ranges are wrong, or contradict what is fixed.
    InfeasibleError
        If no hardware within the ranges meets the objective; it says what the best attains.  (With a frontier, only
        if none attains anything.)
    LimitError
        If there are too many combinations, or a program does not fit into this machine's memory.
    NotCertifiedError
        If labels leave open whether something cheaper meets the objective.

    Examples
    --------
    >>> found = plan(
    ...     {"f0": "3/4", "target": "79/100"},
    ...     {"waiting_time": 8},
    ...     {"p": {"values": "0.3:0.9:0.1", "price": 10}, "memories": {"values": "2:5", "price": 1}},
    ... )
    >>> {name: str(value) for name, value in found.settings.items()}, str(found.cost), round(found.value, 6)
    ({'p': '1/2', 'memories': '5'}, '10', 7.738201)
    """
    wanted = Objective.of(objective, within=within, time_limit=time_limit)
    settings = isinstance(problem, Mapping) and not is_policy(problem)
    fixed = problem if settings else HARDWARE.meant(problem, "problem")
    target = Fraction(1) if wanted.quantity is Quantity.KEY_RATE else wanted.target
    shelf = Shelf.of(fixed, ranges, target)
    require_unit(wanted, objective, shelf.base)
    monotone = proved(shelf.base, [one.name for one in shelf.ranges], wanted.quantity)
    named = None if hardware is None else shelf.place(hardware)
    search = Search(shelf, wanted, monotone, progress)
    front: list[Found] = []
    if frontier:
        front = search.frontier()
        chosen = next((one for one in front if one.measured.met), None)
        if not front:
            raise search.infeasible()
    else:
        chosen = search.cheapest()
    solved, tried = search.solved, search.tried
    looked_at = search.at(named) if named is not None else chosen or front[-1]
    return HardwarePlan(
        objective=wanted,
        shelf=shelf,
        chosen=chosen,
        looked_at=looked_at,
        frontier=tuple(front),
        improvements=improvements(search, looked_at.place),
        tried=tried,
        left_out=tuple(search.left_out),
        monotone=monotone,
        solved=solved,
    )


HARDWARE: Kind[Problem] = Kind(
    "a problem, or a table of its settings", PROBLEM.accepts, PROBLEM.within, PROBLEM.instead
)
"""What is fixed."""
