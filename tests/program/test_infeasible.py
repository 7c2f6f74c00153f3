"""Budgets that cannot be met: which conflict, and what would be possible, against scipy on the enumerated program."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from constrained_cases import Constrained, hardware, limited, names
from constrained_oracle import everything, least, living, occupation, standard
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from oracle import Hardware

from lpdistill import Budget, InfeasibleError, Problem, Resource, solve

PROBLEM = Problem("1/2", 3, "3/4", "79/100")
METHODS = st.sampled_from(["auto", "columns", "simplex"])


@dataclass(frozen=True)
class Refused:
    """A problem whose budgets cannot be met, and the error that says so."""

    case: Constrained
    error: InfeasibleError

    def limits(self, *left_out):
        """The limits of the conflict in the oracle's words, without some."""
        named = {budget.name for budget in self.error.conflict} - set(left_out)
        return tuple(
            limit
            for budget, limit in zip(self.case.problem.budgets, self.case.limits, strict=True)
            if budget.name in named
        )


def fewest(problem, name):
    """The least expected use of a resource, by policy iteration on the enumerated model."""
    chain = living(everything(Hardware.of(problem), discarding=problem.discarding))
    use = standard(Hardware.of(problem), name)
    return least(chain, lambda counts, deed: float(use(counts, deed)))[chain.start]


@st.composite
def refused(draw, *, several):
    """Upper limits below the least use of one resource, or a little above those of several that conflict."""
    problem = draw(hardware(discarding=False))
    chosen = draw(names.filter(lambda found: len(found) > 1) if several else names.map(lambda found: found[:1]))
    shares = st.integers(980, 1050) if several else st.integers(700, 990)
    limits = {
        name: (Fraction(fewest(problem, name)).limit_denominator(10**6) * Fraction(draw(shares), 1000), None)
        for name in chosen
    }
    case = limited(problem, limits)
    if occupation(case.chain, case.limits) is not None:
        reject()
    with pytest.raises(InfeasibleError) as caught:
        solve(case.problem, method=draw(METHODS))
    return Refused(case, caught.value)


@settings(max_examples=12)
@given(refused(several=False))
def test_the_least_workable_limit_is_the_least_use(found):
    """For one upper limit that cannot be met, the error states the least use of any policy."""
    (budget,) = found.case.problem.budgets
    assert found.error.conflict == (budget,)
    assert budget.name in str(found.error)
    assert found.error.workable == {budget.name: pytest.approx(fewest(found.case.problem, budget.name), rel=1e-9)}


@settings(max_examples=12)
@given(refused(several=False), METHODS)
def test_the_workable_limit_works_and_nothing_less(found, method):
    """A billionth more than the workable limit can be kept; a millionth less cannot."""
    (budget,) = found.case.problem.budgets
    bare, limit = found.case.problem.replace(budgets=()), found.error.workable[budget.name]
    kept = solve(bare.with_constraints(Budget(budget.name, limit * (1 + 1e-9))), method=method)
    assert kept.budgets[budget.name].used <= limit * (1 + 2e-9)
    with pytest.raises(InfeasibleError):
        solve(bare.with_constraints(Budget(budget.name, limit * (1 - 1e-6))), method=method)


@pytest.mark.parametrize("method", ["auto", "columns", "simplex"])
@pytest.mark.parametrize("name", ["distillations", "failed_distillations"])
def test_the_greatest_workable_limit_is_stated_for_lower_limits(name, method):
    """For a lower limit beyond what any policy uses, the error states the greatest use."""
    problem = Problem(1, 4, "69/100", "2751083/3780500", generation_time="3/4")
    chain = living(everything(Hardware.of(problem)))
    use = standard(Hardware.of(problem), name)
    most = -occupation(chain, (), lambda counts, deed: -use(counts, deed)).objective
    budget = Budget(name, least=100)
    with pytest.raises(InfeasibleError, match=name) as caught:
        solve(problem.with_constraints(budget), method=method)
    assert caught.value.conflict == (budget,)
    assert caught.value.workable == {name: pytest.approx(most, rel=1e-8)}


