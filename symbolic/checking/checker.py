r"""A checker of certificates that trusts nothing but Python's integers.

It shares no code with whatever made the certificate: fidelity levels, configurations, actions and their outcomes are
worked out again from the parameters of the problem.  A certificate is accepted if, in exact arithmetic,

1. every configuration has one value, and :math:`V(s) \le c(s,a) + \sum_{s'} P(s'|s,a) V(s')` for every action;
2. the policy's actions satisfy this with equality, lead only to configurations with exact values, and reach the target;
3. the listed optimal actions are those with equality, and the waiting time is the value of empty memories.

By 1, no policy is faster than ``V``; by 2, the policy attains it; by 3, nothing else is claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, product
from math import floor, lcm
from operator import mul
from os import PathLike
from typing import Any, NamedTuple

from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from symbolic.checking.budgets import Act, Charges, Occupation, balanced, budgets_of, independent
from symbolic.checking.graph import closure, stays_and_reaches, surely_reaching
from symbolic.checking.model import Hardware, Outcome, Written, document_of, number

MOST_CHECKED = 20_000_000
SHIFT = 96
"""Binary digits of the rounded values with which clear cases are decided."""


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


class Proved(NamedTuple):
    """What a certificate has been found to prove: :class:`symbolic.Checked` says what each of it is."""

    waiting_time: Fraction
    unique: bool
    configurations: int
    columns: int
    exact_columns: int
    problem: Mapping[str, Any]


def check(certificate: str | PathLike[str] | dict[str, Any] | Written) -> Proved:
    """Verify a certificate from the parameters of its problem alone.

    Parameters
    ----------
    certificate
        A file, a :class:`symbolic.Certificate`, or what its ``to_dict`` returns.

    Raises
    ------
    ModelError
        If it is no certificate, or of a problem that this checker does not know.
    NotCertifiedError
        If it claims something that is not so.
    LimitError
        If the program is too large to be checked.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> from symbolic import certify
    >>> claims = certify(solve(Problem("9/10", 3, "3/4", "79/100"))).to_dict()
    >>> check(claims).waiting_time
    Fraction(2595250028, 309269159)
    >>> claims["waiting_time"] = claims["waiting_time"].replace("8/", "9/")
    >>> check(claims)
    Traceback (most recent call last):
        ...
    lpdistill.errors.NotCertifiedError: the certificate is wrong: the waiting time is not the value of empty memories
    """
    document = document_of(certificate)
    try:
        return _Proof.of(document).checked()
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, ZeroDivisionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("certificate", f"does not have the form of one: {error!r}", None) from None


def _demand(condition: object, claim: str) -> None:
    """Reject the certificate unless a condition holds."""
    if not condition:
        raise NotCertifiedError(f"the certificate is wrong: {claim}")


@dataclass(frozen=True)
class _Proof:
    """A certificate, taken apart.  Configurations are numbers whose digits to the base ``M + 1`` are their counts."""

    document: dict[str, Any]
    hardware: Hardware
    levels: int
    values: dict[int, Fraction]
    exact: dict[int, tuple[Act, frozenset[Act]]]
    common: int
    charges: Charges

    @staticmethod
    def of(document: dict[str, Any]) -> _Proof:
        hardware = Hardware.of(document["problem"])
        levels, memories = hardware.levels, hardware.memories
        rows = [*document["exact"], *document["bounds"]]
        values: dict[int, Fraction] = {}
        for row in rows:
            counts = row["counts"]
            proper = len(counts) == levels and all(type(n) is int and n >= 0 for n in counts)
            _demand(proper and sum(counts) <= memories, f"there is no configuration {counts}")
            values[_code(counts, memories)] = number(row["value"])
        _demand(len(values) == len(rows), "a configuration occurs twice")
        exact = {
            _code(row["counts"], memories): (_act(row["action"]), frozenset(map(_act, row["optimal"])))
            for row in document["exact"]
        }
        common = lcm(*(value.denominator for value in values.values()))
        charges = Charges(hardware, budgets_of(document))
        return _Proof(document, hardware, levels, values, exact, common, charges)

    def checked(self) -> Proved:
        """Check every claim."""
        given = self.document
        self._only_dead_are_left_out()
        tight, columns, undecided = self._columns()
        _demand(given["checked_columns"] == columns, f"the program has {columns:,} columns")
        _demand(0 in self.exact, "the value of empty memories is not exact")
        for code, (act, optimal) in self.exact.items():
            _demand(act in tight[code], f"the policy's action in {self._counts(code)} does not attain the value")
            _demand(optimal == tight[code], f"other actions are optimal in {self._counts(code)} than those listed")
        policy = {code: [self._leads(code, act)] for code, (act, _) in self.exact.items()}
        _demand(stays_and_reaches(policy), "the policy leaves the exact values, or never reaches the target")
        last = self.hardware.times[1] if self.levels else self.hardware.times[0]
        time = self._within_budgets() if self.charges.budgets else self.values[0]
        waiting = time - (last if self.hardware.free else 0)
        _demand(waiting == number(given["waiting_time"]), "the waiting time is not the value of empty memories")
        unique = (
            self._unique()
            if self.charges.budgets
            else all(len(self.exact[code][1]) == 1 for code in closure(policy, 0))
        )
        _demand(given["unique"] is unique, f"the optimal policy is {'' if unique else 'not '}unique")
        return Proved(waiting, unique, len(self.values), columns, undecided, given["problem"])

    @cached_property
    def _occupation(self) -> Occupation:
        """How often the policy within budgets takes which action."""
        memories = self.hardware.memories
        found: Occupation = {}
        for row in self.document["occupation"]:
            for entry in row["actions"]:
                found[_code(row["counts"], memories), _act(entry)] = number(entry["times"])
        return found

    def _within_budgets(self) -> Fraction:
        """The time of the policy within budgets, which is proved to be a policy, to keep within them, and optimal."""
        budgets, visited = self.charges.budgets, self._occupation
        policy: dict[int, list[list[int | None]]] = defaultdict(list)
        for (code, act), times in visited.items():
            _demand(code in self.exact and act in self.exact[code][1], f"{act} in {self._counts(code)} is not optimal")
            _demand(times >= 0, f"{act} in {self._counts(code)} is taken less often than never")
            policy[code].append(self._leads(code, act))
        _demand(0 in policy and stays_and_reaches(policy), "the policy within budgets never reaches the target")
        moves = {(code, act): self._moves(code, act) for code, act in visited}
        _demand(balanced(visited, moves), "the visits of the policy within budgets do not balance")
        granted = Fraction(0)
        for name, budget in budgets.items():
            used = sum(x * self.charges.amount(name, self._counts(code), act) for (code, act), x in visited.items())
            _demand(used == budget.used, f"the policy uses another amount of {name}")
            _demand(budget.kept, f"the policy does not keep within the budget of {name}")
            _demand(budget.worth is not None, f"the price of {name} has the wrong sign")
            granted += budget.worth or 0
        time = sum((x * self.hardware.duration(a[0], a[2]) for (_, a), x in visited.items()), Fraction(0))
        _demand(time == self.values[0] + granted, "the policy within budgets takes longer than the prices prove")
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
                row[name] += self.charges.amount(name, self._counts(code), act)
            rows.append(row)
        return independent(rows)

    def _counts(self, code: int) -> tuple[int, ...]:
        """The counts of a configuration."""
        base = self.hardware.memories + 1
        return tuple(code // base**level % base for level in range(self.levels))

    @cached_property
    def _raw(self) -> int:
        """The number of the configuration that holds one raw pair."""
        return self.hardware.code([self.hardware.raw])

    @cached_property
    def _by_size(self) -> list[list[int]]:
        """All configurations by number of stored pairs, live or not."""
        memories = self.hardware.memories
        found: list[list[int]] = [[] for _ in range(memories + 1)]
        for counts in product(range(memories + 1), repeat=self.levels):
            if sum(counts) <= memories:
                found[sum(counts)].append(_code(list(counts), memories))
        return found

    def _only_dead_are_left_out(self) -> None:
        """Demand that the configurations with a value are those from which some policy reaches the target for sure."""
        every = sum(map(len, self._by_size))
        if len(self.values) == every:
            return
        live = surely_reaching(set(self._possible()))
        _demand(
            live == set(self.values),
            f"it has {len(self.values):,} configurations, the problem {every:,}, {len(live):,} of them not dead ends",
        )

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

    def _columns(self) -> tuple[dict[int, set[Act]], int, int]:
        """Check every column; return which are tight, how many there are, and how many were close."""
        below, above = self._rounded()
        columns, close = 0, list[tuple[int, Act]]()
        table, priced = self._attempts(below), any(budget.price for budget in self.charges.budgets.values())
        for act, consumed, outcomes, scale, rests in self._blocks():
            made, weights, after = list(outcomes), list(outcomes.values()), table[act[1]]
            whole, time = scale * self.hardware.p.denominator ** act[1], self.hardware.duration(act[0], act[2])
            cost = time.numerator * whole * (1 << SHIFT) // time.denominator
            for rest in rests:
                state = rest + consumed
                expected = [after[rest + u] for u in made if rest + u in after]
                if state not in above or len(expected) < len(made):
                    continue  # a dead end, or it may lead to one
                columns += 1
                if priced:
                    cost = floor(self.charges.below(self._counts(state), act, SHIFT) * whole)
                if cost + sum(map(mul, weights, expected)) <= above[state] * whole:
                    close.append((state, act))
        gone = [(state, act) for state, act, rest in self._discards() if {state, rest} <= set(above)]
        tight: dict[int, set[Act]] = defaultdict(set)
        for state, act in close + gone:
            if self._slack(state, act) == 0 and (priced or act != WAITING):
                tight[state].add(act)
        return tight, columns + len(gone), len(close) + len(gone)

    def _rounded(self) -> tuple[dict[int, int], dict[int, int]]:
        """All values rounded down and up to integers, in units of ``2**-SHIFT``."""
        below, above = {}, {}
        for code, value in self.values.items():
            below[code], rest = divmod(value.numerator << SHIFT, value.denominator)
            above[code] = below[code] + bool(rest)
        return below, above

    def _attempts(self, values: dict[int, int]) -> list[dict[int, int]]:
        """Expected value after ``g`` attempts on every configuration, times the ``g``-th power of p's denominator.

        There is none where the attempts may lead to a configuration without a value.
        """
        won, lost = self.hardware.p.numerator, self.hardware.p.denominator - self.hardware.p.numerator
        table, memories = [values], self.hardware.memories
        for g in range(1, memories + 1):
            before, here = table[-1], {}
            for code in (code for size in self._by_size[: memories - g + 1] for code in size):
                failed = before.get(code) if lost else 0
                made = before.get(code + self._raw) if self.levels else 0
                if failed is not None and made is not None:
                    here[code] = lost * failed + won * made
            table.append(here)
        return table

    def _moves(self, state: int, act: Act) -> dict[int | None, Fraction]:
        """Probability of everything that an action leads to."""
        distilled, g, discarded = act
        hardware = self.hardware
        taken = hardware.code(level for pairs in (*distilled, discarded) for level in pairs)
        found: dict[int | None, Fraction] = {state - taken: Fraction(1)}
        generated = Outcome(hardware.p, (hardware.raw,)) if self.levels else Outcome(hardware.p, target=True)
        draws = [hardware.recipes[pairs].outcomes for pairs in distilled] + [(Outcome(1 - hardware.p), generated)] * g
        for ends in draws:
            grown: dict[int | None, Fraction] = defaultdict(Fraction)
            for code, chance in found.items():
                for odds, produced, target in ends:
                    grown[None if code is None or target else code + hardware.code(produced)] += chance * odds
            found = grown
        return {code: chance for code, chance in found.items() if chance}

    def _leads(self, state: int, act: Act) -> list[int | None]:
        """Where an action may lead."""
        return list(self._moves(state, act))

    def _slack(self, state: int, act: Act) -> int:
        """Reduced cost of a column in all digits, times a positive number; demanded not to be negative."""
        moves = self._moves(state, act)
        whole = lcm(*(chance.denominator for chance in moves.values()))
        gained = sum(
            chance.numerator * (whole // chance.denominator) * self._scaled(code)
            for code, chance in moves.items()
            if code is not None
        )
        charge = self.charges.exactly(self._counts(state), act)
        change = gained - whole * self._scaled(state)
        slack = change * charge.denominator + charge.numerator * whole * self.common
        _demand(slack >= 0, f"the value of {self._counts(state)} is above that of action {act}")
        return slack

    def _scaled(self, code: int) -> int:
        """A value in units of one over the common denominator."""
        value = self.values[code]
        return value.numerator * (self.common // value.denominator)


def _code(counts: list[int], memories: int) -> int:
    """The number of a configuration."""
    powers = accumulate([memories + 1] * (len(counts) - 1), mul, initial=1)
    return sum(map(mul, counts, powers))


def _act(stated: dict[str, Any]) -> Act:
    """An action as a certificate states it."""
    pairs = tuple(sorted(tuple(map(int, levels)) for levels in stated["distil"]))
    return pairs, stated["generate"], tuple(stated.get("discard", ()))
