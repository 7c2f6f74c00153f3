"""From a problem to a proven optimum: every route, every degenerate corner, every refusal."""

from fractions import Fraction

import oracle
import pytest
from cases import SMALL, Additive, additive, problems, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import (
    InfiniteLevelsError,
    LpdistillError,
    Method,
    ModelError,
    Problem,
    UnreachableTargetError,
    solve,
)

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
PRECISE = [Method.SIMPLEX, Method.IPM, Method.COLUMNS]


def exact_time(problem, hardware=None):
    """Exact least waiting time by enumeration, in the convention of the problem."""
    return oracle.counted(hardware or oracle.Hardware.of(problem), full=True).time - problem.uncharged_time


def check_enclosed(problem):
    """The exact optimum lies within bounds that are at most 1e-11 of it apart."""
    solution, exact = solve(problem), exact_time(problem)
    low, high = Fraction(solution.lower_bound), Fraction(solution.upper_bound)
    assert low <= exact <= high <= low + Fraction(1, 10**11) * (exact + problem.uncharged_time)


@every_problem
@pytest.mark.parametrize("method", PRECISE)
def test_every_method_reports_the_exact_optimum(problem, method):
    """What HiGHS reports under every method, before any proof, is the exact optimum to 1e-9 of the time that passes."""
    solution = solved(problem, method=str(method))
    total = float(exact_time(problem) + problem.uncharged_time)
    assert solution.run.method == method
    assert abs(solution.run.objective - float(exact_time(problem))) <= 1e-9 * total


@every_problem
@pytest.mark.parametrize("method", Method)
def test_every_method_ends_in_the_same_proof(problem, method):
    """The proven waiting time is the same to 1e-13 whichever method finds the policy, the inexact one included."""
    found = solved(problem, method=str(method))
    assert abs(found.waiting_time - solved(problem).waiting_time) <= 1e-13 * found.plan.values[0]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(problems())
def test_all_methods_agree_on_random_problems(problem):
    """Every method solves random problems to the exact optimum, and HiGHS agrees to 1e-9 (PDLP to 1e-6)."""
    exact = float(exact_time(problem))
    total = exact + float(problem.uncharged_time)
    for method in Method:
        solution = solve(problem, method=method)
        assert abs(solution.waiting_time - exact) <= 1e-13 * total
        assert abs(solution.run.objective - exact) <= (1e-6 if method is Method.PDLP else 1e-9) * total


@settings(max_examples=12, deadline=None, derandomize=True)
@given(problems())
def test_full_attempts_are_enough_on_random_problems(problem):
    """Attempting on every empty memory loses nothing: solved with any number of attempts, the optimum is the same."""
    full, any_number = solve(problem), solve(problem, attempts="all")
    assert abs(full.waiting_time - any_number.waiting_time) <= 1e-13 * full.plan.values[0]


@pytest.mark.parametrize(
    "name", ["two memories, two rounds", "two memories, four levels", "three memories", "three memories, three levels"]
)
def test_memories_are_interchangeable(name):
    """With names on the memories the optimum is the same, and depends on what is stored but not on where."""
    problem = SMALL[name]
    hardware = oracle.Hardware.of(problem)
    levels = oracle.levels(hardware)
    values = solved(problem).values
    for state, exact in oracle.labelled(hardware).optimum[1].items():
        counts = tuple(state.count(level) for level in levels)
        expected = float(exact - problem.uncharged_time)
        assert values[counts] == pytest.approx(expected, rel=0, abs=1e-12 * float(exact))


def test_another_map_is_solved():
    """Nothing but the map knows of Werner states: another one has its own exact optimum."""
    problem = Problem("1/3", 4, "6/10", "95/100", distillation=Additive())
    hardware = oracle.Hardware(problem.p, 4, problem.f0, problem.target, combine=additive)
    solution = solve(problem)
    assert Fraction(solution.lower_bound) <= exact_time(problem, hardware) <= Fraction(solution.upper_bound)


@pytest.mark.parametrize("p", ["1e-3", "1e-6", "1e-12", "1e-50", "1e-150", "1e-200"])
def test_rare_generation_is_enclosed(p):
    """However rare generation is, the bounds enclose the exact optimum and stay tight."""
    check_enclosed(Problem(p, 3, "3/4", "79/100"))


@pytest.mark.parametrize("p", [1, 1 - Fraction(1, 10**6), 1 - Fraction(1, 10**18), 1 - Fraction(1, 10**30)], ids=str)
@pytest.mark.parametrize("memories", [2, 4])
def test_all_but_certain_generation_is_enclosed(p, memories):
    """The same where generation succeeds always, or nearly always, also closer to 1 than double precision is."""
    check_enclosed(Problem(p, memories, "3/4", "79/100"))


@pytest.mark.parametrize(
    ("generation", "distillation"),
    [("1/3", "7/11"), (1, "1e9"), ("1e9", 1), ("1e-9", 1), (1, "1e-9"), ("1e-200", "1e-200"), ("1e200", "1e200")],
)
def test_times_of_any_size_are_enclosed(generation, distillation):
    """The bounds enclose the exact optimum for durations of any size and ratio."""
    check_enclosed(Problem("2/3", 4, "3/4", "79/100", generation_time=generation, distillation_time=distillation))


