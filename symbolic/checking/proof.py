r"""The proof of an optimum, checked in integers.

It holds if, in exact arithmetic,

1. every configuration has one value, and :math:`V(s) \le c(s,a) + \sum_{s'} P(s'|s,a) V(s')` for every action;
2. the policy's actions satisfy this with equality, lead only to configurations with exact values, and reach the target;
3. the listed optimal actions are those with equality, and the waiting time is the value of empty memories.

By 1, no policy is faster than ``V``; by 2, the policy attains it; by 3, nothing else is claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, chain, combinations_with_replacement
from math import comb, lcm
from operator import mul
from typing import Any, NamedTuple

from lpdistill.errors import LimitError, ModelError
from symbolic.checking.budgets import Act, Charges, Occupation, balanced, budgets_of, independent
from symbolic.checking.covering import Cover
from symbolic.checking.graph import closure, stays_and_reaches, surely_reaching
from symbolic.checking.model import Hardware, Pairs, demand, number

MOST_CHECKED = 20_000_000
"""Columns up to which each is gone through, where that must be: some minutes."""

MOST_OPERATIONS = 200_000_000
"""Operations up to which all columns are bounded: some minutes."""


WAITING: Act = (), 0, ()


class Block(NamedTuple):
    """The columns of one matching with a number of attempts, on some configurations left alone.

    ``outcomes`` are what the distillations make short of the target, with probabilities times ``scale``.
    """

    act: Act
    consumed: int
    outcomes: dict[int, int]
    scale: int
    rests: list[int]


class Size(NamedTuple):
    """Configurations and columns of a program, and columns that needed all digits."""

    configurations: int
    columns: int
    exact_columns: int


class Optimum(NamedTuple):
    """What has been proved of an optimum, and what optimal policies do where runs come."""

    waiting_time: Fraction
    unique: bool
    actions: frozenset[Act]
    size: Size


@dataclass(frozen=True)
class Proof:
    """A proof, taken apart.  Configurations are numbers whose digits to the base ``M + 1`` are their counts."""

    document: dict[str, Any]
    hardware: Hardware
    levels: int
    values: dict[int, Fraction]
    exact: dict[int, tuple[Act, frozenset[Act]]]
    common: int
    charges: Charges

    @staticmethod
    def of(document: dict[str, Any], hardware: Hardware) -> Proof:
        """What a certificate says, of some hardware."""
        levels, memories = hardware.levels, hardware.memories
        rows = [*document["exact"], *document["bounds"]]
        values: dict[int, Fraction] = {}
        for row in rows:
            counts = row["counts"]
            proper = len(counts) == levels and all(type(n) is int and n >= 0 for n in counts)
            demand(proper and sum(counts) <= memories, f"there is no configuration {counts}")
            values[code_of(counts, memories)] = number(row["value"])
        demand(len(values) == len(rows), "a configuration occurs twice")
        exact = {
            code_of(row["counts"], memories): (act_of(row["action"]), frozenset(map(act_of, row["optimal"])))
            for row in document["exact"]
        }
        common = lcm(*(value.denominator for value in values.values()))
        charges = Charges(hardware, budgets_of(document))
        return Proof(document, hardware, levels, values, exact, common, charges)

    def checked(self) -> Optimum:
        """Check every claim."""
        given = self.document
        columns = self._column_count()
        tight, undecided = self._columns()
        demand(given["checked_columns"] == columns, f"the program has {columns:,} columns")
        demand(0 in self.exact, "the value of empty memories is not exact")
        for code, (act, optimal) in self.exact.items():
            counts = self.hardware.counts(code)
            demand(act in tight[code], f"the policy's action in {counts} does not attain the value")
            demand(optimal == tight[code], f"other actions are optimal in {counts} than those listed")
        policy = {code: [self._leads(code, act)] for code, (act, _) in self.exact.items()}
        demand(stays_and_reaches(policy), "the policy leaves the exact values, or never reaches the target")
        last = self.hardware.times[1] if self.levels else self.hardware.times[0]
        time = self._within_budgets() if self.charges.budgets else self.values[0]
        waiting = time - (last if self.hardware.free else 0)
        demand(waiting == number(given["waiting_time"]), "the waiting time is not the value of empty memories")
        visited = {code for code, _ in self._occupation} if self.charges.budgets else closure(policy, 0)
        unique = self._unique() if self.charges.budgets else all(len(self.exact[code][1]) == 1 for code in visited)
        demand(given["unique"] is unique, f"the optimal policy is {'' if unique else 'not '}unique")
        actions = frozenset(act for code in visited for act in self.exact[code][1])
        return Optimum(waiting, unique, actions, Size(len(self.values), columns, undecided))

    @cached_property
    def _occupation(self) -> Occupation:
        """How often the policy within budgets takes which action."""
        memories = self.hardware.memories
        found: Occupation = {}
        for row in self.document["occupation"]:
            for entry in row["actions"]:
                found[code_of(row["counts"], memories), act_of(entry)] = number(entry["times"])
        return found

    def _within_budgets(self) -> Fraction:
        """The time of the policy within budgets, which is proved to be a policy, to keep within them, and optimal."""
        budgets, visited, counts = self.charges.budgets, self._occupation, self.hardware.counts
        policy: dict[int, list[list[int | None]]] = defaultdict(list)
        for (code, act), times in visited.items():
            where = f"{act} in {counts(code)}"
            demand(code in self.exact and act in self.exact[code][1], f"{where} is not optimal")
            demand(times >= 0, f"{where} is taken less often than never")
            policy[code].append(self._leads(code, act))
        demand(0 in policy and stays_and_reaches(policy), "the policy within budgets never reaches the target")
        moves = {(code, act): self._moves(code, act) for code, act in visited}
        demand(balanced(visited, moves), "the visits of the policy within budgets do not balance")
        granted = Fraction(0)
        for name, budget in budgets.items():
            used = sum(x * self.charges.amount(name, counts(code), act) for (code, act), x in visited.items())
            demand(used == budget.used, f"the policy uses another amount of {name}")
            demand(budget.kept, f"the policy does not keep within the budget of {name}")
            demand(budget.worth is not None, f"the price of {name} has the wrong sign")
            granted += budget.worth or 0
        time = sum((x * self.hardware.duration(a[0], a[2]) for (_, a), x in visited.items()), Fraction(0))
        demand(time == self.values[0] + granted, "the policy within budgets takes longer than the prices prove")
        return time

    def _unique(self) -> bool:
        """Whether the optimal actions where runs within budgets come determine how often they are taken."""
        priced = [name for name, budget in self.charges.budgets.items() if budget.price]
        columns = [(code, act) for code in {code for code, _ in self._occupation} for act in self.exact[code][1]]
        visited = {code for code, _ in self._occupation}
        if len(columns) != len(visited) + len(priced):
            return False
        rows = []
        for code, act in columns:
            row: dict[Any, Fraction] = defaultdict(Fraction)
            row[code] += 1
            for after, chance in self._moves(code, act).items():
                if after is not None:
                    row[after] -= chance
            for name in priced:
                row[name] += self.charges.amount(name, self.hardware.counts(code), act)
            rows.append(row)
        return independent(rows)

    @cached_property
    def _raw(self) -> int:
        """The number of the configuration that holds one raw pair."""
        return self.hardware.code([self.hardware.raw])

    @cached_property
    def _by_size(self) -> list[list[int]]:
        """All configurations by number of stored pairs, live or not."""
        memories = self.hardware.memories
        powers = [(memories + 1) ** level for level in range(self.levels)]
        return [list(map(sum, combinations_with_replacement(powers, stored))) for stored in range(memories + 1)]

    @cached_property
    def _cover(self) -> Cover:
        """Bounds on all columns."""
        return Cover(self.hardware, self.charges, self._by_size, self.values)

    def _column_count(self) -> int:
        """The number of columns; the configurations with a value must be those that can reach the target for sure."""
        every = sum(map(len, self._by_size))
        if len(self.values) == every:
            return self._cover.columns + sum(1 for _ in self._discards())
        moves, columns = set(), 0
        for state, leads in self._possible():
            moves.add((state, leads))
            columns += state in self.values and all(code is None or code in self.values for code in leads)
        live = surely_reaching(moves)
        demand(
            live == set(self.values),
            f"it has {len(self.values):,} configurations, the problem {every:,}, {len(live):,} of them not dead ends",
        )
        return columns

    def _blocks(self) -> Iterator[Block]:
        """Everything that the rules allow, a number of attempts and of stored pairs at a time; discards apart."""
        hardware, columns = self.hardware, 0
        for distilled, consumed, outcomes, scale in hardware.matchings():
            left = hardware.memories - sum(map(len, distilled))
            for stored in range(left + 1):
                for g in hardware.attempts(left - stored, len(distilled)):
                    columns += len(self._by_size[stored])
                    yield Block((distilled, g, ()), consumed, outcomes, scale, self._by_size[stored])
            if columns > MOST_CHECKED:
                raise LimitError("certificate: the program has too many columns to check", size={"columns": columns})

    def _possible(self) -> Iterator[tuple[int, frozenset[int | None]]]:
        """Every configuration, and where each of its actions may lead."""
        for (_, g, _), consumed, outcomes, scale, rests in self._blocks():
            made = [u + j * self._raw for u in outcomes for j in (self.hardware.successes(g) if self.levels else (0,))]
            done = sum(outcomes.values()) < scale or (g > 0 and not self.levels)
            for rest in rests:
                yield rest + consumed, frozenset([*(rest + u for u in made), *([None] if done else [])])
        yield from ((state, frozenset([rest])) for state, _, rest in self._discards())

    def _discards(self) -> Iterator[tuple[int, Act, int]]:
        """Every discard: the configuration, the action and what is left."""
        base = self.hardware.memories + 1
        for rest in (code for size in self._by_size[:-1] for code in size) if self.hardware.discarding else ():
            for level in range(self.levels):
                yield rest + base**level, ((), 0, (level,)), rest

    def _columns(self) -> tuple[dict[int, set[Act]], int]:
        """Check every column; return which are tight, and how many needed all digits."""
        close = [(state, act) for state, act in self._undecided() if self._stays(state, act)]
        tight: dict[int, set[Act]] = defaultdict(set)
        for state, act in close:
            if self._slack(state, act) == 0 and (self.charges.priced or act != WAITING):
                tight[state].add(act)
        return tight, len(close)

    def _stays(self, state: int, act: Act) -> bool:
        """Whether a column is one of the program: neither a dead end nor leading to one."""
        return state in self.values and all(code is None or code in self.values for code in self._leads(state, act))

    def _undecided(self) -> Iterator[tuple[int, Act]]:
        """All columns but for those that are proved at once not to be tight."""
        yield from ((state, act) for state, act, _ in self._discards())
        if self._cover.operations > MOST_OPERATIONS:
            size = {"columns": self._cover.columns, "operations": self._cover.operations}
            raise LimitError("certificate: the program has too many columns to check", size=size)
        yield from self._cover.undecided()

    def _made(self, distilled: tuple[Pairs, ...], attempts: int) -> tuple[dict[int | None, int], int]:
        """What distillations and attempts make, None for the target, with probabilities times the scale returned."""
        found, whole = {0: 1}, 1
        for pairs in distilled:
            short, scale = self.hardware.weights[pairs]
            grown: dict[int, int] = defaultdict(int)
            for made, weight in found.items():
                for code, odds in short:
                    grown[made + code] += weight * odds
            found, whole = grown, whole * scale
        p, lost = self.hardware.p, self.hardware.p.denominator - self.hardware.p.numerator
        ends: dict[int | None, int] = defaultdict(int)
        for j in range(attempts + 1) if self.levels else [0]:
            odds = comb(attempts, j) * p.numerator**j * lost ** (attempts - j)
            for made, weight in found.items() if odds else ():
                ends[made + j * self._raw] += weight * odds
        whole *= p.denominator**attempts
        done = whole - sum(ends.values())
        if done:
            ends[None] = done
        return ends, whole

    @cached_property
    def _known(self) -> dict[tuple[int, Act], tuple[dict[int | None, int], int]]:
        return {}

    def _weighed(self, state: int, act: Act) -> tuple[dict[int | None, int], int]:
        """Everything that an action leads to, None for the target, with probabilities times the scale returned."""
        if (state, act) not in self._known:
            made, whole = self._made(act[0], act[1])
            rest = state - self.hardware.code(level for pairs in (*act[0], act[2]) for level in pairs)
            moved = {None if code is None else rest + code: weight for code, weight in made.items()}
            self._known[state, act] = moved, whole
        return self._known[state, act]

    def _moves(self, state: int, act: Act) -> dict[int | None, Fraction]:
        """Probability of everything that an action leads to."""
        moves, whole = self._weighed(state, act)
        return {code: Fraction(weight, whole) for code, weight in moves.items()}

    def _leads(self, state: int, act: Act) -> list[int | None]:
        """Where an action may lead."""
        return list(self._weighed(state, act)[0])

    def _slack(self, state: int, act: Act) -> int:
        """Reduced cost of a column in all digits, times a positive number; demanded not to be negative."""
        moves, whole = self._weighed(state, act)
        gained = sum(weight * self._scaled[code] for code, weight in moves.items() if code is not None)
        charge = self.charges.exactly(self.hardware.counts(state), act)
        change = gained - whole * self._scaled[state]
        slack = change * charge.denominator + charge.numerator * whole * self.common
        demand(slack >= 0, f"the value of {self.hardware.counts(state)} is above that of action {act}")
        return slack

    @cached_property
    def _scaled(self) -> dict[int, int]:
        """All values in units of one over the common denominator."""
        return {code: value.numerator * (self.common // value.denominator) for code, value in self.values.items()}


def code_of(counts: list[int], memories: int) -> int:
    """The number of a configuration."""
    powers = accumulate([memories + 1] * (len(counts) - 1), mul, initial=1)
    return sum(map(mul, counts, powers))


def act_of(stated: dict[str, Any]) -> Act:
    """An action as a certificate states it."""
    attempts, discarded = stated["generate"], tuple(stated.get("discard", ()))
    pairs = tuple(sorted(map(tuple, stated["distil"])))
    if any(type(number) is not int for number in (attempts, *discarded, *chain(*pairs))):
        raise ModelError("certificate", "has an action whose numbers are not whole", stated)
    if set(stated) - {"generate", "distil", "discard", "times", "rate"}:
        raise ModelError("certificate", "has an action that does what this checker does not know", stated)
    return pairs, attempts, discarded
