"""``lpdistill levels``: levels, distillation table and limits."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from math import sqrt

import pytest

from lpdistill import Problem, solve

LEVELS = ("levels", "--f0", ".75", "--target", ".79")
PAST = ("levels", "--p", ".5", "-M", "4", "--f0", ".8", "--target", ".89")
MANY = ("levels", "--f0", ".65", "--target", ".71")


def success(a: Fraction, b: Fraction) -> Fraction:
    """Eq. 3 of arXiv:2606.14908."""
    return (8 * a * b - 2 * a - 2 * b + 5) / 9


def distilled(a: Fraction, b: Fraction) -> Fraction:
    """Eq. 2 of arXiv:2606.14908."""
    return (10 * a * b - a - b + 1) / (8 * a * b - 2 * a - 2 * b + 5)


def limit(f: float) -> float:
    """Eq. 7 of arXiv:2606.14908."""
    return (6 * f - 3 + sqrt(28 * f * f - 26 * f + 7)) / (8 * f - 2)


def test_json_has_the_documented_keys(run):
    """The document has exactly the documented keys."""
    assert run(*LEVELS, "--json").document.keys() == {
        "schema",
        "problem",
        "levels",
        "distillation",
        "pumping_limit",
        "memory_limit",
        "finite",
    }


def test_json_lists_the_levels(run):
    """Each level has its index, its fidelity, the exact fraction, and a tree that makes it."""
    assert run(*LEVELS, "--json").document["levels"] == [
        {"index": 0, "fidelity": 0.75, "exact": "3/4", "tree": "f0"},
        {"index": 1, "fidelity": 41 / 52, "exact": "41/52", "tree": "D(f0, f0)"},
    ]


def test_json_lists_the_distillation_table(run):
    """Each pair of levels has its success probability and what it makes: a level or the target."""
    assert run(*LEVELS, "--json").document["distillation"] == [
        {"levels": [0, 0], "success": 13 / 18, "result": 1},
        {"levels": [0, 1], "success": 173 / 234, "result": "target"},
        {"levels": [1, 1], "success": float(success(Fraction(41, 52), Fraction(41, 52))), "result": "target"},
    ]


def test_json_fidelities_are_the_exact_ones_rounded(run):
    """Each fidelity is the float nearest to its exact fraction."""
    found = run(*MANY, "--json").document["levels"]
    assert [level["fidelity"] for level in found] == [float(Fraction(level["exact"])) for level in found]


def test_json_levels_increase(run):
    """Levels are numbered by increasing fidelity, from the raw pair to below the target."""
    found = [Fraction(level["exact"]) for level in run(*MANY, "--json").document["levels"]]
    assert found == sorted(set(found))
    assert (found[0], found[-1] < Fraction(71, 100)) == (Fraction(13, 20), True)


def test_json_trees_make_their_levels(run):
    """Carrying a level's tree out with Eq. 2 gives the level's exact fidelity."""
    found = run(*MANY, "--json").document["levels"]
    made = [eval(level["tree"], {"f0": Fraction(13, 20), "D": distilled}) for level in found]  # noqa: S307 - ours
    assert made == [Fraction(level["exact"]) for level in found]


def test_json_table_follows_the_equations(run):
    """Every entry of the table has the probability of Eq. 3 and makes what Eq. 2 makes."""
    document = run(*MANY, "--json").document
    exact = [Fraction(level["exact"]) for level in document["levels"]]
    expected = []
    for low, a in enumerate(exact):
        for high in range(low, len(exact)):
            made = distilled(a, exact[high])
            result = exact.index(made) if made < Fraction(71, 100) else "target"
            expected.append({"levels": [low, high], "success": float(success(a, exact[high])), "result": result})
    assert document["distillation"] == expected


@pytest.mark.parametrize(("memories", "times"), [("2", 1), ("3", 2), ("6", 5)])
def test_json_states_the_limits(run, memories, times):
    """The memory limit is the pumping limit iterated once per memory beyond the first."""
    document = run(*LEVELS, "--memories", memories, "--json").document
    expected = 0.75
    for _ in range(times):
        expected = limit(expected)
    assert document["memory_limit"] == pytest.approx(expected, rel=1e-14)
    assert document["pumping_limit"] == pytest.approx(limit(0.75), rel=1e-14)
    assert document["finite"] is True


def test_neither_p_nor_memories_is_needed(run):
    """The levels depend on neither, so that neither need be given."""
    bare = run(*LEVELS, "--json").document["levels"]
    assert run(*LEVELS, "--p", ".3", "--memories", "7", "--json").document["levels"] == bare


def test_a_gap_is_a_target(run):
    """``--gap`` gives the levels that the target it means gives."""
    by_gap = run("levels", "--f0", ".75", "--gap", ".04", "--json").document
    assert by_gap == run(*LEVELS, "--json").document


def test_a_file_is_read(run, problem_file):
    """``levels`` takes the file that ``solve`` takes, whatever else the file says."""
    path = problem_file("p = 0.5\nmemories = 2\nf0 = 0.75\ntarget = 0.79\ngeneration_time = 3\n")
    assert run("levels", path, "--json").document == run(*LEVELS, "-M", "2", "--json").document


def test_a_target_below_the_raw_pair_has_no_levels(run):
    """Where a raw pair meets the target there is no level below it and nothing to distil."""
    document = run("levels", "--f0", ".75", "--target", ".7", "--json").document
    assert (document["levels"], document["distillation"]) == ([], [])


def test_a_target_below_the_raw_pair_is_explained(run):
    """The table says why it is empty."""
    assert "A raw pair meets the target" in run("levels", "--f0", ".75", "--target", ".7").out


def test_the_table_shows_every_level(run):
    """The table has one line per level, with its exact fidelity and what makes it."""
    shown = [line.split() for line in run(*LEVELS).out.splitlines()]
    assert ["0", "0.750000000", "3/4", "1", "1", "f0"] in shown
    assert ["1", "0.788461538", "41/52", "2", "2", "D(f0,", "f0)"] in shown


def test_the_table_shows_every_distillation(run):
    """The table has one line per pair of levels, with its success probability and what it makes."""
    shown = [" ".join(line.split()) for line in run(*LEVELS).out.splitlines()]
    assert "0.750, 0.750 0.722222 0.788" in shown
    assert "0.750, 0.788 0.739316 target" in shown


def test_the_table_states_the_limits(run):
    """The table starts with the target and the two limits."""
    lines = [" ".join(line.split()) for line in run(*LEVELS, "-M", "3").out.splitlines()[:3]]
    assert lines == [
        "target 0.79 from raw pairs of 0.75",
        f"pumping limit {limit(0.75):.9f}",
        f"memory limit {limit(limit(0.75)):.9f} with 3 memories",
    ]


def test_without_memories_there_is_no_limit_of_memories(run):
    """Where no number of memories is given none is invented: no limit in tables, documents, formulas and pictures."""
    for more in ((), ("--symbolic",)):
        assert "memory limit" not in run(*LEVELS, *more).words
        document = run(*LEVELS, *more, "--json").document
        assert document["memory_limit"] is None
        assert "memories" not in document["problem"]
        assert document.get("symbolic", document)["memory_limit"] is None


@pytest.mark.parametrize(
    ("target", "said"),
    [("0.68", "infinitely many fidelity levels"), ("1", "out of reach for f0 = 0.6 and any number of memories")],
)
def test_a_target_without_levels_is_refused_without_inventing_memories(run, target, said):
    """Without a number of memories a target is refused for what no number of them changes."""
    ran = run("levels", "--f0", ".6", "--target", target)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err
    assert "2 memories" not in ran.err


def test_the_table_tells_levels_apart(run):
    """Levels that agree in three decimals are shown with as many as tell them apart."""
    out = run("levels", "--f0", ".5001", "--target", ".50014").out
    rows = out[out.index("distillation") :].splitlines()[2:]
    assert len({row.split(",")[0] for row in rows}) == 4


def test_symbolic_shows_formulas(run):
    """``--symbolic`` adds every level and the limit as functions of f0, and where the same trees make the levels."""
    out = " ".join(run(*LEVELS, "--symbolic").out.split())
    assert "D(f0, f0) (10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)" in out
    assert "pumping limit (6*f0 + sqrt(28*f0**2 - 26*f0 + 7) - 3)/(8*f0 - 2)" in out
    assert "for f0 from 0.6270187812 to 0.8886849093" in out


def test_symbolic_latex(run):
    """``--latex`` shows the formulas in LaTeX."""
    assert r"\frac{10 f_{0}^{2} - 2 f_{0} + 1}{8 f_{0}^{2} - 4 f_{0} + 5}" in run(*LEVELS, "--symbolic", "--latex").out


def test_symbolic_json_adds_a_section(run):
    """With ``--json`` the formulas are a section of their own, and the rest stays as it is."""
    document = run(*LEVELS, "--symbolic", "--json").document
    section = document.pop("symbolic")
    assert document == run(*LEVELS, "--json").document
    assert [level["fidelity"] for level in section["levels"]] == ["f0", "(10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)"]
    assert section["same_levels"]["gap"]["from"]["value"] == pytest.approx(0.62701878, abs=5e-9)


def test_symbolic_without_levels(run):
    """Where a raw pair meets the target, the formulas are those of the limits alone."""
    out = run("levels", "--f0", ".75", "--target", ".7", "--symbolic").out
    assert "rounds         0 of pumping reach the target" in out


def test_latex_needs_symbolic(run):
    """``--latex`` alone is refused: there is no formula to show."""
    ran = run(*LEVELS, "--latex")
    assert (ran.code, ran.out) == (2, "")
    assert "--symbolic" in ran.err


def test_formulas_are_imported_only_on_demand():
    """The command without ``--symbolic`` starts without the time that sympy takes to import."""
    program = "import sys, lpdistill.cli.app; print('sympy' in sys.modules, 'symbolic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert ran.stdout.split() == ["False", "False"]


def test_too_many_levels_for_formulas_leave_nothing_on_standard_output(run):
    """Where formulas are refused because there are too many levels, no half of an answer is printed."""
    ran = run("levels", "--f0", ".75", "--target", ".825693909", "--symbolic")
    assert (ran.code, ran.out) == (4, "")
    assert "levels: 26, at most 24" in ran.words


def test_plot_draws_the_levels(run, tmp_path):
    """``--plot`` writes the picture of the levels, and the table or document stays what it is."""
    pytest.importorskip("matplotlib")
    ran = run(*LEVELS, "--plot", str(tmp_path / "levels.png"), "--json")
    assert (tmp_path / "levels.png").read_bytes().startswith(b"\x89PNG")
    assert (ran.out, ran.err) == (run(*LEVELS, "--json").out, "")


def test_too_many_levels_are_not_drawn(run, tmp_path):
    """More levels than can be read are refused with their number, and nothing is written."""
    pytest.importorskip("matplotlib")
    many = ("levels", "--f0", ".58", "--gap", ".04", "--plot", str(tmp_path / "levels.png"))
    ran = run(*many)
    assert (ran.code, ran.out) == (4, "")
    assert "17 levels are not drawn" in ran.words
    assert not list(tmp_path.iterdir())


def test_past_the_limit_labels_are_those_of_solve(run):
    """They are the labels of solve's optimum, with both limits, and there are infinitely many levels."""
    document, solution = run(*PAST, "--json").document, solve(Problem(".5", 4, ".8", ".89"))
    labels = solution.to_dict()["levels"]
    assert [level["exact"] for level in document["levels"]] == [level["exact"] for level in labels]
    assert [level["tree"] for level in document["levels"]] == [level["tree"] for level in labels]
    assert document["finite"] is False
    assert document["pumping_limit"] == pytest.approx(limit(0.8), rel=1e-14)
    assert document["memory_limit"] == pytest.approx(limit(limit(limit(0.8))), rel=1e-14)
    assert document["refinement"] == solution.to_dict()["refinement"]
    assert document["problem"] == solution.problem.to_dict()


