"""Numbers that were published or derived elsewhere: tables of the literature, closed forms, large programs.

Published numbers, and the closed forms, do not charge the step that reaches the target.
"""

import csv
from fractions import Fraction
from importlib.resources import files

import oracle
import pytest

from lpdistill import Problem, baseline, compare, solve


def rows_of(name):
    """The rows of a published table."""
    with files("lpdistill.study").joinpath("published", name).open() as file:
        return list(csv.DictReader(file))


GRID, MEMORIES = rows_of("grid.csv"), rows_of("memories.csv")
PUBLISHED = [pytest.param(row, id="p={p} M={memories} {f0}->{target}".format(**row)) for row in [*GRID, *MEMORIES]]


def free(*args, **kwargs):
    """The waiting time without the last step."""
    return solve(Problem(*args, **kwargs, final_step="free")).waiting_time


def test_all_published_numbers_are_here():
    """There are 28 points over fidelities and 15 over memories."""
    assert (len(GRID), len(MEMORIES)) == (28, 15)


@pytest.mark.parametrize("row", PUBLISHED)
def test_published_optimum(row):
    """Optima of arXiv:2606.14908 are met within 2e-5: they were iterated to a tolerance of 1e-6, up to 1.2e-5 off."""
    assert free(row["p"], row["memories"], row["f0"], row["target"]) == pytest.approx(
        float(row["optimal"]), rel=0, abs=2e-5
    )


@pytest.mark.parametrize("name", ["pumping", "nested", "greedy"])
@pytest.mark.parametrize("row", GRID, ids=lambda row: "p={p} {f0}->{target}".format(**row))
def test_published_baseline(row, name):
    """The 84 published times of baselines are met within 2e-5, as the optima are."""
    problem = Problem(row["p"], row["memories"], row["f0"], row["target"], final_step="free")
    assert baseline(problem, name).waiting_time == pytest.approx(float(row[name]), rel=0, abs=2e-5)


@pytest.mark.parametrize("row", GRID, ids=lambda row: "p={p} {f0}->{target}".format(**row))
def test_published_number_of_levels(row):
    """The published points have two or three levels, as stated."""
    assert len(Problem(row["p"], 4, row["f0"], row["target"]).levels) == int(row["levels"])


def test_published_advantage_depends_on_the_last_step():
    """At p = .7, .9 -> .94, M = 4, nested takes 10.34 % longer than the optimum, or 7.88 % if the last step counts."""
    (row,) = [row for row in GRID if (row["p"], row["f0"]) == ("0.7", "0.9")]
    optimum, nested = free("0.7", 4, "0.9", "0.94"), float(row["nested"])
    assert (nested - optimum) / nested == pytest.approx(0.1034, abs=5e-5)
    charged = solve(Problem("0.7", 4, "0.9", "0.94")).waiting_time
    assert (nested + 2 - charged) / (nested + 2) == pytest.approx(0.0788, abs=5e-5)
    for final_step, advantage in (("free", 0.1034), ("charged", 0.0788)):
        compared = compare(Problem("0.7", 4, "0.9", "0.94", final_step=final_step), ["nested"])
        assert compared.advantage("nested") == pytest.approx(advantage, abs=5e-5)


def pumped(p, f0, target):
    """Closed form for two memories: pump from two raw pairs, start again on failure; exact.

    ``[g2 + c_1 + sum_j (d_1...d_{j-1}) (g1 + c_j)] / (d_1...d_n)`` with ``g1 = 1/p``, ``g2 = (3-2p)/(p(2-p))``,
    ``c_j = 2`` for ``j < n`` and ``c_n = 2 (1 - d_n)``.
    """
    chances, fidelity = [], f0
    while fidelity < target:
        fidelity, chance = oracle.werner(fidelity, f0)
        chances.append(chance)
    n, reached, total = len(chances), Fraction(1), (3 - 2 * p) / (p * (2 - p))
    for j, chance in enumerate(chances, 1):
        total += reached * ((1 / p if j > 1 else 0) + (2 if j < n else 2 * (1 - chance)))
        reached *= chance
    return total / reached, n


