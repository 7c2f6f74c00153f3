"""Linear programs as MPS files, read by a solver that knows nothing of the package."""

from __future__ import annotations

import re
from fractions import Fraction

import highspy
import networkx as nx
import numpy as np
import pytest
from cases import SMALL, problems, solved
from constrained_oracle import STANDARD, amount, everything
from hypothesis import HealthCheck, given, settings
from oracle import TARGET, Hardware

from lpdistill import Budget, LimitError, MaxDistillations, ModelError, Problem, Resource, solve
from lpdistill.export.programs import write_mps
from lpdistill.program.highs import unscaled_model
from lpdistill.program.occupation import OccupationProgram
from lpdistill.solving import process_and_budgets

THREE = Problem("1/2", 3, "3/4", "79/100")
RARE = SMALL["rare generation"]
PROBLEMS = {
    **{name: problem for name, problem in SMALL.items() if problem is not RARE},
    "one distillation at a time": THREE.with_constraints(MaxDistillations(1)),
    "discarding": THREE.replace(discarding=True),
    "a budget": THREE.with_constraints(Budget("generation_attempts", 11)),
    "a budget, last step free": THREE.replace(final_step="free").with_constraints(Budget("generation_attempts", 11)),
    "a lower limit": THREE.with_constraints(Budget("generation_attempts", least=12)),
    "limits on both sides": THREE.with_constraints(Budget("memory_time", 17, least="33/2")),
    "two budgets": THREE.with_constraints(Budget("generation_attempts", 11), Budget("memory_time", "163/10")),
    "a resource of the user's": THREE.with_constraints(
        Budget(Resource("energy in mJ", lambda step: 2 * step.generate + 5 * len(step.distil)), 38)
    ),
}


def read(file):
    """A fresh HiGHS that has read a file without complaint."""
    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("small_matrix_value", 1e-12)  # by default HiGHS drops what is below 1e-9
    assert highs.readModel(str(file)) == highspy.HighsStatus.kOk
    return highs


def optimum(file):
    """The optimum of a file's program, as a fresh HiGHS finds it."""
    highs = read(file)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getInfo().objective_function_value


def columns(file):
    """Cost and entries of every column by its name, entries by the name of their row."""
    program = read(file).getLp()
    rows, matrix = program.row_names_, program.a_matrix_
    return {
        name: (
            program.col_cost_[j],
            {rows[matrix.index_[k]]: matrix.value_[k] for k in range(matrix.start_[j], matrix.start_[j + 1])},
        )
        for j, name in enumerate(program.col_names_)
    }


def meaning(name):
    """What the name of a column says: the configuration, and the pairs distilled, attempts and levels discarded."""
    state, action = name.split(":")
    assert re.fullmatch(r"n\d+(_\d+)*", state)
    assert re.fullmatch(r"wait|(d\d+_\d+|g\d+|x\d+)(_(d\d+_\d+|g\d+|x\d+))*", action)
    distilled = tuple(sorted((int(a), int(b)) for a, b in re.findall(r"d(\d+)_(\d+)", action)))
    return tuple(map(int, state[1:].split("_"))), (
        distilled,
        sum(map(int, re.findall(r"g(\d+)", action))),
        tuple(map(int, re.findall(r"x(\d+)", action))),
    )


def two_ways():
    """A state graph with nodes of all sorts: a sure slow way and a quick one that may fail."""
    graph = nx.DiGraph(start=("a", 1))
    graph.add_node(("a", 1), kind="state")
    graph.add_node("the end", kind="target")
    for node, time, chance in ((1, 2.0, 0.5), ("1", 1.5, 0.2), ("long way", 3.75, 1.0)):
        graph.add_node(node, kind="action", time=time)
        graph.add_edge(("a", 1), node)
        graph.add_edge(node, "the end", probability=chance)
        if chance < 1:
            graph.add_edge(node, ("a", 1), probability=1 - chance)
    return graph


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_highs_finds_the_waiting_time_in_the_file(problem, tmp_path):
    """A fresh HiGHS reads the file to the waiting time, budgets and the free last step included."""
    write_mps(problem, tmp_path / "program.mps")
    assert optimum(tmp_path / "program.mps") == pytest.approx(solved(problem).waiting_time, rel=1e-9)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problems())
