"""A process with time in its configurations: a process like any other, and the enumerated one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from constrained_oracle import everything
from deadline_oracle import closes, timed
from oracle import TARGET, Hardware

from lpdistill import Dynamics, MaxAttempts, ModelError, OccupationProgram, Problem, solve
from lpdistill.process.graph.state_graph import process_of
from lpdistill.process.repetition import After
from lpdistill.process.tariff import Tariff
from lpdistill.process.time_augmented import BEING_LATE, TimeAugmented
from lpdistill.program.policy_iteration import policy_iteration

FEW = Problem("7/10", 3, "3/4", "79/100")
CASES = {
    "charged": (FEW, 7),
    "free": (FEW.replace(final_step="free"), 5),
    "discarding": (FEW.replace(discarding=True), 6),
    "rational times": (FEW.replace(generation_time="1/2", distillation_time="1/3"), 9),
    "generation takes no time": (FEW.replace(generation_time=0), 3),
    "distillation takes no time": (FEW.replace(distillation_time=0), 3),
    "shorter than any step": (FEW.replace(generation_time=3), 1),
    "no slot at all": (FEW, 0),
    "rules": (FEW.with_constraints(MaxAttempts(1)), 6),
    "one level, certain": (Problem(1, 4, "3/4", "31/40"), 5),
}
some = pytest.mark.parametrize(("problem", "window"), CASES.values(), ids=CASES)


def augmented(problem, window, attempts="all"):
    """The process with time."""
    return TimeAugmented(Dynamics(problem, attempts), window)


def arbitrary(size, seed=1):
    """Values without structure, not negative."""
    return np.random.default_rng(seed).uniform(0.5, 5.0, size)


@some
def test_columns_are_those_of_the_enumerated_chain(problem, window):
    """Every column has the duration, the outcomes and the lateness of the same action in the enumerated chain."""
    process, plain = augmented(problem, window), everything(Hardware.of(problem), discarding=problem.discarding)
    chain, late = timed(plain, window), closes(plain, window)
    columns, unit = process.columns, process.layers.lattice.unit
    choice = process.choose(columns)
    moves = choice.moves.tocsr()
    used = process.amounts(BEING_LATE, columns)
    actions = process.names.actions(columns)
    for row in range(len(columns)):
        counts, passed = process.names.key(int(choice.configuration[row]))
        state = counts, None if passed is None else int(passed / unit)
        name = tuple(sorted(actions[row].distil)), actions[row].generate, tuple(actions[row].discard)
        step = chain.steps[state][name]
        here = slice(moves.indptr[row], moves.indptr[row + 1])
        found = {}
        for rank, probability in zip(moves.indices[here].tolist(), moves.data[here].tolist(), strict=True):
            after, time = process.names.key(rank)
            found[after, None if time is None else int(time / unit)] = probability
        if choice.staying[row]:
            found[state] = found.get(state, 0.0) + choice.staying[row]
        wanted = {after: float(p) for after, p in step.moves.items() if after != TARGET}
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-18)
        assert choice.leaving[row] + choice.staying[row] == pytest.approx(1, abs=1e-15)
        assert choice.reaching[row] == pytest.approx(float(step.moves.get(TARGET, 0)), rel=1e-12)
        assert choice.cost[row] == float(step.cost)
        assert used[row] == late(state, name)


@some
def test_prices_are_the_least_action_values(problem, window):
    """Pricing finds the least action value of every configuration, and columns that attain it; being late costs."""
    process = augmented(problem, window).under(Tariff(0.7, ((BEING_LATE, 3.0),)))
    values = arbitrary(process.size)
    columns = process.columns
    choice = process.choose(columns)
    each = choice.action_values(values)
    least = np.full(process.size, np.inf)
    np.minimum.at(least, choice.configuration, each)
    priced = process.price(values)
    assert priced.best == pytest.approx(least, rel=1e-13)
    wanted = np.isfinite(least) & (np.arange(process.size) % 3 != 1)
    chosen = process.choose(priced.columns(wanted))
    assert chosen.configuration.tolist() == np.flatnonzero(wanted).tolist()
    assert chosen.action_values(values) == pytest.approx(least[wanted], rel=1e-13)
    slack = np.linspace(0.1, 0.5, process.size)
    near = wanted[choice.configuration] & (each <= (least + slack)[choice.configuration])
    assert process.choose(priced.tied(wanted, slack)).columns.tolist() == columns[near].tolist()


@some
def test_the_optimum_does_not_look_at_the_time(problem, window):
    """Without a limit on being late, the least expected time is that of the process without time, in every layer."""
    process = augmented(problem, window)
    found = policy_iteration(process, process.admission.proper()).values.reshape(process.layers.count, -1)
    plain = solve(problem).values.array + float(process.durations.uncharged)
    for layer in found:
        assert layer == pytest.approx(plain, rel=1e-11)


@some
def test_configurations_have_names(problem, window):
    """A configuration is found by its counts and the time that has passed, None once it is late."""
    process = augmented(problem, window)
    for rank in range(process.size):
        assert process.names.rank(process.names.key(rank)) == rank
    assert process.names.key(0) == (process.base.names.key(0), 0)
    assert process.names.key(process.size - 1)[1] is None
    for wrong in (0, ((0,) * 9, 0), (process.base.names.key(0), "soon"), (process.base.names.key(0), 1000)):
        with pytest.raises(KeyError):
            process.names.rank(wrong)
    between = process.layers.lattice.unit / Fraction(2)
    with pytest.raises(KeyError, match="no step begins"):
        process.names.rank((process.base.names.key(0), between))


@some
def test_waiting_is_what_changes_nothing(problem, window):
    """The columns that change nothing are those that nothing comes of."""
    process = augmented(problem, window)
    columns = process.columns
    assert process.admission.waiting.tolist() == columns[process.choose(columns).leaving == 0].tolist()


@pytest.mark.parametrize("problem", [FEW, FEW.replace(discarding=True), FEW.replace(final_step="free")])
def test_state_graphs_are_processes_too(problem):
    """The process with time of a problem's state graph has the same program as that of the problem."""
    ours = OccupationProgram.of(augmented(problem, 5))
    graph = OccupationProgram.of(TimeAugmented(process_of(problem.graph(attempts="all")), 5))
    assert graph.shape == ours.shape
    assert np.sort(graph.cost) == pytest.approx(np.sort(ours.cost))
    assert graph.matrix.sum() == pytest.approx(ours.matrix.sum(), rel=1e-12)


