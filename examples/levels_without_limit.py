"""Targets past the pumping limit: optima of infinitely many levels, and the least waiting time against the target.

The picture is drawn to the file named on the command line.  With ``--heavy`` two brackets are added that take minutes.
"""

import sys
from fractions import Fraction

from lpdistill import Attempts, Banded, Budget, EqualLevelsOnly, Problem, RawPairOnly, pictures, solve
from lpdistill.physics.levels import Tree
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.physics.werner import distilled_fidelity
from lpdistill.problem.labels import with_labels
from lpdistill.problem.question import process_of_question
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import RESOURCES
from lpdistill.program.label_models import label_model
from lpdistill.program.methods import Method, optimum_within
from lpdistill.program.policy_iteration import policy_iteration

HEAVY = "--heavy" in sys.argv
FILES = [name for name in sys.argv[1:] if not name.startswith("--")]
ROWS = [
    (".5", 3, ".8", ".88"),
    (".9", 4, ".75", ".85"),
    (".7", 3, ".95", ".98"),
    (".5", 6, ".8", ".9"),
    (".5", 3, ".9", ".95"),
]
MORE = [(".5", 8, ".8", ".9"), (".7", 4, ".95", ".99", "1e-9")] if HEAVY else []


def bracket(p: str, memories: int, f0: str, target: str, within: str | None = None) -> tuple[float, float]:
    """The bounds of the least waiting time, printed with the size of the program that proves the lower one."""
    solution = solve(Problem(p, memories, f0, target), within=within, time_limit=900)
    low, high, refinement = solution.lower_bound, solution.upper_bound, solution.bracket and solution.bracket.refinement
    times = f"{solution.waiting_time:.10f}" if solution.status == "optimal" else f"[{low:.8f}, {high:.8f}]"
    size = "all levels"
    if refinement is not None:
        process = refinement.lower.process
        size = f"{len(refinement.grid)} labels, {process.size:,} configurations, {process.column_count:,} columns"
    print(f"p = {p}, M = {memories}, {f0} -> {target}: {times}; {size}")
    return low, high


print("Past the pumping limit")
for row in ROWS + MORE:
    bracket(*row)

print("\nAgainst the target")
targets = [*(f"{thousandths / 1000:g}" for thousandths in range(810, 915, 5)), "0.92"]
gaps = {"0.92": "0.1", "0.93": "0.1", "0.94": "0.168"}
bounds = {t: bracket(".5", 4, ".8", t, gaps.get(t)) for t in targets + (["0.93", "0.94"] if HEAVY else [])}
problem = Problem(".5", 4, ".8", ".89")
axes = pictures.canvas(
    None, "p = 0.5, M = 4, f0 = 0.8, times 1 (generation) and 2 (distillation)", width=7.2, height=3.8
)
exact = {float(t): (low + high) / 2 for t, (low, high) in bounds.items() if t not in gaps}
axes.plot(*zip(*exact.items(), strict=True), "o", color="#0072b2", markersize=4, label="optimum")
open_ = {float(t): pair for t, pair in bounds.items() if t in gaps}
axes.vlines([*open_], *zip(*open_.values(), strict=True), color="#d55e00", linewidth=4, label="bracket, stopped early")
reach = problem.reach
for limit, name in ((reach.pumping_limit, "pumping limit"), (reach.memory_limit, "memory limit")):
    axes.axvline(limit, color="0.4", linestyle=":")
    axes.annotate(name, (limit, 4), (-4, 4), textcoords="offset points", color="0.4", rotation=90, ha="right")
axes.set(
    xlabel="target fidelity",
    ylabel=f"least expected waiting time\n({pictures.UNIT})",
    yscale="log",
    yticks=[5, 10, 20, 50, 100],
)
axes.yaxis.set_major_formatter("{x:g}")
axes.minorticks_off()
axes.legend(frameon=False, loc="upper left")
pictures.save(axes, FILES[0] if FILES else "levels_without_limit.png")

print("\nEquality decides")
level = Fraction(559, 692)
for more in (0, Fraction(1, 10**15)):
    print(f"0.75 -> 559/692 + {float(more):g}: {solve(Problem('.5', 4, '.75', level + more)).waiting_time:.12f}")
print(f"D(0.92, 0.8) = {float(distilled_fidelity(Fraction('.92'), Fraction('.8'))):.6f}")

print("\nRefinement, and uniform bins: p = .9, M = 4, 0.75 -> 0.85")
problem = Problem(".9", 4, ".75", ".85")
for one in solve(problem).bracket.refinement.rounds:
    print(one)


def models(problem: Problem, grid: Grid) -> tuple[Problem, Problem]:
    """Both label models of a grid."""
    low, high = (with_labels(problem, label_model(problem, grid, one)) for one in (Rounding.CEIL, Rounding.FLOOR))
    return low, high


