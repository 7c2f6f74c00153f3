"""Small problems written out for compiled functions, against the same in numpy and scipy."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from cases import SMALL, solved
from priced_cases import drawn, without_compiled

from lpdistill import Dynamics, ImproperPolicyError, MaxDistillations, Problem, solve
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.process.repetition import After
from lpdistill.program.confirmation import _KEPT, confirm
from lpdistill.program.highs import FINEST, scaled_flow
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.program.proof import FactoredEquations, evaluated

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
ACCURACY = (1e-13, 1e-14, 100)


@every_problem
def test_prices_are_those_of_columns_one_by_one(problem):
    """Every column has the value that it has written out, to 1e-15, and the least is that of its configuration."""
    process, rng = Dynamics(problem), np.random.default_rng(1)
    values = rng.random(process.size) * 10
    found, every = process.price(values), process.everything()
    value = every.values_after(After.always(values, 3))
    assert found.value == pytest.approx(value, rel=1e-15, abs=0)
    least = [found.value[every.configuration == rank].min() for rank in range(process.size)]
    assert found.best.tolist() == least
    assert found.value[found.columns(np.ones(process.size, dtype=bool))].tolist() == least


@pytest.mark.parametrize("seed", range(60))
def test_prices_are_those_of_the_recursion(seed):
    """Random processes, with rules, discards and prices, are priced as by the recursion, to 1e-12."""
    process, _ = drawn(seed)
    values = np.random.default_rng(seed).random(process.size) * 10
    found, other = process.price(values).best, process.price_after(After.always(values, 3)).best
    known = np.isfinite(other)
    assert (np.isfinite(found) == known).all()
    assert found[known] == pytest.approx(other[known], rel=1e-12, abs=1e-12)


@every_problem
def test_policies_are_evaluated_as_by_lapack(problem):
    """A policy's values are those of its equations in numpy, to 1e-12, with lowered and raised ones beside them."""
    process = Dynamics(problem)
    policy = process.choose(GREEDY.columns(process.kernel))
    found, other = evaluated(policy), FactoredEquations(policy)
    for ours, theirs in ((found.values, other.values), (found.lowered, other.lowered), (found.raised, other.raised)):
        assert ours.nearest == pytest.approx(theirs.nearest, rel=1e-12, abs=0)
    assert (found.lowered.nearest <= found.values.nearest).all()
    assert (found.values.nearest <= found.raised.nearest).all()


def test_only_policies_are_evaluated():
    """Some columns, or two of one configuration, are no policy, and waiting has no value."""
    process = Dynamics(SMALL["four memories"])
    columns = GREEDY.columns(process.kernel)
    twice = np.concatenate([columns[:1], columns[:-1]])
    waiting = np.concatenate([columns[:-1], process.admission.waiting[-1:]])
    for some in (columns[1:], twice, waiting):
        choice = process.choose(some)
        assert choice.following.listed.evaluate(choice.cost, 1e-15, ACCURACY) is None


def test_mixtures_are_no_columns():
    """A policy that randomises is evaluated as the mixture that it is."""
    process = Dynamics(SMALL["four memories"])
    mixed = process.everything().mixed(np.full(process.column_count, 1 / process.column_count))
    assert mixed.following.listed is None


@every_problem
def test_the_program_is_that_of_scipy(problem):
    """The flow matrix made at once has the entries of the one that scipy adds up, to 1e-15."""
    from scipy import sparse  # noqa: PLC0415 - for comparison

    program = OccupationProgram.of(Dynamics(problem))
    begin, index, value = program.choice.following.listed.flow(FINEST.entry)
    ours = sparse.csc_array((value, index, begin), program.shape).toarray()
    begin, index, value = scaled_flow(program, program.choice.repetition.scale, FINEST.entry)
    theirs = sparse.csc_array((value, index, begin), program.shape).toarray()
    assert ours == pytest.approx(theirs, rel=1e-15, abs=1e-15)


@every_problem
def test_the_answer_is_that_of_numpy(problem):
    """Without what is compiled the waiting time is the same, to 1e-13 of the time that passes."""
    with without_compiled():
        other = solve(problem)
    found = solved(problem)
    assert abs(found.waiting_time - other.waiting_time) <= 1e-13 * found.plan.values[0]
    assert found.lower_bound <= other.upper_bound
    assert other.lower_bound <= found.upper_bound


@every_problem
def test_highs_confirms_an_optimal_policy_at_once(problem):
    """Given the whole program and the policy as its basis, HiGHS takes no iteration, and reports the proven time."""
    run = solved(problem).run
    assert run.iterations == 0
    assert run.objective == pytest.approx(solved(problem).waiting_time, rel=1e-9, abs=1e-9)