@some
def test_pricing_after_steps_of_given_durations(problem, window):
    """Prices for values that depend on the duration of the step are those of the columns written out."""
    process = Dynamics(problem, "all")
    kinds = len(process.durations.times)
    values = np.array([arbitrary(process.size, seed=window + kind) for kind in range(kinds)])
    for charge, staying in [([0, 1.5, 0], [1, 1, 1]), ([0.5, 0, np.inf], [0, 1, 0]), ([np.inf, 0, 0.25], [1, 0, 0])]:
        after = After(values, np.array(charge, dtype=float), np.array(staying, dtype=bool))
        choice = process.choose(process.columns)
        each = choice.values_after(after)
        kind = process.durations.kind(choice.columns)
        dense = choice.moves.toarray()
        for row in range(len(each)):
            k = kind[row]
            total = choice.cost[row] + charge[k] + dense[row] @ values[k]
            if staying[k]:
                total += choice.staying[row] * values[k][choice.configuration[row]]
            else:
                total = total / choice.leaving[row] if choice.leaving[row] else np.inf
            assert each[row] == pytest.approx(total, rel=1e-12)
        least = np.full(process.size, np.inf)
        np.minimum.at(least, choice.configuration, each)
        assert process.price_after(after).best == pytest.approx(least, rel=1e-12)


def test_a_graph_with_a_number_called_late_is_refused():
    """The name of the resource is taken: a graph whose actions carry such a number is refused."""
    graph = FEW.graph()
    for node, kind in graph.nodes(data="kind"):
        if kind == "action":
            graph.nodes[node]["late"] = 1.0
    with pytest.raises(ModelError, match="late"):
        TimeAugmented(process_of(graph), 3)