@pytest.mark.parametrize("p", ["1e-320", "1e-400"])
@pytest.mark.parametrize("method", Method)
def test_times_beyond_double_precision_are_no_answer(p, method):
    """Generation so rare that the expected time exceeds double precision is an error, not a warning or an answer."""
    with pytest.raises(LpdistillError):
        solve(Problem(p, 2, "3/4", "79/100"), method=method)


@pytest.mark.parametrize("method", Method)
def test_products_beyond_double_precision_are_no_answer(method):
    """Rare generation that also takes long exceeds double precision together, and is refused all the same."""
    with pytest.raises(LpdistillError):
        solve(Problem("1e-150", 2, "3/4", "79/100", generation_time="1e200"), method=method)


@pytest.mark.parametrize("times", [(0, 2), (1, 0)], ids=["generation", "distillation"])
@pytest.mark.parametrize("p", ["1e-5", "1/2", "0.999", "0.99999", 1])
@pytest.mark.parametrize(("f0", "target"), [("3/4", "77/100"), ("3/4", "79/100"), ("9/10", "94/100")])
@pytest.mark.parametrize("memories", [2, 3, 4])
def test_steps_that_take_no_time_are_enclosed(p, memories, f0, target, times):
    """Where generation or distillation takes no time at all, the optimum is proved like any other."""
    check_enclosed(Problem(p, memories, f0, target, generation_time=times[0], distillation_time=times[1]))


@pytest.mark.parametrize("times", [(0, 2), (1, 0)], ids=["generation", "distillation"])
@pytest.mark.parametrize("p", ["1/2", "0.99999", 1])
@pytest.mark.parametrize("memories", [3, 4])
def test_steps_that_take_no_time_are_enclosed_with_any_number_of_attempts(p, memories, times):
    """The same where every number of attempts is a column, and many columns tie."""
    problem = Problem(p, memories, "3/4", "77/100", generation_time=times[0], distillation_time=times[1])
    solution = solve(problem, attempts="all")
    assert Fraction(solution.lower_bound) <= exact_time(problem) <= Fraction(solution.upper_bound)


@pytest.mark.parametrize(
    ("p", "memories", "f0", "target"),
    [("0.999", 4, ".65", ".71"), ("0.99999", 6, ".65", ".71"), ("0.99999", 8, ".65", ".71"), ("0.999", 8, ".9", ".94")],
)
def test_distillation_that_takes_no_time_is_solved_with_many_levels(p, memories, f0, target):
    """Free distillation makes some times to go tiny, and they are proved as well: the first generation takes 1."""
    solution = solve(Problem(p, memories, f0, target, distillation_time=0))
    assert 1 <= solution.upper_bound < solution.lower_bound + 1e-9


@pytest.mark.parametrize("memories", [1, 2, 5])
@pytest.mark.parametrize("target", ["0.6", "0.75"])
def test_generation_alone_reaches_a_low_target(memories, target):
    """At or below the raw fidelity the time is that of a first success: ``tau_g / (1 - (1 - p)^M)``."""
    p, time = Fraction(1, 3), Fraction(5, 7)
    found = solve(Problem(p, memories, "3/4", target, generation_time=time))
    assert found.waiting_time == pytest.approx(float(time / (1 - (1 - p) ** memories)), rel=1e-14)


def test_generation_alone_with_a_free_last_step():
    """Where generation reaches the target, the free last step is a generation: ``1/p - 1`` steps count."""
    assert solve(Problem("1/3", 1, "3/4", "3/4", final_step="free")).waiting_time == pytest.approx(2, rel=1e-14)


def test_certain_generation_of_a_low_target_takes_one_step():
    """With ``p = 1`` and a target at the raw fidelity, one generation step is all, and free it is nothing."""
    charged = solve(Problem(1, 3, "3/4", "3/4"))
    free = solve(Problem(1, 3, "3/4", "3/4", final_step="free"))
    assert charged.waiting_time == 1
    assert abs(free.waiting_time) <= 1e-13


ONE_ROUND = (Fraction(8, 3) + 2) / Fraction(13, 18)
"""Two memories, p = 1/2, one distillation of success 13/18: ``(g2 + 2) / d`` with ``g2 = (3 - 2p)/(p(2 - p))``."""


@pytest.mark.parametrize("target", [Fraction(3, 4) + Fraction(1, 10**30), Fraction(41, 52)], ids=["above f0", "41/52"])
def test_one_round_reaches_targets_up_to_its_result(target):
    """From just above the raw fidelity up to exactly ``D(f0, f0) = 41/52``, one round is enough."""
    assert solve(Problem("1/2", 2, "3/4", target)).waiting_time == pytest.approx(float(ONE_ROUND), rel=1e-14)


