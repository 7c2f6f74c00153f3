"""Sizes in closed form against what there is, and refusal of what does not fit."""

import oracle
import pytest
from cases import REACHED_BY_DISTILLATION, SMALL, dynamics_of
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_maps import TOYS

from lpdistill import Attempts, Dynamics, EqualLevelsOnly, LimitError, MaxDistillations, Problem, Size, solve
from lpdistill.hardware.repertoire import Repertoire

both_attempts = pytest.mark.parametrize("attempts", [Attempts.FULL, Attempts.ALL])


def size_of(problem, attempts=Attempts.FULL):
    """The size of the program of a problem."""
    return Size.of(Repertoire.of(problem, attempts))


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
@both_attempts
def test_configurations_and_columns_are_counted(problem, attempts):
    """The closed forms are the numbers of configurations and actions that enumeration finds."""
    size = size_of(problem, attempts)
    chain = oracle.counted(oracle.Hardware.of(problem), full=attempts is Attempts.FULL)
    assert size.configurations == len(chain.steps)
    assert size.columns == sum(len(steps) for steps in chain.steps.values())


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(1, 12), st.sampled_from([(".75", ".79"), (".9", ".94"), (".65", ".71")]), st.sampled_from(Attempts))
def test_columns_are_numbered_without_gaps(memories, fidelities, attempts):
    """The closed form of the number of columns is the size of the numbering, also beyond enumeration."""
    problem = Problem(0.5, max(2, memories), *fidelities)
    found = Dynamics(problem, attempts).numbering.size
    assert found == size_of(problem, attempts).columns


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_matchings_are_counted(problem):
    """The closed form of the number of matchings is the number of matchings there are."""
    assert size_of(problem).matchings == dynamics_of(problem).kernel.matchings.size


@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
@both_attempts
def test_explicit_entries_are_counted(problem, attempts):
    """The closed form is the number of outcomes below the target of all columns, equal ones kept apart.

    A kind of distillation that is carried out ``x`` times has ``x + 1`` outcomes, or one if it reaches the target, and
    ``g`` attempts have ``g + 1``.
    """
    have = oracle.levels(oracle.Hardware.of(problem))
    chain = oracle.counted(oracle.Hardware.of(problem), full=attempts is Attempts.FULL)
    entries = 0
    for steps in chain.steps.values():
        for distilled, generated in steps:
            ways = generated + 1
            for low, high in set(distilled):
                if oracle.werner(have[low], have[high])[0] < problem.target:
                    ways *= distilled.count((low, high)) + 1
            entries += ways
    assert size_of(problem, attempts).explicit_entries == entries


@pytest.mark.parametrize(
    ("memories", "f0", "target", "configurations", "columns"),
    [
        (10, ".90", ".94", 286, 6_512),
        (8, ".65", ".71", 1_287, 40_677),
        (20, ".90", ".94", 1_771, 408_408),
        (12, ".65", ".71", 6_188, 1_188_341),
        (100, ".75", ".79", 5_151, 12_966_291),
        (32, ".90", ".94", 6_545, 10_705_189),
        (40, ".90", ".94", 12_341, 56_143_230),
    ],
)
def test_sizes_of_large_programs(memories, f0, target, configurations, columns):
    """The sizes of programs too large to be enumerated are those that an independent program counted."""
    size = size_of(Problem(0.5, memories, f0, target))
    assert (size.configurations, size.columns) == (configurations, columns)


@pytest.mark.parametrize("rules", [(), (MaxDistillations(2),), (EqualLevelsOnly(),)], ids=["none", "two", "equal"])
@pytest.mark.parametrize("problem", [*TOYS.values(), Problem(0.5, 9, ".9", ".94"), Problem(0.5, 6, ".65", ".71")])
def test_operations_are_counted(problem, rules):
    """The closed form is the number of entries of the tables of all nodes, times recipes that may end a run."""
    problem = problem.with_constraints(*rules)
    lattice, most = Dynamics(problem).kernel.lattice, problem.memories
    entries = sum(
        lattice.configurations.up_to(most - attempts - consumed)
        for consumed in lattice.nodes.consumed.tolist()
        for attempts in range(most - consumed + 1)
    )
    assert size_of(problem).operations == entries * (1 + len(lattice.second))
    assert lattice.compiled.entries == entries


def test_a_program_beyond_any_machine_is_refused():
    """Four hundred memories and three levels would make 10^16 columns: a LimitError that carries the sizes."""
    with pytest.raises(LimitError) as caught:
        solve(Problem(0.5, 400, ".9", ".94"))
    assert caught.value.size["columns"] > 10**15
    assert caught.value.size["configurations"] == 10_827_401


def test_an_explicit_program_beyond_any_machine_is_refused():
    """The same for methods that write columns out, where the factored program would still fit."""
    with pytest.raises(LimitError, match="columns"):
        solve(Problem(0.5, 40, ".9", ".94"), method="simplex")


def test_a_refusal_cannot_be_changed():
    """The sizes that an error carries are read-only."""
    with pytest.raises(LimitError) as caught:
        solve(Problem(0.5, 400, ".9", ".94"))
    with pytest.raises(TypeError):
        caught.value.size["columns"] = 0


def test_attempts_may_be_named():
    """The name of a number of attempts means what it says, as it does everywhere else."""
    problem = Problem(0.5, 4, ".75", ".79")
    assert size_of(problem, "all") == size_of(problem, Attempts.ALL)