def on_labels(problem: Problem) -> float:
    """The least waiting time of a label model, whether or not it bounds anything."""
    process = process_of_question(problem)
    plan = optimum_within(process, problem.budgets, Method.AUTO)[0].plan
    return float(plan.values[0]) - float(process.durations.uncharged)


for bins in (5, 10, 20, 30):
    width = (problem.target - problem.f0) / bins
    uniform = {problem.f0 + number * width: Tree() for number in range(bins)}
    grid = Grid(problem.distillation, problem.f0, problem.target, uniform)
    low, high = (on_labels(one) for one in models(problem, grid))
    print(f"{bins} uniform bins: between {low:.6f} and {high:.6f}, {high / low - 1:.1%} apart")

print("\nFewer labels than levels: p = .5, 0.65 -> 0.71")
for memories in (12, 20):
    some = Problem(".5", memories, ".65", ".71", final_step="free")
    labels = solve(some, within="1e-9")
    used = labels.bracket
    print(
        f"M = {memories}: {labels.waiting_time:.11f}; {used.optimistic.run.columns:,} columns" if used else "all levels"
    )
print(f"M = 12: {solve(Problem('.5', 12, '.65', '.71'), all_levels=True).run.columns:,} columns with all 5 levels")

print("\nWhere labels do not bracket: p = .9, M = 3, 0.8 -> 0.86")
for limit, times in (
    (Budget("generation_attempts", least="12.3"), (1, 2)),
    (Budget("raw_pairs", least="11.1"), (1, 2)),
    (Budget("distillations", least="6.9"), (1, 2)),
    (Budget("failed_distillations", least="1.5"), (1, 2)),
    (Budget("steps", least="10.1"), (3, 1)),
):
    limited = Problem(".9", 3, ".8", ".86", generation_time=times[0], distillation_time=times[1]).with_constraints(
        limit
    )
    grid = Grid.of(limited.distillation, limited.f0, limited.target)
    if times == (1, 2):
        grid = grid.with_results([(limited.f0, limited.f0)])
    truth, wrong = solve(limited), on_labels(models(limited, grid)[0])
    print(f"{limit}: {truth.waiting_time:.6f}, but rounded up {wrong:.6f}")
banded = Problem(".9", 4, ".8", ".86", generation_time=3, distillation_time=1).with_constraints(Banded(1))
grid = Grid.of(banded.distillation, banded.f0, banded.target).with_results([(banded.f0, banded.f0)])
truth, wrong = solve(banded), on_labels(models(banded, grid)[1])
print(f"{banded.rules[0]}, M = 4: {truth.waiting_time:.6f}, but rounded down {wrong:.6f}")


def to_go(problem: Problem, *held: tuple[int, ...], price: float = 0.0) -> list[float]:
    """The least expected times to go from configurations, with any number of attempts, at a price of memory-time."""
    dynamics = Dynamics(problem, Attempts.ALL)
    priced = dynamics.under(dynamics.tariff.plus([(RESOURCES["memory_time"], price)] if price else []))
    values = policy_iteration(priced, priced.admission.proper()).values
    padded = ((*counts, *[0] * (len(dynamics.problem.levels) - len(counts))) for counts in held)
    return [float(values[dynamics.names.rank(counts)]) for counts in padded]


two, three = to_go(Problem(".9", 3, ".9", ".94"), (2,), (3,), price=4.0)
print(f"memory-time at a price of 4, 0.9 -> 0.94: {two:.3f} to go from two raw pairs, {three:.3f} from three")
slow = Problem(".9", 4, ".8", ".89", generation_time=20, distillation_time=1)
found = solve(slow, within=".01")
few = with_labels(slow, found.bracket.refinement.grid.labels(Rounding.CEIL, 4))
print(
    f"tau_g = 20, tau_d = 1, p = .9, M = 4, 0.8 -> 0.89: at most {found.upper_bound:.4f}, but without useless "
    f"distillations {on_labels(few):.4f}"
)

print("\nUnder rules that leave a chain: p = .5, numbers of pairs of each level")
raw_only, equal_only = RawPairOnly(), EqualLevelsOnly()
one, two = to_go(Problem(".5", 3, ".8", ".86").with_constraints(raw_only), (1, 1), (0, 2))
print(f"{raw_only}, M = 3, 0.8 -> 0.86: {one:.6f} to go from (1, 1), {two:.6f} from (0, 2)")
nested = Problem(".5", 5, ".8", ".9").with_constraints(equal_only)
twice = nested.levels[1].fidelity
grid = Grid.of(nested.distillation, nested.f0, nested.target).with_results([(nested.f0, nested.f0)])
grid = grid.with_results([(twice, nested.f0), (twice, twice)])
grid = grid.made_by(tree for fidelity, tree in grid.trees.items() if fidelity != twice)
(truth,), (wrong,) = (to_go(one, (0, 0, 1)) for one in (nested, models(nested, grid)[0]))
print(f"{equal_only}, M = 5, 0.8 -> 0.9: {truth:.6f} to go from (0, 0, 1), but rounded up {wrong:.6f}")