def test_labels_say_how_many_memories_make_them_and_whether_the_optimum_meets_them(run):
    """Memories are those of the cheapest recipe on labels; needed are those that a run of the policy holds."""
    document, solution = run(*PAST, "--json").document, solve(Problem(".5", 4, ".8", ".89"))
    held = [row.counts for row in solution.rows(visited=True)]
    assert [level["needed"] for level in document["levels"]] == [any(counts) for counts in zip(*held, strict=True)]
    assert [level["memories_needed"] for level in document["levels"]] == list(solution.problem.levels.memories)


def test_labels_combine_as_their_fidelities_do_rounded_down(run):
    """Every entry has the probability of Eq. 3, and makes the greatest label not above the result of Eq. 2."""
    document = run(*PAST, "--json").document
    exact = [Fraction(level["exact"]) for level in document["levels"]]
    for entry in document["distillation"]:
        a, b = (exact[level] for level in entry["levels"])
        true = distilled(a, b)
        assert entry["success"] == float(success(a, b))
        if true >= Fraction(89, 100):
            assert entry["result"] == "target"
            continue
        assert exact[entry["result"]] == max(fidelity for fidelity in exact if fidelity <= true)
        assert Fraction(entry.get("rounded_from", exact[entry["result"]])) == true
    assert any("rounded_from" in entry for entry in document["distillation"])


