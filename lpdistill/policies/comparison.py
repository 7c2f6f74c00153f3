"""Policies side by side: how much time the optimum saves over each, and which of them never finish."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lpdistill import pictures
from lpdistill.arguments import named, wrong_type
from lpdistill.errors import ForbiddenActionError, InfiniteLevelsError, LimitError, ModelError
from lpdistill.numbers import decimals
from lpdistill.policies.compared import Compared
from lpdistill.policies.named import OPTIMAL, POLICIES, baseline, baseline_named
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.problem.settings import FinalStep
from lpdistill.progress import silent
from lpdistill.solution import bounds
from lpdistill.solution.answer import SHOWN, Answer, Block, Table
from lpdistill.solution.document import Question, measure, question_in_words
from lpdistill.solution.given import QuestionLike, is_policy, is_solution
from lpdistill.solution.policy import Choices, Policy
from lpdistill.solution.promise import PROMISE
from lpdistill.solution.solution import Status
from lpdistill.solution.tables import Key
from lpdistill.solution.wording import outwards
from lpdistill.solving import solve

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

Candidate: TypeAlias = str | Policy | Mapping[Key, Choices] | Callable[[Key], Choices]
"""What can be compared: a name, a policy, or what :meth:`Policy.of` takes."""

MOST_COMPARED = 9
"""Policies that a printed comparison names."""

MAIN_NUMBERS = ("waiting time", "std", "steps", "attempts", "raw pairs", "distillations")
"""Numbers of each policy in a table; documents have all resources."""

NO_SAVING = 1e-9
"""Relative difference of waiting times that counts as none."""

CONVENTIONS = {
    FinalStep.CHARGED: "waiting times count every step; the published ones leave the last out (final_step free), "
    "which makes advantages larger",
    FinalStep.FREE: "waiting times leave the last step out, as the published ones do (final_step charged counts it)",
}
"""How waiting times are counted, said where they are compared: relative advantages depend on it."""


def share_saved(time: float, least: float) -> float:
    r"""The share of a waiting time that a lesser one saves, :math:`(T - T_{opt}) / T`; 1 of an infinite one, the limit.

    >>> share_saved(8.0, 6.0), share_saved(math.inf, 6.0), share_saved(0.0, 0.0)
    (0.25, 1.0, 0.0)
    >>> share_saved(10.0, 10.000000000000002)
    0.0
    """
    if math.isinf(time):
        return 1.0
    return (time - least) / time if abs(time - least) > bounds.ROUNDING * time else 0.0


@dataclass(frozen=True, repr=False)
class Comparison(Answer):
    """Policies of one problem, and the optimum that they are compared with.

    Attributes
    ----------
    problem
        What was asked.
    policies
        The policies by name; the optimum, ``"optimal"``, comes first.
    lower_bound
        Where the optimum is known within a bracket only: no policy is faster than this.
    """

    _KIND = "comparison"

    problem: Problem | nx.DiGraph[Any]
    policies: Mapping[str, Compared]
    lower_bound: float | None = None

    @property
    def optimum(self) -> Compared:
        """The reference."""
        return self.policies[OPTIMAL]

    def advantage(self, name: str) -> float | None:
        r"""The share of a policy's waiting time that the optimum saves, :math:`(T_b - T_{opt}) / T_b`.

        Over a policy that may never finish it is 1, the limit as :math:`T_b \to \infty`; None over one that is not
        allowed.  Within budgets it is negative for a policy that is faster because it exceeds them.

        Raises
        ------
        ModelError
            If there is no such policy in the comparison.
        """
        if name not in self.policies:
            raise ModelError("policy", f"must be one that was compared: {', '.join(self.policies)}", name)
        time, least = self.policies[name].waiting_time, self.optimum.waiting_time
        assert least is not None  # noqa: S101 - the optimum is allowed
        return None if time is None else share_saved(time, least)

    @property
    def convention(self) -> str:
        """How waiting times are counted; nothing of a state graph, whose actions take the time that they say."""
        return CONVENTIONS[self.problem.final_step] if isinstance(self.problem, Problem) else ""

    @property
    def advantages(self) -> dict[str, float | None]:
        """The advantage over every other policy (:meth:`advantage`)."""
        return {name: self.advantage(name) for name in self.policies if name != OPTIMAL}

    @property
    def _question(self) -> Question:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        for name, compared in list(self.policies.items())[:MOST_COMPARED]:
            time = compared.waiting_time
            told = [] if time is None else ["infinite" if math.isinf(time) else f"{decimals(time)}"]
            yield name, "; ".join(filter(None, [*told, self.verdict(name)]))
        if len(self.policies) > MOST_COMPARED:
            yield "...", f"and {len(self.policies) - MOST_COMPARED} more"
        yield from self._above()

    def _above(self) -> Iterable[tuple[str, str]]:
        """How waiting times are counted; what they are, the table says."""
        if self.lower_bound is not None:
            least, most = outwards(self.lower_bound, self.optimum.waiting_time or 0.0)
            yield "optimum", f"between {least} and {most}: labels round fidelities; shown is the policy of the latter"
        if self.optimum.policy is not None and self.optimum.policy.bounded:
            yield "bounds", f"of optimal: {PROMISE}"
        if self.convention:
            yield "convention", self.convention

    def _content(self) -> dict[str, Any]:
        return {
            **({} if self.lower_bound is None else {"lower_bound": self.lower_bound}),
            "policies": {name: compared.to_dict() for name, compared in self.policies.items()},
            "advantage": self.advantages,
        }

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every policy."""
        for name, compared in self.policies.items():
            yield {
                "policy": name,
                "waiting_time": compared.waiting_time,
                "std": compared.standard_deviation,
                "advantage": None if name == OPTIMAL else self.advantage(name),
                "deadlock": compared.deadlock,
                "not_allowed": None if compared.allowed else compared.refusal,
                **({"not_evaluated": compared.refusal} if compared.allowed and compared.refusal else {}),
                **dict(compared.expected or {}),
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The policies with their main numbers, and what is to be said of each."""
        rows = []
        for name, compared in list(self.policies.items())[:most]:
            numbers = [compared.waiting_time, compared.standard_deviation, *(compared.expected or {}).values()]
            cells = ["-" if number is None else decimals(number) for number in numbers[: len(MAIN_NUMBERS)]]
            rows.append((name, *cells, *["-"] * (len(MAIN_NUMBERS) - len(cells)), self.verdict(name)))
        return Table("policies", {"policy": "left"} | dict.fromkeys(MAIN_NUMBERS, "right") | {"": "left"}, rows)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:
        """The table, and why policies are not allowed."""
        yield self.shown(most)
        for name, one in self.policies.items():
            if one.refusal:
                yield f"{name} is not {'evaluated' if one.allowed else 'allowed'}: {one.refusal}"

    def verdict(self, name: str) -> str:
        """What is to be said of a policy against the optimum, in a few words."""
        compared = self.policies[name]
        if compared.policy is None:
            return "not evaluated" if compared.allowed else "not allowed"
        if not compared.proper:
            return f"never ends: {compared.trap(self._pumping_limit)}"
        advantage = self.advantage(name) or 0.0
        if name == OPTIMAL:
            return ""
        if advantage < -NO_SAVING:
            return f"exceeds the budgets, {-advantage / (1 - advantage):.2%} faster"
        least = "" if self.lower_bound is None else "about " if compared.policy.bounded else "at least "
        cutoff = "" if compared.cutoff is None else f"cutoff {float(compared.cutoff):g}; "
        return f"{cutoff}the optimum saves {least}{advantage:z.2%}"

    @property
    def _pumping_limit(self) -> float:
        """What pumping stays below, which is all that is compared on labels besides optima."""
        return self.problem.reach.pumping_limit if isinstance(self.problem, Problem) else math.inf

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the waiting times as bars, and at each what the optimum saves.

        A policy that is trapped has a hatched bar of full length; one that is not allowed has none, and says so.
        """
        rows = list(self.policies)
        drawn = pictures.canvas(ax, question_in_words(self.problem), width=7.2, height=1.4 + 0.42 * len(rows))
        times = [compared.waiting_time or 0.0 for compared in self.policies.values() if compared.proper]
        longest = max(times) or 1.0
        for place, (name, compared) in enumerate(self.policies.items()):
            if compared.proper:
                end = compared.waiting_time or 0.0
                drawn.barh(place, end, height=0.62, color=pictures.COLOURS[0 if name == OPTIMAL else 5])
                words = f"{end:.4g}" + (f"   {self.verdict(name)}" if name != OPTIMAL else "")
                drawn.text(end + 0.015 * longest, place, words, va="center", color=pictures.INK)
            elif compared.policy is not None:
                edge: dict[str, Any] = {
                    "edgecolor": pictures.COLOURS[1],
                    "facecolor": "none",
                    "hatch": "////",
                    "lw": 0.8,
                }
                drawn.barh(place, longest, height=0.62, **edge)
                drawn.text(1.015 * longest, place, self.verdict(name), va="center", color=pictures.COLOURS[1])
            else:
                drawn.text(0.015 * longest, place, self.verdict(name), va="center", color=pictures.COLOURS[1])
        drawn.set_yticks(range(len(rows)), rows)
        drawn.set_ylim(len(rows) - 0.5, -0.5)
        drawn.set_xlim(0, 1.55 * longest)
        free = self.convention == CONVENTIONS[FinalStep.FREE]
        drawn.set_xlabel(f"expected waiting time{', last step free' if free else ''} ({measure(self.problem)})")
        return drawn

    def __repr__(self) -> str:
        width = max(map(len, self.policies))
        lines = [
            f"  {name:<{width}}  {'-' if compared.waiting_time is None else decimals(compared.waiting_time):>12}"
            f"  {self.verdict(name)}".rstrip()
            for name, compared in list(self.policies.items())[:MOST_COMPARED]
        ]
        more = [f"  and {len(self.policies) - MOST_COMPARED} more"] if len(self.policies) > MOST_COMPARED else []
        notes = [f"  ({self.convention})"] if self.convention else []
        return "\n".join([f"Comparison: {self.problem}", *lines, *more, *notes])


def compare(
    problem: QuestionLike,
    policies: Iterable[str] | Mapping[str, Candidate] | None = None,
    *,
    progress: Callable[[str], None] = silent,
) -> Comparison:
    """Evaluate policies exactly, and compare each with the optimum.

    Parameters
    ----------
    problem
        The problem or the state graph; its rules hold for all, its budgets for the optimum only.  A solution on labels
        is the optimum that others are compared with.
    policies
        Names (``optimal``, ``pumping``, ``nested``, ``greedy``, ``banded:WIDTH``, ``delta-purify``), or a mapping from
        names of your own to such names, to a :class:`Policy` (evaluated again where it is one of another problem), or
        to what :meth:`Policy.of` takes.  The optimum is always among them.  By default, the first four names; a state
        graph has no memories, and so only policies of your own.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If there is no policy of a name, or a policy of your own is impossible or not allowed somewhere.  A baseline
        that a rule forbids does not end the comparison: the result says so.
    LpdistillError
        Whatever :func:`lpdistill.solve` raises: without an optimum there is nothing to compare with.

    Examples
    --------
    >>> compare(Problem("1/2", 2, "3/4", "79/100", final_step="free"))
    Comparison: p = 0.5, M = 2, f0 = 0.75 -> 0.79, times 1 (generation) and 2 (distillation), last step free
      optimal     12.150289
      pumping     12.150289  the optimum saves 0.00%
      nested            inf  never ends: trapped in (1, 1)
      greedy      12.150289  the optimum saves 0.00%
      (waiting times leave the last step out, as the published ones do (final_step charged counts it))
    """
    known = problem if is_solution(problem) and problem.status != Status.CLAIMED else None
    problem = QUESTION.meant(problem, "problem")
    usual = POLICIES if isinstance(problem, Problem) else (OPTIMAL,)
    candidates = _candidates(usual if policies is None else policies)
    progress("optimal policy")
    best = solve(problem, progress=progress) if known is None else known
    optimum = best.policy
    found = {OPTIMAL: Compared(OPTIMAL, optimum)}
    for name, candidate in candidates.items():
        progress(f"policy {name}")
        found[name] = Compared(name, optimum) if candidate == OPTIMAL else _evaluated(problem, name, candidate)
    return Comparison(problem, found, best.lower_bound if best.status == Status.BRACKETED else None)


def _candidates(policies: object) -> dict[str, Candidate]:
    """The policies to evaluate besides the optimum, all names known."""
    candidates: dict[str, Candidate] = {}
    if is_policy(policies) or not isinstance(policies, Iterable):
        wanted = 'must be names, or policies by name such as {"mine": policy}'
        raise wrong_type("policies", f"{wanted}, not {named(policies)}", policies)
    if isinstance(policies, Mapping):
        candidates |= {name: one.policy if is_solution(one) else one for name, one in policies.items()}
    else:
        for name in [policies] if isinstance(policies, str) else policies:
            if not isinstance(name, str):
                wanted = 'must be names; those of your own have one in a mapping such as {"mine": policy}'
                raise wrong_type("policies", f"{wanted}, not {named(name)}", name)
            candidates[name] = name
    if candidates.get(OPTIMAL, OPTIMAL) != OPTIMAL:
        raise ModelError("policies", "must not call a policy of their own optimal: that is the reference", OPTIMAL)
    candidates.pop(OPTIMAL, None)
    for name, candidate in candidates.items():
        if isinstance(candidate, str) and candidate != OPTIMAL:
            baseline_named(candidate)
        elif not (isinstance(candidate, str | Mapping) or callable(candidate)):
            raise ModelError(f"policy {name}", "must be a name, a policy, a mapping or a function", candidate)
    return candidates


def _evaluated(problem: Problem | nx.DiGraph[Any], name: str, candidate: Candidate) -> Compared:
    """One policy, evaluated for a problem that has an optimum."""
    if isinstance(candidate, str):
        try:
            return Compared(name, baseline(problem, candidate))
        except ForbiddenActionError as error:
            return Compared(name, None, str(error), allowed=False)
        except (InfiniteLevelsError, LimitError) as error:
            return Compared(name, None, str(error))
    if isinstance(candidate, Policy):
        if candidate.process.problem == problem:
            return Compared(name, candidate)
        candidate = {key: decisions for key, decisions in candidate.items() if decisions}
    return Compared(name, Policy.of(problem, candidate, improper=True))
