"""``lpdistill solve``: the documented JSON, the table, and that both say what is true."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lpdistill import Problem, solve

SOLVE = ("solve", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")
PUBLISHED = 8.640493238436326
"""The waiting time of the documented example, every step charged."""

STEP = {False: 1.0, True: 2.0}
"""Duration of a step by whether it distils."""


@pytest.fixture
def document(run):
    """The documented example."""
    return run(*SOLVE, "--json").document


def moves(document):
    """Yield, for each configuration of a document, its counts, its one action, and what may happen next.

    Written from the model's rules alone: every distillation succeeds or fails by itself, every attempt likewise, and a
    run ends as soon as one distillation reaches the target.  What is yielded are (probability, counts or None).
    """
    exact = [Fraction(level["exact"]) for level in document["levels"]]
    target, p = Fraction(document["problem"]["target"]), float(Fraction(document["problem"]["p"]))
    for entry in document["policy"]:
        (action,) = entry["actions"]
        after = [(1.0, list(entry["counts"]))]
        for low, high in action["distil"]:
            a, b = exact[low], exact[high]
            chance = float((8 * a * b - 2 * a - 2 * b + 5) / 9)
            made = (10 * a * b - a - b + 1) / (8 * a * b - 2 * a - 2 * b + 5)
            grown = []
            for weight, counts in after:
                lost = None if counts is None else [n - (i == low) - (i == high) for i, n in enumerate(counts)]
                reached = (
                    None if lost is None or made >= target else [n + (exact[i] == made) for i, n in enumerate(lost)]
                )
                grown += [(weight * chance, reached), (weight * (1 - chance), lost)]
            after = grown
        for _ in range(action["generate"]):
            after = [
                (weight * odds, None if counts is None else [counts[0] + won, *counts[1:]])
                for weight, counts in after
                for won, odds in ((1, p), (0, 1 - p))
            ]
        yield tuple(entry["counts"]), action, after


def chain(document):
    """Transition matrix among configurations, and durations, of the policy in a document."""
    order = {tuple(entry["counts"]): row for row, entry in enumerate(document["policy"])}
    matrix, durations = np.zeros((len(order), len(order))), np.zeros(len(order))
    for counts, action, after in moves(document):
        durations[order[counts]] = STEP[bool(action["distil"])]
        for weight, following in after:
            if following is not None:
                matrix[order[counts], order[tuple(following)]] += weight
    return matrix, durations


def policy_table(out: str) -> list[str]:
    """Lines of a printed policy, below its title and headings."""
    lines = out.splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("policy")) + 2 :]


def test_json_has_the_documented_keys(document):
    """The document has exactly the documented keys."""
    assert document.keys() == {
        "schema", "problem", "status", "waiting_time", "lower_bound", "upper_bound", "program", "levels", "expected",
        "policy", "budgets",
    }  # fmt: skip


def test_json_names_its_schema(document):
    """The document says which schema it follows."""
    assert document["schema"] == "lpdistill.solution/1"


def test_json_repeats_the_problem_exactly(document):
    """The problem is repeated with exact fractions and with every default."""
    assert document["problem"] == {
        "p": "1/2",
        "memories": 4,
        "f0": "3/4",
        "target": "79/100",
        "generation_time": "1",
        "distillation_time": "2",
        "final_step": "charged",
        "distillation": "bbpssw",
        "rules": [],
        "budgets": {},
        "discarding": False,
    }


def test_json_claims_an_optimum(document):
    """The status is ``optimal``."""
    assert document["status"] == "optimal"


def test_json_states_the_waiting_time(document):
    """The waiting time is that of the documented example."""
    assert document["waiting_time"] == pytest.approx(PUBLISHED, rel=1e-14)


def test_json_bounds_enclose_the_waiting_time(document):
    """What is proved encloses what is claimed."""
    assert document["lower_bound"] < document["waiting_time"] < document["upper_bound"]


def test_json_bounds_are_tight(document):
    """What is proved is proved to eleven digits."""
    assert document["upper_bound"] - document["lower_bound"] < 1e-11 * document["waiting_time"]


def test_json_describes_the_program(document):
    """Rows and columns of the program are counted, and the method is named."""
    program = document["program"]
    assert (program["configurations"], program["columns"], program["method"]) == (15, 39, "simplex")


def test_json_describes_the_work(document):
    """Iterations and rounds are whole numbers, and seconds a positive number."""
    program = document["program"]
    assert {type(program[name]) for name in ("iterations", "rounds")} == {int}
    assert program["seconds"] > 0


def test_json_lists_the_levels(document):
    """Levels have their fidelity and the exact fraction."""
    assert document["levels"] == [{"fidelity": 0.75, "exact": "3/4"}, {"fidelity": 41 / 52, "exact": "41/52"}]


def test_json_names_what_is_expected_to_be_used(document):
    """All documented resources are there, as positive numbers."""
    assert document["expected"].keys() == {
        "steps",
        "generation_attempts",
        "raw_pairs",
        "distillations",
        "failed_distillations",
        "memory_time",
    }
    assert min(document["expected"].values()) > 0


def test_json_has_no_budgets_where_none_are_given(document):
    """Without budgets there are none in the answer."""
    assert document["budgets"] == {}


def test_json_policy_covers_every_configuration(document):
    """Every way to fill four memories with two levels appears once."""
    found = [tuple(entry["counts"]) for entry in document["policy"]]
    assert sorted(found) == [(a, b) for a in range(5) for b in range(5 - a)]


def test_json_policy_is_deterministic(document):
    """Without budgets every configuration has one action, taken with probability 1."""
    assert {(len(e["actions"]), e["actions"][0]["probability"]) for e in document["policy"]} == {(1, 1.0)}


def test_json_policy_uses_what_there_is(document):
    """No action distils more pairs of a level than there are, and generation fills every memory empty at the start."""
    for entry in document["policy"]:
        (action,) = entry["actions"]
        used = [level for pair in action["distil"] for level in pair]
        assert all(used.count(level) <= count for level, count in enumerate(entry["counts"]))
        assert action["generate"] == 4 - sum(entry["counts"])


def test_json_policy_has_the_values_it_states(document):
    """Evaluating the policy of the document from the rules of the model alone gives the values of the document."""
    matrix, durations = chain(document)
    expected = np.linalg.solve(np.eye(len(durations)) - matrix, durations)
    stated = np.array([entry["value"] for entry in document["policy"]])
    assert np.abs(stated / expected - 1).max() < 1e-13


def test_json_policy_has_the_visits_it_states(document):
    """The visits of the document are those of the policy's Markov chain, started with empty memories."""
    matrix, durations = chain(document)
    start = np.array([float(not any(entry["counts"])) for entry in document["policy"]])
    expected = np.linalg.solve(np.eye(len(durations)) - matrix.T, start)
    stated = np.array([entry["visits"] for entry in document["policy"]])
    assert np.abs(stated - expected).max() < 1e-13