def test_labels_are_shown(run):
    """The table says what they are, how they were found, which are needed, and what is rounded."""
    out = run(*PAST).words
    assert "of infinitely many levels needed, no other can help" in out
    assert "labels, which stand for infinitely many levels" in out
    assert "0 0.800000000 4/5 1 1 yes f0" in out
    assert "true fidelities that are rounded down to the label before them" in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "depends on p and memories: give both"),
        (("-M", "4"), "(memory limit 0.958219651); what stands for them depends on p: give it"),
        (("--p", ".5"), "depends on memories: give it"),
        (("--equal-levels-only",), "depends on memories: give it"),
    ],
    ids=str,
)
def test_labels_need_what_they_depend_on(run, given, said):
    """Without p or memories it is said in one line that levels are infinitely many, and what else is needed."""
    ran = run("levels", "--f0", ".8", "--target", ".89", *given)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err
    assert "not below the pumping limit 0.870404162" in ran.err


def test_formulas_are_of_levels_only(run):
    """Formulas of labels are not made: they are refused, as for all levels."""
    ran = run(*PAST, "--symbolic")
    assert (ran.code, ran.out) == (3, "")
    assert "infinitely many fidelity levels" in ran.err


def test_a_gap_is_for_labels_only(run):
    """Where all levels are shown there is no bracket whose gap could be given."""
    ran = run(*LEVELS, "--within", ".1")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("lpdistill: error: --within: is the gap of a bracket by labels")


def test_labels_are_drawn(run, tmp_path):
    """``--plot`` draws them as it does levels."""
    pytest.importorskip("matplotlib")
    run("levels", "--p", ".5", "-M", "3", "--f0", ".8", "--target", ".88", "--plot", str(tmp_path / "labels.png"))
    assert (tmp_path / "labels.png").read_bytes().startswith(b"\x89PNG")