def test_highs_finds_the_waiting_time_of_random_problems(tmp_path, problem):
    """The same for random problems."""
    write_mps(problem, tmp_path / "program.mps")
    wanted = solve(problem).waiting_time
    assert optimum(tmp_path / "program.mps") == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_highs_finds_the_waiting_time_of_a_state_graph(tmp_path):
    """The file of a problem's state graph, some actions removed, has the optimum of that graph."""
    graph = THREE.graph()
    doomed = [n for n, data in graph.nodes(data=True) if data["kind"] == "action" and (0, 0) in data["distil"]][:1]
    graph.remove_nodes_from(doomed)
    assert doomed
    write_mps(graph, tmp_path / "graph.mps")
    assert optimum(tmp_path / "graph.mps") == pytest.approx(solve(graph).waiting_time, rel=1e-9)


def test_budgets_of_a_state_graph_are_in_the_file(tmp_path):
    """The file of a state graph with a budget has the optimum of the problem with that budget."""
    problem = PROBLEMS["two budgets"]
    write_mps(problem.graph(), tmp_path / "graph.mps")
    assert optimum(tmp_path / "graph.mps") == pytest.approx(solved(problem).waiting_time, rel=1e-9)


def test_nodes_of_any_kind_become_names_of_their_own(tmp_path):
    """Nodes with blanks, tuples, and two that read the same still make a file with distinct names and its optimum."""
    write_mps(two_ways(), tmp_path / "graph.mps")
    program = read(tmp_path / "graph.mps").getLp()
    assert len(set(program.col_names_)) == 3
    assert optimum(tmp_path / "graph.mps") == pytest.approx(3.75, rel=1e-12)


@pytest.mark.parametrize("name", ["four memories", "limits on both sides", "a budget, last step free"])
def test_numbers_keep_all_their_digits(name, tmp_path):
    """What HiGHS reads from a file is the program bit for bit, whichever release of it writes or reads files."""
    problem = PROBLEMS[name]
    write_mps(problem, tmp_path / "program.mps")
    found = read(tmp_path / "program.mps").getLp()
    wanted = unscaled_model(OccupationProgram.of(*process_and_budgets(problem)[:1], budgets=problem.budgets))
    constant = [wanted.offset_] if wanted.offset_ else []
    assert np.array_equal(found.col_cost_, [*wanted.col_cost_, *constant])
    for part in ("row_lower_", "row_upper_"):
        assert np.array_equal(getattr(found, part), getattr(wanted, part))
    assert np.array_equal(found.a_matrix_.value_, wanted.a_matrix_.value_)


def test_a_free_last_step_is_a_column_fixed_at_one(tmp_path):
    """The constant of the objective is no right-hand side, which readers give different signs, but a column."""
    write_mps(PROBLEMS["a budget, last step free"], tmp_path / "program.mps")
    text, program = (tmp_path / "program.mps").read_text(), read(tmp_path / "program.mps").getLp()
    assert program.col_names_[-1] == "last_step:free"
    assert (program.col_cost_[-1], program.col_lower_[-1], program.col_upper_[-1]) == (-2, 1, 1)
    assert program.offset_ == 0
    assert "Obj" not in text.partition("\nRHS\n")[2]
    assert program.a_matrix_.start_[-1] == program.a_matrix_.start_[-2]


def test_long_names_end_where_readers_end(tmp_path):
    """Names of nodes without end, in any alphabet, become short words of ASCII that differ."""
    graph = nx.relabel_nodes(two_ways(), {node: f"{node} η" * 200 for node in two_ways()})
    graph.graph["start"] = f"{two_ways().graph['start']} η" * 200
    write_mps(graph, tmp_path / "graph.mps")
    program = read(tmp_path / "graph.mps").getLp()
    assert max(map(len, (*program.row_names_, *program.col_names_))) < 160
    assert (tmp_path / "graph.mps").read_text().isascii()
    assert optimum(tmp_path / "graph.mps") == pytest.approx(3.75, rel=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_names_are_unique_words(problem, tmp_path):
    """No two rows and no two columns of a file have the same name, and none contains a blank."""
    write_mps(problem, tmp_path / "program.mps")
    program = read(tmp_path / "program.mps").getLp()
    for names in (program.row_names_, program.col_names_):
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"\S+", name) for name in names)