def test_json_visits_spend_the_waiting_time(document):
    """Visits times durations add up to the waiting time: primal and dual objective agree."""
    _, durations = chain(document)
    spent = sum(entry["visits"] * duration for entry, duration in zip(document["policy"], durations, strict=True))
    assert spent == pytest.approx(document["waiting_time"], rel=1e-14)


def test_json_expected_totals_follow_from_the_visits(document):
    """Every expected total is the sum over configurations of visits times what the action there uses."""
    exact = [Fraction(level["exact"]) for level in document["levels"]]
    totals = dict.fromkeys(document["expected"], 0.0)
    for entry in document["policy"]:
        (action,) = entry["actions"]
        for name, use in {
            "steps": 1,
            "generation_attempts": action["generate"],
            "raw_pairs": action["generate"] / 2,
            "distillations": len(action["distil"]),
            "failed_distillations": sum(
                float(1 - (8 * exact[a] * exact[b] - 2 * exact[a] - 2 * exact[b] + 5) / 9) for a, b in action["distil"]
            ),
            "memory_time": sum(entry["counts"]) * STEP[bool(action["distil"])],
        }.items():
            totals[name] += entry["visits"] * use
    assert totals == pytest.approx(document["expected"], rel=1e-13)


def test_json_start_has_the_waiting_time_as_its_value(document):
    """The time to go from empty memories is the waiting time."""
    (start,) = [entry for entry in document["policy"] if not any(entry["counts"])]
    assert start["value"] == document["waiting_time"]


def test_json_is_what_python_gives(document):
    """The command and the library give the same document, except for the seconds."""
    library = solve(Problem(".5", 4, ".75", ".79")).to_dict()
    for answer in (document, library):
        del answer["program"]["seconds"]
    assert document == library


def test_a_free_last_step_takes_off_its_duration(run, document):
    """With ``--final-step free`` the waiting time is shorter by one distillation."""
    free = run(*SOLVE, "--final-step", "free", "--json").document
    assert free["waiting_time"] == pytest.approx(document["waiting_time"] - 2, rel=1e-14)


def test_times_are_in_the_unit_of_the_user(run, document):
    """Doubling both times doubles the waiting time."""
    doubled = run(*SOLVE, "--generation-time", "2", "--distillation-time", "4", "--json").document
    assert doubled["waiting_time"] == pytest.approx(2 * document["waiting_time"], rel=1e-14)


@pytest.mark.parametrize("method", ["simplex", "ipm", "pdlp", "columns"])
def test_every_method_gives_the_same_answer(run, document, method):
    """The answer and its proof do not depend on the method, and the method is named in the answer."""
    found = run(*SOLVE, "--method", method, "--json").document
    assert found["program"]["method"] == method
    assert found["waiting_time"] == pytest.approx(document["waiting_time"], rel=1e-14)