def test_highs_does_not_confirm_another_policy():
    """From a policy that is not optimal HiGHS goes on to the optimum: it sees the whole program."""
    process = Dynamics(SMALL["four memories, three levels"])
    found = confirm(OccupationProgram.of(process), GREEDY.columns(process.kernel))
    assert found.iterations > 0
    assert found.objective == pytest.approx(solved(process.problem).waiting_time, rel=1e-9, abs=0)


def test_each_thread_keeps_its_solver():
    """What HiGHS needs is made once for all problems of a thread, and never used by two at a time."""
    solve(SMALL["three memories"])
    mine, others = _KEPT.solver, []
    solve(SMALL["four memories"])
    assert _KEPT.solver is mine
    thread = threading.Thread(target=lambda: others.append((solve(SMALL["four memories"]).waiting_time, _KEPT.solver)))
    thread.start()
    thread.join()
    assert others[0][0] == solved(SMALL["four memories"]).waiting_time
    assert others[0][1] not in {None, mine}


def test_what_is_compiled_travels():
    """A policy of a small problem is pickled, and evaluated as before."""
    process = Dynamics(SMALL["four memories"])
    policy = process.choose(GREEDY.columns(process.kernel))
    again = pickle.loads(pickle.dumps(policy))  # noqa: S301 - our own
    assert evaluated(again).values.nearest.tolist() == evaluated(policy).values.nearest.tolist()


def test_problems_share_what_p_and_times_leave_alone():
    """Two problems that differ in p and times have one list of columns."""
    one, other = (Dynamics(SMALL["four memories"].replace(p=p, generation_time=t)) for p, t in ((0.3, 1), (0.6, 2)))
    assert one.kernel.actions.listing is other.kernel.actions.listing
    assert one.kernel.actions.listing is not None


def test_rules_apply():
    """A problem with rules has the answer that it has without compiled functions."""
    problem = SMALL["four memories, three levels"].with_constraints(MaxDistillations(1))
    with without_compiled():
        other = solve(problem).waiting_time
    assert solve(problem).waiting_time == pytest.approx(other, rel=1e-13, abs=0)


def test_replaced_columns_are_those_chosen_anew():
    """A policy some of whose columns are replaced is the one of all its columns, with the same values."""
    process = Dynamics(Problem("1/2", 20, "9/10", "94/100"))
    optimum = policy_iteration(process, process.admission.proper())
    greedy = process.choose(process.admission.proper())
    rows = np.flatnonzero(greedy.columns != optimum.policy.columns)
    policy = greedy.replaced(rows, process.choose(optimum.policy.columns[rows]))
    anew, values = process.choose(optimum.policy.columns), optimum.values
    for name in ("columns", "configuration", "cost", "leaving", "staying", "reaching"):
        assert getattr(policy, name).tolist() == getattr(anew, name).tolist()
    assert policy.expect(values).tolist() == anew.expect(values).tolist()


def test_replaced_mixtures_are_those_written_out():
    """Weights that are written out are replaced row by row."""
    every = solved(SMALL["four memories"]).process.everything()
    weights = every.mixed(np.ones(len(every.columns))).following
    rows = np.array([2, 0])
    found = weights.replaced(rows, weights.at(np.array([3, 4])))
    order = [4, 1, 3, *range(3, weights.matrix.shape[0])]
    assert (found.matrix != weights.matrix[order]).nnz == 0


@every_problem
def test_policies_are_improved_as_round_by_round(problem):
    """Improved in one call, a policy is the one that rounds end with, with the same values, columns and rounds."""
    process = Dynamics(problem)
    found = policy_iteration(process, process.admission.proper())
    with pytest.MonkeyPatch.context() as changes:
        changes.setattr("lpdistill.program.policy_iteration.iterated", lambda *_: None)
        other = policy_iteration(process, process.admission.proper())
    for name in ("values", "lower", "upper"):
        assert getattr(found, name).tolist() == getattr(other, name).tolist()
    assert found.policy.columns.tolist() == other.policy.columns.tolist()
    assert found.generated.tolist() == other.generated.tolist()
    assert found.rounds == other.rounds


def test_what_cannot_be_improved_in_one_call_is_left_to_rounds():
    """A policy that waits for ever somewhere is refused by name, not by the compiled function."""
    process = Dynamics(SMALL["four memories"])
    columns = process.admission.proper()
    columns = np.concatenate([columns[:-1], process.admission.waiting[-1:]])
    with pytest.raises(ImproperPolicyError):
        policy_iteration(process, columns)