@pytest.mark.parametrize("name", ["four memories", "discarding", "a budget", "one distillation at a time"])
def test_names_say_what_the_columns_do(name, tmp_path):
    """Every column costs, and moves between the rows, what the enumerated model says of the action in its name."""
    problem = PROBLEMS[name]
    chain = everything(Hardware.of(problem), discarding=problem.discarding)
    write_mps(problem, tmp_path / "program.mps")
    for column, (cost, entries) in columns(tmp_path / "program.mps").items():
        counts, deed = meaning(column)
        step = chain.steps[counts][deed]
        wanted = {counts: Fraction(1)}
        for after, chance in step.moves.items():
            if after != TARGET:
                wanted[after] = wanted.get(after, Fraction(0)) - chance
        assert cost == pytest.approx(float(step.cost), rel=1e-14)
        flow = {row: value for row, value in entries.items() if not row.startswith("budget")}
        assert flow == pytest.approx(
            {"n" + "_".join(map(str, at)): float(value) for at, value in wanted.items() if value}, rel=1e-13
        )


def test_outcomes_too_improbable_for_highs_count_as_nothing_happening(tmp_path):
    """An outcome of probability 1e-12 is left out on both sides of its column, so that it is no way to the target."""
    chain = everything(Hardware.of(RARE))
    write_mps(RARE, tmp_path / "program.mps")
    for column, (_, entries) in columns(tmp_path / "program.mps").items():
        counts, deed = meaning(column)
        reached = float(chain.steps[counts][deed].moves.get(TARGET, 0))
        assert sum(entries.values()) == pytest.approx(reached, abs=1e-15)


@pytest.mark.parametrize("resource", STANDARD)
def test_budget_rows_carry_what_the_columns_use(resource, tmp_path):
    """The row named after a budget has, in every column, the amount that the enumerated model's action uses."""
    problem = THREE.with_constraints(Budget(resource, 1000))
    write_mps(problem, tmp_path / "program.mps")
    found, wanted = {}, {}
    for column, (_, entries) in columns(tmp_path / "program.mps").items():
        used = amount(Hardware.of(problem), resource, *meaning(column))
        wanted |= {column: float(used)} if used else {}
        if f"budget:{resource}" in entries:
            found[column] = entries[f"budget:{resource}"]
    assert found == pytest.approx(wanted, rel=1e-13)


def test_budget_rows_have_both_limits(tmp_path):
    """A budget with two limits is one row between them."""
    write_mps(PROBLEMS["limits on both sides"], tmp_path / "program.mps")
    program = read(tmp_path / "program.mps").getLp()
    row = program.row_names_.index("budget:memory_time")
    assert (program.row_lower_[row], program.row_upper_[row]) == (16.5, 17.0)


def test_budget_rows_have_names_of_their_own(tmp_path):
    """Two resources whose names read the same as one word make two rows with distinct names, and cost no other name."""
    budgets = [Budget(Resource(name, lambda step: step.generate), 1000) for name in ("energy J", "energy-J")]
    write_mps(THREE.with_constraints(*budgets), tmp_path / "program.mps")
    *states, one, other = read(tmp_path / "program.mps").getLp().row_names_
    assert states[:3] == ["n0_0", "n0_1", "n1_0"]
    assert one.startswith("budget:energy_J")
    assert other.startswith("budget:energy_J")
    assert one != other


def test_budgets_that_cannot_be_kept_make_an_infeasible_file(tmp_path):
    """A problem without a solution has a file all the same, and HiGHS finds no solution in it."""
    write_mps(THREE.with_constraints(Budget("generation_attempts", 5)), tmp_path / "program.mps")
    highs = read(tmp_path / "program.mps")
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible


@pytest.mark.parametrize("name", ["program.lp", "program", "program.mps.txt", ".mps"])
def test_another_suffix_is_refused(name, tmp_path):
    """A file without the suffix .mps is refused with the suffix that it must have, and not written."""
    with pytest.raises(ModelError, match=r"\.mps") as caught:
        write_mps(THREE, tmp_path / name)
    assert caught.value.value == str(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    """A path in no folder is one error that repeats the path."""
    with pytest.raises(ModelError, match="cannot be written") as caught:
        write_mps(THREE, tmp_path / "nowhere" / "program.mps")
    assert caught.value.value == str(tmp_path / "nowhere" / "program.mps")


def test_a_program_too_large_is_refused_with_its_size(tmp_path):
    """What fits no memory is refused before anything is written, with the number of its columns."""
    with pytest.raises(LimitError) as caught:
        write_mps(Problem("1/2", 300, "9/10", "94/100"), tmp_path / "program.mps")
    assert caught.value.size["columns"] > 10**15
    assert not list(tmp_path.iterdir())