def test_auto_generates_columns_where_there_are_many(run):
    """Without ``--method``, a program of 6,512 columns is solved by generating them."""
    found = run("solve", "--p", ".5", "--memories", "10", "--f0", ".9", "--target", ".94", "--json").document
    assert (found["program"]["columns"], found["program"]["method"]) == (6512, "columns")


def test_a_target_that_raw_pairs_meet_is_generation_alone(run):
    """Where a raw pair meets the target, the waiting time is that until the first of four attempts succeeds."""
    found = run("solve", "--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".7", "--json").document
    assert found["waiting_time"] == pytest.approx(1 / (1 - 0.5**4), rel=1e-15)
    assert found["levels"] == []


def test_the_table_answers_first(run):
    """The first lines say what was asked, the waiting time, and what is proved."""
    lines = [" ".join(line.split()) for line in run(*SOLVE).out.splitlines()[:3]]
    assert lines[0].startswith("problem p = 0.5, M = 4, f0 = 0.75 -> 0.79")
    assert lines[1] == "waiting time 8.64049323844 (optimal)"
    assert lines[2].startswith("proved between 8.64049323843")


def test_the_printed_bounds_are_proved(run, document):
    """Rounding for print does not narrow what is proved."""
    _, low, _, high = run(*SOLVE).out.splitlines()[2].split()[1:]
    assert Fraction(low) <= Fraction(document["lower_bound"])
    assert Fraction(high) >= Fraction(document["upper_bound"])


def test_the_table_shows_what_a_run_can_visit(run, document):
    """Without ``--all``, the table has one line for each configuration that a run can visit, and says how many."""
    visited = sum(entry["visits"] > 0 for entry in document["policy"])
    table = policy_table(run(*SOLVE).out)
    assert len(table) == visited + 1
    assert table[-1].startswith(f"{visited} of {visited} configurations that a run can visit")


def test_all_shows_every_configuration(run):
    """With ``--all``, the table has one line for each of the fifteen configurations."""
    assert len(policy_table(run(*SOLVE, "--all").out)) == 15


def test_a_long_policy_is_cut_and_says_so(run):
    """Without ``--all``, at most twenty configurations are shown, and the last line says how to see the others."""
    table = policy_table(run("solve", "--p", ".5", "--memories", "8", "--f0", ".9", "--target", ".94").out)
    assert len(table) == 21
    assert table[-1].startswith("20 of ")
    assert table[-1].endswith("165 in all: --all shows them")


def test_the_table_names_actions_by_fidelity(run):
    """The table says what is distilled into what, in fidelities."""
    assert "0.750, 0.788 -> target" in run(*SOLVE).out


def test_a_free_last_step_is_mentioned(run):
    """The table says when the last step is not counted."""
    assert "last step free" in run(*SOLVE, "--final-step", "free").out.splitlines()[0]


def test_the_table_keeps_long_numbers_whole(run):
    """Each visited configuration is one line, also where rare generation makes times and visits astronomical."""
    out = run("solve", "--p", "1e-150", "--memories", "2", "--f0", ".75", "--target", ".79").out
    assert len(policy_table(out)) == 5 + 1


def drawn(run, path, *options):
    """What is written in the picture of the documented example, as SVG text."""
    matplotlib = pytest.importorskip("matplotlib")
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        assert run(*SOLVE, *options, "--plot", str(path)).code == 0
    return path.read_text()


def test_plot_draws_the_policy(run, tmp_path):
    """``--plot`` draws the policy: configurations, what is made, times to go."""
    text = drawn(run, tmp_path / "policy.svg")
    for word in ("(2, 1)", "0.788", "target", "time to go", "8.640", "generation attempt"):
        assert word in text
    assert "change of the waiting time in percent" not in text


def test_plot_draws_elasticities_with_sensitivity(run, tmp_path):
    """With ``--sensitivity`` the picture is that of what the parameters are worth."""
    text = drawn(run, tmp_path / "worth.svg", "--sensitivity")
    assert "change of the waiting time in percent" in text
    assert "time to go" not in text


def test_too_many_memories_are_not_drawn(run, tmp_path):
    """A policy of more memories than can be told apart is refused before anything is solved."""
    ran = run(*SOLVE, "--memories", "13", "--plot", str(tmp_path / "policy.png"))
    assert (ran.code, ran.out) == (4, "")
    assert "13 memories is not drawn" in ran.words
    assert not list(tmp_path.iterdir())


def test_no_derivative_is_said_to_be_none(run):
    """Where the waiting time jumps below and the parameter ends above there is no derivative: null, and said so."""
    command = ("solve", "--p", ".5", "-M", "2", "--f0", "1", "--target", "1", "--sensitivity")
    ran = run(*command)
    (row,) = (line for line in ran.out.splitlines() if line.startswith("f0"))
    assert row.split(maxsplit=3)[2:] == ["none", "jumps below, ends above"]
    assert run(*command, "--json").document["sensitivity"]["f0"] is None
