"""The answer to how much the steady state earns: a rate with its proof, what is delivered to whom, and the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.numbers import decimals
from lpdistill.physics.capped import AtLeast
from lpdistill.problem.problem import Problem
from lpdistill.process.resources import RESOURCES
from lpdistill.program.budgeted import BudgetUse
from lpdistill.rates.bracket import Bracketed
from lpdistill.rates.fairness import Balance, geometric_mean
from lpdistill.rates.law import Law, law
from lpdistill.rates.models import Earning
from lpdistill.rates.parts import Delivered, FirstDelivery, RateRow, Served, cells_of, kept
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.policy import Decision
from lpdistill.solution.policy_picture import ROWS, draw_rows, require_drawable, row_of
from lpdistill.solution.resources import Expected, in_words
from lpdistill.solution.solution import Status
from lpdistill.solution.tables import Key
from lpdistill.solution.wording import Words, outwards, words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AIMS = frozenset({"target", "final_step"})
"""Settings that have no meaning where every pair may be delivered."""

RARE = 1e-12
"""Share of all that is delivered that is rounding."""


def aimless(problem: Problem) -> dict[str, Any]:
    """What is known of a problem that has no target."""
    return {name: told for name, told in problem.to_dict().items() if name not in AIMS}


def aimless_in_words(problem: Problem) -> str:
    """The same in one line."""
    return str(problem).replace(f" -> {float(problem.target):g}", "", 1)


@dataclass(frozen=True, repr=False, eq=False)
class Rate(Answer):
    """The greatest rate of a steady state, with the policy that attains it.

    Attributes
    ----------
    problem
        What was asked.
    earning
        What is earned.
    found
        The optimum, on labels where there are infinitely many levels.
    uses
        What came of each budget, per unit of time.
    seconds
        Wall-clock time that it took.
    first
        What the policy earns that is fastest to the first pair, where that was asked.
    balance
        The rates of users whose sum of logarithms is greatest, where that was asked.
    """

    unit: ClassVar[str] = "pairs"

    problem: Problem
    earning: Earning
    found: Bracketed
    uses: tuple[BudgetUse, ...]
    seconds: float
    first: FirstDelivery | None = None
    balance: Balance | None = None

    @property
    def gain(self) -> float:
        """What the policy earns per unit of time; of users, what counts: the sum, least or geometric mean of rates."""
        if self.balance is not None:
            return float(np.clip(self.balance.mean, self.lower_bound, max(self.lower_bound, self.upper_bound)))
        nothing = self.lower_bound <= 0 <= self.upper_bound and self.status is Status.OPTIMAL
        return 0.0 if nothing else self.found.model.optimum.gain or 0.0

    @property
    def lower_bound(self) -> float:
        """The policy earns no less: proved, rounding included."""
        return self.found.lower if self.balance is None else geometric_mean(self.found.model.optimum.assured)

    @property
    def upper_bound(self) -> float:
        """No policy (within the budgets) earns more: proved over all columns, rounding included."""
        if self.balance is not None:
            return self.balance.most
        return max(self.found.upper, self.found.lower)

    @property
    def status(self) -> Status:
        """Whether the bounds are as close as rounding lets them be."""
        optimum = replace(self.found.model.optimum, lower=self.lower_bound, upper=self.upper_bound)
        return Status.OPTIMAL if optimum.firm else Status.BRACKETED

    @property
    def budgets(self) -> dict[str, BudgetUse]:
        """What came of each budget, by the name of its resource."""
        return {use.budget.name: use for use in self.uses}

    @cached_property
    def use(self) -> Expected:
        """What is used of every resource per unit of time."""
        return Expected({name: self._used(resource) for name, resource in RESOURCES.items()})

    def _used(self, resource: Any) -> float:
        optimum = self.found.model.optimum
        return float(optimum.process.amounts(resource, optimum.columns) @ optimum.rates)

    @cached_property
    def delivered(self) -> tuple[Delivered, ...]:
        """What is delivered: pairs by their fidelity, the lowest first."""
        worth, rates = self.earning.worth, dict[Fraction, float]()
        above = {level.fidelity for level in self.found.model.problem.levels if isinstance(level.state, AtLeast)}
        for fidelity, rate in self._deliveries():
            rates[fidelity] = rates.get(fidelity, 0.0) + rate
        return tuple(
            Delivered(fidelity, rate, 1.0 if worth is None else worth.at(fidelity, ""), fidelity in above)
            for fidelity, rate in sorted(rates.items())
            if rate > RARE * sum(rates.values())
        )

    def _deliveries(self) -> Iterator[tuple[Fraction, float]]:
        """Fidelities with rates at which some pairs of them are delivered."""
        optimum, levels = self.found.model.optimum, self.found.model.problem.levels
        numbering = optimum.process.kernel.numbering
        what, rates = numbering.describe(optimum.columns), optimum.rates
        removed = np.bincount(what.discard + 1, rates, minlength=len(levels) + 1)[1:]
        if self._chosen:
            yield from ((level.fidelity, float(removed[level.index])) for level in levels if removed[level.index] > 0)
            return
        if levels.raw is None:
            yield self.problem.f0, self._used(RESOURCES["raw_pairs"])
        known = {level.state for level in levels}
        often = rates @ what.counts
        for recipe, times in zip(numbering.matchings.recipes, often.tolist(), strict=True):
            for chance, state in levels.combinations[recipe.consumed].outcomes if times > 0 else ():
                if state not in known:
                    yield state.fidelity, times * float(chance)

    @property
    def _chosen(self) -> bool:
        """Whether delivering is a decision."""
        return self.earning.delivery.chosen

    @cached_property
    def tenants(self) -> dict[str, Served]:
        """What each user has, by its name."""
        answer = self.found.model.optimum.found
        claims = None if answer is None else answer.claims
        if claims is None:
            return {}
        # What a claim costs all that counts is what the others lose, less what the user gains itself.
        price = np.where(claims.price > 0, -claims.price - (0.0 if self.earning.even else claims.weight), 0.0)
        return {
            user.name: Served(user.target, user.share, float(claims.served[place]), float(price[place]))
            for place, user in enumerate(self.earning.users)
        }

    @cached_property
    def law(self) -> Law:
        """How what is delivered spreads over time; of labels, where these stand for pairs."""
        return law(self.problem, self.earning, self.found.model)

    @property
    def wording(self) -> Words:
        """Words for configurations and actions."""
        return words_of(self.found.model.process)

    @cached_property
    def _visits(self) -> FloatArray:
        found = np.zeros(self.found.model.process.size)
        optimum = self.found.model.optimum
        found[optimum.policy.choice.configuration] = optimum.evaluation.visits
        return found

    @cached_property
    def _times(self) -> FloatArray:
        found = np.zeros(self.found.model.process.size)
        policy = self.found.model.optimum.policy
        found[policy.choice.configuration] = policy.times
        return found

    @property
    def randomised(self) -> tuple[Key, ...]:
        """Configurations in which the policy randomises."""
        return tuple(row.counts for row in self.rows() if len(row.decisions) > 1)

    def rows(self, *, visited: bool = False) -> Iterator[RateRow]:
        """The policy, configuration by configuration, or only where it comes for ever, most time first."""
        optimum, process = self.found.model.optimum, self.found.model.process
        owner = process.choose(optimum.columns).configuration
        starts = np.searchsorted(owner, np.arange(process.size + 1))
        actions, share = process.names.actions(optimum.columns), self._visits * self._times
        order = np.arange(process.size)
        if visited:
            order = np.lexsort((-self._visits, -share))[: np.count_nonzero(self._visits)]
        values = self.found.model.values
        for rank in order.tolist():
            uses = range(starts[rank], starts[rank + 1])
            decisions = tuple(Decision(actions[use], float(optimum.probability[use])) for use in uses)
            value = float(values[0] - values[rank])
            yield RateRow(process.names.key(rank), value, float(self._visits[rank]), float(share[rank]), decisions)

    @property
    def _question(self) -> Problem:
        return self.problem

    def _content(self) -> Mapping[str, Any]:
        optimum, process = self.found.model.optimum, self.found.model.process
        levels = self.found.model.problem.levels
        return {
            "status": str(self.status),
            "gain": self.gain,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            **self._more(),
            "delivered": [one.to_dict() for one in self.delivered],
            "use": self.use.to_dict(),
            "budgets": {name: use.to_dict() for name, use in self.budgets.items()},
            "tenants": {name: served.to_dict() for name, served in self.tenants.items()},
            "program": {
                "configurations": process.size,
                "columns": process.column_count,
                "rounds": optimum.rounds,
                "seconds": round(self.seconds, 6),
            },
            "levels": [level.stated() for level in levels],
            "policy": [row.to_dict() for row in self.rows()],
            **({"refinement": self.found.labelling.to_dict()} if self.found.labelling else {}),
        }

    def _more(self) -> Mapping[str, Any]:
        """What the document says of this kind of rate."""
        return {}

    def _cells(self) -> Iterable[Mapping[str, Any]]:
        """A row for every configuration and decision."""
        return cells_of(self.rows(), self.wording, "value", "visits", "share")

    def shown(self, most: int | None = SHOWN) -> Table:
        """What to do in so many configurations that the policy comes to for ever, most time first; or in all."""
        words, several = self.wording, bool(self.randomised)
        rows = [
            (
                words.configuration(row.counts),
                *words.action(decision.action),
                *([f"{decision.probability:.4f}"] if several else []),
                decimals(row.value),
                decimals(row.visits),
                f"{100 * row.share:.2f} %",
            )
            for row in islice(self.rows(visited=most is not None), most)
            for decision in row.decisions
        ]
        headings = dict.fromkeys(("configuration", *words.headings), "left")
        numbers = [*(["probability"] if several else []), "worth more", "visits", "of the time"]
        count, visited = self.found.model.process.size, int(np.count_nonzero(self._visits))
        shown = visited if most is None else min(most, visited)
        note = f"{shown:,} of {visited:,} configurations that are visited for ever; {count:,} in all"
        return Table("policy", headings | dict.fromkeys(numbers, "right"), rows, "" if most is None else note)

    def plot(self, ax: Axes | None = None, *, most: int = ROWS) -> Axes:
        """Draw the policy where it comes for ever, most time first, as :meth:`lpdistill.Policy.plot`.

        Raises
        ------
        ModelError
            If matplotlib is not installed.
        LimitError
            If there are more memories than can be told apart.
        """
        problem = require_drawable(self.found.model.problem)
        rows = [
            row_of(problem, row.counts, decision, first=place == 0, value=row.value, visits=row.visits)
            for row in islice(self.rows(visited=True), most)
            for place, decision in enumerate(row.decisions)
        ]
        visited = int(np.count_nonzero(self._visits))
        shown = f"{min(most, visited)} of {visited} configurations visited for ever"
        note = f"{self.gain:.6g} {self.unit} {self._per}; {shown}"
        return draw_rows(problem, rows, (self._told_problem, note), ax, value="worth more")

    @property
    def _told_problem(self) -> str:
        """The problem in one line."""
        return str(self.problem)

    def _lines(self) -> Iterable[tuple[str, str]]:
        optimum, process = self.found.model.optimum, self.found.model.process
        yield "gain", f"{self.gain:.12g} {self.unit} {self._per}{self._counted} ({self.status})"
        yield "proved", "between {} and {}".format(*outwards(self.lower_bound, self.upper_bound))
        yield from self._beside()
        yield "delivered", "; ".join(self._told(one) for one in self.delivered) or "nothing"
        for name, served in self.tenants.items():
            binds = f"; one more would cost the others {-served.price:.6g}" if served.price else ""
            claim = f", at least {float(served.share):g} asked" if served.share else ""
            yield f"tenant {name}", f"{served.rate:.9g} of at least {float(served.target):g}{claim}{binds}"
        for use in self.uses:
            yield "budget", kept(use, self.unit)
        if self.found.labelling is not None:
            yield "labels", str(self.found.labelling)
        yield "use", f"{in_words(self.use)} {self._per}"
        size = f"{process.size:,} configurations, {process.column_count:,} columns"
        yield "program", f"{size}; all columns priced {optimum.rounds} times, {self.seconds:.3f} s"

    @property
    def _per(self) -> str:
        """The unit of rates, in words."""
        return "per unit of time" if self.problem.hardware.unit is None else f"per {self.problem.hardware.unit}"

    @property
    def _counted(self) -> str:
        """What counts of what users have, in words."""
        if self.balance is not None:
            return f", geometric mean over tenants (sum of logarithms {self.balance.value:.9g})"
        return ", the least of all tenants" if self.earning.even else ", all tenants together" if self.tenants else ""

    def _beside(self) -> Iterable[tuple[str, str]]:
        """Lines about this kind of rate."""
        return ()

    def _told(self, one: Delivered) -> str:
        """What is delivered of a fidelity, in words."""
        return f"{one.rate:.9g} of fidelity {float(one.fidelity):.9g}{' or more' if one.or_more else ''}"


class Throughput(Rate):
    """Pairs per unit of time, where the other memories go on as they are when a pair is delivered."""

    _KIND = "throughput"

    def _more(self) -> Mapping[str, Any]:
        if self.first is None:
            return {}
        return {"first_delivery_rate": self.first.rate, "first_delivery_run_on": self.first.run_on}

    def _beside(self) -> Iterable[tuple[str, str]]:
        if self.first is not None:
            run_on = "" if self.first.run_on is None else f"; {self.first.run_on:.9g} if it keeps what is left"
            yield "first pair", f"the policy that is fastest to one pair earns {self.first.rate:.9g}{run_on}"


class KeyRate(Rate):
    """Worth per unit of time: secret key, or what the user says a pair is worth."""

    _KIND = "keyrate"
    unit = "bits of key"

    @property
    def _question(self) -> Mapping[str, Any]:  # type: ignore[override]  # what is known of the problem: it has no target
        return aimless(self.problem)

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "problem", self._told_problem
        yield from super()._lines()

    @property
    def _told_problem(self) -> str:
        return aimless_in_words(self.problem)

    def _more(self) -> Mapping[str, Any]:
        assert self.earning.worth is not None  # noqa: S101 - made with it
        return {"protocol": self.earning.worth.name, "cost": str(self.earning.cost)}

    def _told(self, one: Delivered) -> str:
        return f"{super()._told(one)} (worth {one.worth:.6g})"