@pytest.mark.parametrize("p", [Fraction(1, 1000), Fraction(3, 10), Fraction(2, 3), Fraction(1)], ids=str)
@pytest.mark.parametrize(
    ("f0", "target", "rounds"),
    [
        ("3/4", "31/40", 1),
        ("3/4", "79/100", 2),
        ("3/4", "81/100", 3),
        ("9/10", "94/100", 3),
        ("3/5", "64/100", 4),
        ("3/4", "825/1000", 7),
        ("3/4", "8255/10000", 9),
    ],
)
def test_pumping_with_two_memories(p, f0, target, rounds):
    """Two memories can only pump, and the time of any number of rounds is the closed form to 1e-12."""
    expected, n = pumped(p, Fraction(f0), Fraction(target))
    assert n == rounds
    assert free(p, 2, f0, target) == pytest.approx(float(expected), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("p", "time"), [(".3", Fraction(52270, 2941)), (".6", Fraction(12980, 1211)), (".9", Fraction(15650, 1903))]
)
def test_two_rounds_with_two_memories(p, time):
    """3/4 -> 79/100 with two memories: ``T(p) = 2 (385 p^2 - 329 p - 720) / (173 p (p - 2))``, to 1e-12."""
    q = Fraction(p)
    assert 2 * (385 * q**2 - 329 * q - 720) / (173 * q * (q - 2)) == time
    assert free(p, 2, "3/4", "79/100") == pytest.approx(float(time), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("memories", "time"),
    [
        (3, Fraction(1976711710, 309269159)),
        (4, Fraction(30859997847429257950, 5771424673694636877)),
    ],
)
def test_exact_times_of_more_memories(memories, time):
    """For p = 9/10, 3/4 -> 79/100: the known rational optima of three and four memories, to 1e-12."""
    assert free("9/10", memories, "3/4", "79/100") == pytest.approx(float(time), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("p", "memories", "f0", "target", "time"),
    [
        (".5", 10, ".90", ".94", 3.786708706968),
        (".5", 8, ".65", ".71", 7.871471963250),
        (".5", 20, ".90", ".94", 3.094568643028),
        (".5", 12, ".65", ".71", 5.760572408459),
    ],
)
def test_large_programs(p, memories, f0, target, time):
    """Programs of up to a million columns have the optimum that an independent program found, to its 12 decimals."""
    assert free(p, memories, f0, target) == pytest.approx(time, rel=0, abs=1e-12)


def test_ten_million_columns():
    """Thirty-two memories, 10,705,189 columns: the known optimum to 12 decimals, proved to as many."""
    solution = solve(Problem(".5", 32, ".90", ".94", final_step="free"))
    assert solution.run.columns == 10_705_189
    assert solution.waiting_time == pytest.approx(3.007502023635, rel=0, abs=1e-12)
    assert solution.upper_bound - solution.lower_bound < 1e-10


def nested_rounds(f0, target):
    """Least number of rounds of distilling equals that pass the target."""
    rounds, fidelity = 0, Fraction(f0)
    while fidelity < Fraction(target):
        rounds, fidelity = rounds + 1, oracle.werner(fidelity, fidelity)[0]
    return rounds


@pytest.mark.parametrize(
    ("f0", "target", "memories", "distance"),
    [("3/4", "31/40", 40, 1e-8), ("3/4", "79/100", 60, 1e-6), ("9/10", "94/100", 30, 1e-2)],
)
def test_many_memories_take_one_generation_and_the_nested_rounds(f0, target, memories, distance):
    """With more and more memories the time falls to ``1 + 2 (k - 1)``, ``k`` nested rounds, and never below."""
    limit = 1 + 2 * (nested_rounds(f0, target) - 1)
    assert limit - 1e-12 <= free(".9", memories, f0, target) <= limit + distance


JUMPS = ["0.58871323", "0.62701878", "0.88868491"]


@pytest.mark.parametrize("f0", JUMPS)
def test_jumps_of_the_waiting_time(f0):
    """For a gap of .04 and four memories, the time jumps at the raw fidelities where a level crosses the target."""
    below, above = (free("7/10", 4, Fraction(f0) + Fraction(side, 10**8), gap="0.04") for side in (-1, 1))
    assert abs(below - above) > 1


def test_no_jumps_elsewhere():
    """Elsewhere the time is continuous: over 1e-6 it changes by less than 1e-3."""
    for thousandth in range(590, 909, 10):
        f0 = Fraction(thousandth, 1000)
        first, second = (free("7/10", 4, x, gap="0.04") for x in (f0, f0 + Fraction(1, 10**6)))
        assert abs(first - second) < 1e-3


def test_a_published_jump_beyond_the_pumping_limit():
    """At 0.91814976 two nested rounds just miss the target, with infinitely many levels below it on either side."""
    f0 = Fraction("0.91814976")
    once = oracle.werner(f0, f0)[0]
    assert abs(oracle.werner(once, once)[0] - (f0 + Fraction(4, 100))) < Fraction(1, 10**8)
    below, above = (free("7/10", 4, f0 + Fraction(shift, 10**8), gap="0.04") for shift in (-1, 0))
    assert (below, above) == (pytest.approx(5.485264476997), pytest.approx(8.169764839829))