@settings(max_examples=12)
@given(refused(several=True))
def test_a_conflict_is_irreducible(found):
    """The budgets that are named cannot be met together, and can once any one of them is dropped."""
    assert set(found.error.conflict) <= set(found.case.problem.budgets)
    assert occupation(found.case.chain, found.limits()) is None
    for budget in found.error.conflict:
        assert occupation(found.case.chain, found.limits(budget.name)) is not None
        assert budget.name in str(found.error)


@settings(max_examples=12)
@given(refused(several=True))
def test_relaxed_limits_are_feasible(found):
    """With the workable limits in place of those that were asked for, there is a solution."""
    workable = found.error.workable
    assert (
        {budget.name for budget in found.error.conflict}
        <= set(workable)
        <= {budget.name for budget in found.case.problem.budgets}
    )
    relaxed = [
        Budget(name, max(Fraction(limit), own(found, name)) * Fraction(1 + 1e-9)) for name, limit in workable.items()
    ]
    solve(found.case.problem.replace(budgets=relaxed))


def test_workable_limits_can_be_met_with_all_the_others():
    """With the workable limits in place, the whole problem can be solved: no other budget is in the way."""
    limits = {"steps": 6, "generation_attempts": 9, "memory_time": 12}
    with pytest.raises(InfeasibleError) as caught:
        solve(PROBLEM.with_constraints(*(Budget(name, limit) for name, limit in limits.items())))
    relaxed = {name: max(limit, caught.value.workable.get(name, 0) * (1 + 1e-9)) for name, limit in limits.items()}
    solution = solve(PROBLEM.with_constraints(*(Budget(name, limit) for name, limit in relaxed.items())))
    assert set(solution.budgets) == set(limits)


def own(found, name):
    """The limit that was asked for."""
    return next(budget.most for budget in found.case.problem.budgets if budget.name == name)


@pytest.mark.parametrize("method", ["auto", "columns", "simplex"])
@pytest.mark.parametrize("limit", ["9.63", "10.5"])
def test_feasible_budgets_are_not_refused(method, limit):
    """A limit that policies keep is not called infeasible, however the program is solved."""
    problem = Problem("2/5", 4, "19/20", "10172/10525", generation_time="3/4", distillation_time="1/4")
    assert fewest(problem, "generation_attempts") < float(limit)
    solution = solve(problem.with_constraints(Budget("generation_attempts", limit)), method=method)
    assert solution.budgets["generation_attempts"].used <= float(limit) * (1 + 1e-12)


@pytest.mark.parametrize("discarding", [False, True])
@pytest.mark.parametrize(
    "name", ["distillations", "failed_distillations", "generation_attempts", "memory_time", "steps"]
)
def test_less_than_is_needed_is_refused_with_and_without_discards(name, discarding):
    """Half of the least use of any policy is refused, with the least use, whether pairs may be discarded or not."""
    problem = Problem("1/2", 3, "3/4", "31/40", discarding=discarding)
    needed = fewest(problem.replace(discarding=False), name)
    with pytest.raises(InfeasibleError) as caught:
        solve(problem.with_constraints(Budget(name, needed / 2)))
    assert caught.value.workable[name] <= needed * (1 + 1e-9)


def test_nothing_at_all_is_never_enough():
    """No attempts at all cannot reach the target: a limit of 0 is refused and the least use stated."""
    with pytest.raises(InfeasibleError) as caught:
        solve(PROBLEM.with_constraints(Budget("generation_attempts", 0)))
    assert caught.value.workable["generation_attempts"] == pytest.approx(
        fewest(PROBLEM, "generation_attempts"), rel=1e-9
    )


def test_a_users_resource_can_conflict():
    """A limit of the user's own that cannot be met is named, with the least use."""
    heat = Resource("heat", lambda step: 1 + step.generate)
    with pytest.raises(InfeasibleError, match="heat") as caught:
        solve(PROBLEM.with_constraints(Budget(heat, 1)))
    limit = caught.value.workable["heat"]
    assert solve(PROBLEM.with_constraints(Budget(heat, limit * (1 + 1e-9)))).budgets["heat"].used >= limit * (1 - 1e-9)