def test_one_round_is_not_enough_just_above_its_result():
    """1e-30 above 41/52, two rounds are needed: the time is that of a target well above."""
    above = solve(Problem("1/2", 2, "3/4", Fraction(41, 52) + Fraction(1, 10**30)))
    assert above.waiting_time == solve(Problem("1/2", 2, "3/4", "79/100")).waiting_time > float(ONE_ROUND) + 1


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems(), st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20))
def test_better_generation_is_never_slower(problem, factor):
    """The waiting time does not increase with ``p``."""
    worse, better = solve(problem.replace(p=problem.p * factor)), solve(problem)
    assert better.lower_bound <= worse.upper_bound


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems())
def test_more_memories_are_never_slower(problem):
    """The waiting time does not increase with the number of memories."""
    assert solve(problem.replace(memories=problem.memories + 1)).lower_bound <= solve(problem).upper_bound


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems(), st.fractions(0, 1, max_denominator=20))
def test_lower_targets_are_never_slower(problem, share):
    """The waiting time does not increase when the target is lowered: every run to the higher one passes the lower."""
    target = problem.f0 + (problem.target - problem.f0) * max(share, Fraction(1, 20))
    charged = problem.replace(final_step="charged")
    assert solve(charged.replace(target=target)).lower_bound <= solve(charged).upper_bound


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems(), st.fractions(Fraction(1, 9), 9, max_denominator=9))
def test_waiting_time_scales_with_the_unit_of_time(problem, unit):
    """Both durations in another unit give the same time in that unit."""
    scaled = problem.replace(
        generation_time=problem.generation_time * unit, distillation_time=problem.distillation_time * unit
    )
    first, second = solve(problem), solve(scaled)
    assert abs(second.waiting_time - float(unit) * first.waiting_time) <= 1e-13 * second.plan.values[0]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(problems(), st.fractions("1/4", 4, max_denominator=7))
def test_waiting_time_is_concave_in_a_duration(problem, other):
    """A least expected time is a minimum of functions linear in the durations, hence concave."""
    middle = (problem.distillation_time + other) / 2
    ends = [solve(problem), solve(problem.replace(distillation_time=other))]
    least = sum(solution.lower_bound for solution in ends) / 2
    assert solve(problem.replace(distillation_time=middle)).upper_bound >= least - 1e-13 * ends[0].plan.values[0]


@pytest.mark.parametrize(("memories", "target"), [(1, "0.76"), (2, "0.83"), (3, "0.9"), (4, "0.95"), (4, 1)])
def test_unreachable_targets_are_refused(memories, target):
    """A target beyond the memory limit is refused, and not as one that is merely infinitely far."""
    with pytest.raises(UnreachableTargetError) as caught:
        solve(Problem(0.5, memories, "3/4", target))
    assert type(caught.value) is UnreachableTargetError


@pytest.mark.parametrize(("memories", "target"), [(3, "0.83"), (4, "0.9")])
def test_all_levels_below_a_target_beyond_the_pumping_limit_are_refused(memories, target):
    """Levels that are infinitely many are not told apart, where that is asked for."""
    with pytest.raises(InfiniteLevelsError):
        solve(Problem(0.5, memories, "3/4", target), all_levels=True)


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("problem", {"problem": {"p": 0.5}}),
        ("method", {"method": "guess"}),
        ("attempts", {"attempts": "some"}),
    ],
    ids=["problem", "method", "attempts"],
)
def test_wrong_arguments_are_refused(where, arguments):
    """What is no problem, method or number of attempts is a ModelError that names the argument."""
    with pytest.raises(ModelError) as caught:
        solve(**{"problem": SMALL["three memories"], **arguments})
    assert caught.value.where == where


def test_auto_writes_small_programs_out():
    """``auto`` hands a small program to the simplex method as a whole."""
    assert solve(SMALL["four memories"]).run.method == "simplex"


def test_auto_generates_the_columns_of_large_programs():
    """``auto`` generates the columns of a program of thousands."""
    assert solve(Problem(0.5, 10, ".9", ".94")).run.method == "columns"


@pytest.mark.parametrize("method", [Method.SIMPLEX, Method.IPM])
def test_large_programs_written_out_agree_with_generated_columns(method):
    """On 6,512 columns, HiGHS on the whole program reports what column generation proves, to 1e-9."""
    problem = Problem(0.5, 10, ".9", ".94")
    assert solve(problem, method=method).run.objective == pytest.approx(
        solved(problem, method="columns").waiting_time, rel=1e-9, abs=0
    )


def test_column_generation_confirms_without_iterating():
    """The policy that column generation finds is an optimal basis: HiGHS takes no iteration."""
    assert solve(Problem(0.5, 10, ".9", ".94"), method="columns").run.iterations == 0


def test_solving_twice_gives_the_same_answer():
    """The same problem has the same policy and the same bounds every time."""
    first, second = solve(SMALL["four memories, three levels"]), solve(SMALL["four memories, three levels"])
    assert first.plan.uses.columns.tolist() == second.plan.uses.columns.tolist()
    assert (first.lower_bound, first.upper_bound) == (second.lower_bound, second.upper_bound)


@pytest.mark.parametrize("method", ["simplex", "columns"])
def test_progress_is_told(method):
    """Long work says what it is doing, in words."""
    said = []
    solve(SMALL["four memories"], method=method, progress=said.append)
    assert said
    assert all(isinstance(stage, str) for stage in said)
