"""Policies of users and in files: evaluated exactly as the enumerated model does, or refused with the place named."""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction

import pytest
from cases import SMALL, Additive, solved
from constrained_cases import deed_of, hardware
from constrained_oracle import course, draws_of, everything
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import TARGET, Hardware

from lpdistill import (
    Action,
    Budget,
    Decision,
    EqualLevelsOnly,
    ImproperPolicyError,
    MaxAttempts,
    ModelError,
    Policy,
    Problem,
    RawPairOnly,
    baseline,
    solve,
)
from lpdistill.export.policies import read_policy, write_policy

TWO = Problem("1/2", 2, "3/4", "79/100")
THREE = Problem("1/2", 3, "3/4", "79/100")
PROBLEMS = {
    "deterministic": THREE,
    "three levels": SMALL["four memories, three levels"],
    "one level": SMALL["four memories, one level"],
    "last step free": SMALL["last step free"],
    "randomised": THREE.with_constraints(Budget("generation_attempts", 11)),
    "randomised twice": THREE.replace(memories=4).with_constraints(
        Budget("generation_attempts", "23/2"), Budget("memory_time", "166/10")
    ),
    "raw pairs meet the target": Problem("1/3", 3, "3/4", "3/4"),
}
some = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
formats = pytest.mark.parametrize("suffix", [".json", ".csv"])


def eager(counts):
    """Distil what there is, equal levels first, and generate on all empty memories."""
    pairs = [(level, level) for level, count in enumerate(counts) for _ in range(count // 2)]
    return Action(tuple(pairs), 2 - sum(counts))


def thrifty(counts):
    """For two memories and two levels: discard a raw pair that has come alone, and distil whatever fills them."""
    return Action(discard=(0,)) if counts == (1, 0) else cautious(counts)


def cautious(counts):
    """For two memories and two levels: distil whatever fills them."""
    if sum(counts) == 2:
        return Action((tuple(level for level, count in enumerate(counts) for _ in range(count)),))
    return Action((), 2 - sum(counts))


def entered(chain, policy):
    """The configurations that a deterministic policy enters from the start."""
    found, queue = {chain.start}, [chain.start]
    while queue:
        at = queue.pop()
        new = set(chain.steps[at][policy[at]].moves) - found - {TARGET}
        found |= new
        queue += new
    return found


def action_of(deed):
    """A deed of the enumerated model as the package's action."""
    return Action(deed[0], deed[1], deed[2])


@settings(max_examples=40)
@given(hardware(most_memories=3), st.data())
def test_a_users_function_takes_the_exact_time_or_is_improper(problem, data):
    """Any deterministic policy has the enumerated model's exact time, or all its deadlocks are named."""
    chain = everything(Hardware.of(problem), discarding=problem.discarding)
    busy = data.draw(st.booleans())  # waiting makes most policies improper
    policy = {
        state: data.draw(st.sampled_from([d for d in sorted(deeds) if not busy or deeds[d].moves.get(state, 0) < 1]))
        for state, deeds in chain.steps.items()
    }
    if chain.stuck(policy):
        with pytest.raises(ImproperPolicyError) as caught:
            Policy.of(problem, lambda counts: action_of(policy[counts]))
        assert set(caught.value.deadlock) == chain.trapped(policy)
    else:
        reached = entered(chain, policy)
        exact = course(chain, {state: {policy[state]: Fraction(1)} for state in reached}).time
        found = Policy.of(problem, lambda counts: action_of(policy[counts])).waiting_time
        assert found == pytest.approx(float(exact - problem.uncharged_time), rel=1e-11, abs=1e-11 * float(exact))


@settings(max_examples=25)
@given(hardware(most_memories=3), st.data())
def test_where_runs_can_come_is_known(problem, data):
    """Proper or not, a policy enters the configurations that the enumerated model enters."""
    chain = everything(Hardware.of(problem), discarding=problem.discarding)
    policy = {state: data.draw(st.sampled_from(sorted(deeds))) for state, deeds in chain.steps.items()}
    found = Policy.of(problem, lambda counts: action_of(policy[counts]), improper=True)
    come = {counts for counts, comes in zip(found, found.plan.entered.tolist(), strict=True) if comes}
    assert come == entered(chain, policy)


@settings(max_examples=25)
@given(hardware(most_memories=3), st.data())
def test_a_users_lots_take_the_exact_time(problem, data):
    """A policy that randomises among all actions that do something has the enumerated model's exact time."""
    chain = everything(Hardware.of(problem), discarding=problem.discarding)
    draws = {}
    for state, deeds in chain.steps.items():
        useful = sorted(deed for deed, step in deeds.items() if step.moves.get(state, 0) < 1)
        weights = [data.draw(st.integers(1, 5)) for _ in useful]
        draws[state] = {deed: Fraction(w, sum(weights)) for deed, w in zip(useful, weights, strict=True)}
    exact = course(chain, draws).time
    found = Policy.of(
        problem, lambda counts: [Decision(action_of(deed), float(chance)) for deed, chance in draws[counts].items()]
    )
    assert found.waiting_time == pytest.approx(
        float(exact - problem.uncharged_time), rel=1e-11, abs=1e-11 * float(exact)
    )


def test_a_mapping_needs_only_what_a_run_can_enter():
    """A mapping without the configurations that no run enters is evaluated as the function that it was made from."""
    visited = {(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)}
    mapped = Policy.of(TWO, {counts: cautious(counts) for counts in visited})
    assert mapped.waiting_time == pytest.approx(Policy.of(TWO, cautious).waiting_time, rel=1e-14)


def test_pairs_may_be_given_in_any_order():
    """The same distillations, written the other way round, are the same policy."""
    turned = Policy.of(TWO, lambda counts: Action(tuple(p[::-1] for p in cautious(counts).distil), 2 - sum(counts)))
    assert dict(turned) == dict(Policy.of(TWO, cautious))


def test_budgets_do_not_matter_to_a_users_policy():
    """A policy that exceeds a budget of the problem is evaluated all the same."""
    tight = TWO.with_constraints(Budget("generation_attempts", 1))
    assert Policy.of(tight, cautious).waiting_time == Policy.of(TWO, cautious).waiting_time


def test_expected_use_of_a_users_policy_is_exact():
    """Expected totals are those of the enumerated model, discards included."""
    problem = TWO.replace(discarding=True)
    chain = everything(Hardware.of(problem), discarding=True)
    exact = course(chain, {counts: {deed_of(thrifty(counts)): Fraction(1)} for counts in chain.steps})
    found = Policy.of(problem, thrifty).expected
    assert found.generation_attempts == pytest.approx(float(exact.used(lambda _, deed: deed[1])), rel=1e-13)


def test_nested_distillation_in_two_memories_names_its_deadlock():
    """Nested with two memories and two rounds never leaves one pair at each level, and that alone is the deadlock."""
    with pytest.raises(ImproperPolicyError, match=r"\(1, 1\)") as caught:
        Policy.of(TWO, eager)
    assert caught.value.deadlock == ((1, 1),)


def test_a_deadlock_of_several_configurations_is_named_whole():
    """A policy that generates one pair and throws it away never leaves two configurations, and both are named."""

    def futile(counts):
        return {(0, 0): Action((), 1), (1, 0): Action(discard=(0,))}.get(counts, cautious(counts))

    with pytest.raises(ImproperPolicyError) as caught:
        Policy.of(TWO.replace(discarding=True), futile)
    assert set(caught.value.deadlock) == {(0, 0), (1, 0)}


def test_two_deadlocks_are_not_said_to_lead_to_each_other():
    """Of a policy that waits in two configurations, the message does not say that it leaves one for the other."""
    with pytest.raises(ImproperPolicyError) as caught:
        Policy.of(TWO, lambda counts: Action() if counts in {(0, 2), (2, 0)} else cautious(counts))
    assert set(caught.value.deadlock) == {(0, 2), (2, 0)}
    assert "lead back" not in str(caught.value)


WRONG = {
    "impossible pair": Action(((0, 0),), 0),
    "no such level": Action(((0, 5),), 0),
    "more attempts than empty memories": Action((), 2),
    "negative attempts": Action((), -1),
    "discarding where it is not allowed": Action(discard=(0,)),
    "a discard and an attempt": Action((), 1, (0,)),
}


@pytest.mark.parametrize("action", WRONG.values(), ids=WRONG)
def test_an_impossible_action_is_refused_where_it_is_taken(action):
    """An action that its configuration does not have is an error that names the configuration."""
    with pytest.raises(ModelError, match=re.escape("(1, 0)")):
        Policy.of(TWO, lambda counts: action if counts == (1, 0) else cautious(counts))


FORBIDDEN = {
    "two attempts": (MaxAttempts(1), "(0, 0)"),
    "unequal levels": (EqualLevelsOnly(), "(1, 1)"),
    "no raw pair": (RawPairOnly(), "(0, 2)"),
}


@pytest.mark.parametrize(("rule", "where"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_forbidden_action_is_refused_where_it_is_taken(rule, where):
    """An action that a rule forbids is an error that names the configuration."""
    lawful = {"(1, 1)": Action(), "(0, 2)": Action()}
    with pytest.raises(ModelError, match=re.escape(where)):
        Policy.of(
            TWO.replace(memories=2).with_constraints(rule),
            lambda counts: cautious(counts) if str(counts) == where else lawful.get(str(counts), cautious(counts)),
        )


LOTS = {
    "too little": (0.5, 0.4),
    "too much": (0.5, 0.6),
    "negative": (1.5, -0.5),
    "not a number": (0.5, float("nan")),
    "nothing": (),
}


@pytest.mark.parametrize("chances", LOTS.values(), ids=LOTS)
def test_probabilities_that_are_none_are_refused_where_they_are(chances):
    """Probabilities that are negative, no numbers or do not sum to 1 are an error that names the configuration."""
    lots = [Decision(Action((), attempts), chance) for attempts, chance in zip((1, 0), chances, strict=False)]
    with pytest.raises(ModelError, match=re.escape("(1, 0)")):
        Policy.of(TWO, lambda counts: lots if counts == (1, 0) else cautious(counts))


def test_a_missing_configuration_is_named():
    """A mapping without a configuration that a run enters is an error that names it."""
    with pytest.raises(ModelError, match=re.escape("(1, 1)")):
        Policy.of(TWO, {counts: cautious(counts) for counts in [(0, 0), (1, 0), (2, 0), (0, 1)]})


@pytest.mark.parametrize("answer", [None, "generate", 1], ids=repr)
def test_what_is_no_action_is_refused_where_it_is(answer):
    """A function that returns something else, or forgets to return, is an error that names the configuration."""
    with pytest.raises(ModelError, match=re.escape("(1, 0)")):
        Policy.of(TWO, lambda counts: answer if counts == (1, 0) else cautious(counts))


@pytest.mark.parametrize("key", [(1, 2), (0, 0, 0), "start"], ids=repr)
def test_what_is_no_configuration_is_refused_by_name(key):
    """A mapping that speaks of a configuration that the problem does not have is an error that repeats it."""
    known = {counts: cautious(counts) for counts in [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2)]}
    with pytest.raises(ModelError, match=re.escape(str(key))):
        Policy.of(TWO, {**known, key: Action()})


@some
@formats
def test_a_file_gives_the_same_policy(problem, suffix, tmp_path):
    """Written and read back, a policy decides the same with the same probabilities in every configuration."""
    policy = solved(problem).policy
    write_policy(policy, tmp_path / f"policy{suffix}")
    assert dict(read_policy(problem, tmp_path / f"policy{suffix}")) == dict(policy)


@some
@formats
def test_a_file_gives_the_same_waiting_time(problem, suffix, tmp_path):
    """Written and read back, a policy has the waiting time that the solution states."""
    write_policy(solved(problem).policy, tmp_path / f"policy{suffix}")
    found = read_policy(problem, tmp_path / f"policy{suffix}").waiting_time
    assert found == pytest.approx(solved(problem).waiting_time, rel=1e-13)


@formats
def test_a_file_keeps_discards(suffix, tmp_path):
    """A policy that discards is written with its discards, and read back with them."""
    problem = TWO.replace(discarding=True)
    policy = Policy.of(problem, thrifty)
    write_policy(policy, tmp_path / f"policy{suffix}")
    found = read_policy(problem, tmp_path / f"policy{suffix}")
    assert found[1, 0] == (Decision(Action(discard=(0,)), 1.0),)
    assert (dict(found), found.waiting_time) == (dict(policy), policy.waiting_time)


def test_the_json_of_a_solution_is_a_policy(tmp_path):
    """The document of a solution, as the command line prints it, is read as its policy."""
    problem = PROBLEMS["randomised"]
    (tmp_path / "solution.json").write_text(solved(problem).to_json())
    assert dict(read_policy(problem, tmp_path / "solution.json")) == dict(solved(problem).policy)


def test_a_policy_file_follows_its_schema(tmp_path):
    """The JSON file names its schema, and says what is done in the terms of a solution's document."""
    write_policy(solved(THREE).policy, tmp_path / "policy.json")
    document = json.loads((tmp_path / "policy.json").read_text())
    assert document["schema"] == "lpdistill.policy/1"
    wanted = {tuple(entry["counts"]): entry["actions"] for entry in solved(THREE).to_dict()["policy"]}
    for entry in document["policy"]:
        for action, other in zip(entry["actions"], wanted[tuple(entry["counts"])], strict=True):
            assert {name: action[name] for name in ("generate", "distil", "probability")} == {
                name: json.loads(json.dumps(other[name])) for name in ("generate", "distil", "probability")
            }


def test_a_csv_file_is_a_table_of_decisions(tmp_path):
    """The CSV file has a row for every decision, in the documented columns and notation."""
    problem = PROBLEMS["randomised"]
    write_policy(solved(problem).policy, tmp_path / "policy.csv")
    with (tmp_path / "policy.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        distilled = tuple(sorted(tuple(map(int, pair.split("-"))) for pair in row["distil"].split()))
        deed = distilled, int(row["generate"]), tuple(map(int, row["discard"].split()))
        found.setdefault(tuple(map(int, row["counts"].split())), {})[deed] = Fraction(float(row["probability"]))
    assert {c: {d: float(p) for d, p in deeds.items()} for c, deeds in found.items()} == {
        c: {d: pytest.approx(float(p), rel=1e-14) for d, p in deeds.items()}
        for c, deeds in draws_of(solved(problem)).items()
    }


@formats
def test_a_file_is_evaluated_for_the_problem_at_hand(suffix, tmp_path):
    """A policy may be read for other hardware, and then has the exact time that it takes there."""
    write_policy(solved(TWO).policy, tmp_path / f"policy{suffix}")
    slower = TWO.replace(p="1/3")
    exact = course(everything(Hardware.of(slower)), draws_of(solved(TWO))).time
    assert read_policy(slower, tmp_path / f"policy{suffix}").waiting_time == pytest.approx(float(exact), rel=1e-13)


OTHERS = {
    "fewer levels": TWO.replace(target="31/40"),
    "no levels": TWO.replace(target="3/4"),
    "fewer memories": SMALL["one memory, target below f0"],
    "a rule": TWO.with_constraints(MaxAttempts(1)),
}


@pytest.mark.parametrize("problem", OTHERS.values(), ids=OTHERS)
@formats
def test_a_file_for_another_problem_is_refused(problem, suffix, tmp_path):
    """A policy for a problem with other configurations, or one whose rules forbid it, is a single error."""
    write_policy(solved(TWO).policy, tmp_path / f"policy{suffix}")
    with pytest.raises(ModelError):
        read_policy(problem, tmp_path / f"policy{suffix}")


def document(**changes):
    """A JSON policy for two memories and two levels, the actions at one raw pair changed."""
    entries = []
    for counts in [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2)]:
        action = cautious(counts)
        entry = {"generate": action.generate, "distil": action.distil, "discard": [], "probability": 1.0}
        entries.append({"counts": counts, "actions": [entry | (changes if counts == (1, 0) else {})]})
    return json.dumps({"schema": "lpdistill.policy/1", "policy": entries})


def test_the_document_of_these_tests_is_a_policy(tmp_path):
    """Unchanged, the document that the next tests corrupt is read."""
    (tmp_path / "policy.json").write_text(document())
    assert dict(read_policy(TWO, tmp_path / "policy.json")) == dict(Policy.of(TWO, cautious))


CORRUPT = {
    "empty": "",
    "cut": document()[:-20],
    "a list": "[]",
    "a number": "5",
    "nothing in it": "{}",
    "no policy": '{"policy": 5}',
    "no configurations": '{"policy": []}',
    "no counts": '{"policy": [{"actions": []}]}',
    "no actions": '{"policy": [{"counts": [0, 0]}]}',
    "bytes": b"\xff\xfe\x00",
    "half an attempt": document(generate=0.5),
    "attempts in words": document(generate="one"),
    "a pair of one": document(distil=[[0]]),
    "a pair of levels that are words": document(distil=[["a", "b"]]),
    "a probability in words": document(probability="likely"),
    "a probability that is no number": document(probability=float("nan")),
    "no probability": document(probability=None),
    "nested too deeply": "[" * 100_000,
}


@pytest.mark.parametrize("content", CORRUPT.values(), ids=CORRUPT)
def test_a_corrupt_json_file_is_one_error(content, tmp_path):
    """Whatever is wrong with a JSON file, it is an error of input, and nothing is guessed."""
    file = tmp_path / "policy.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError):
        read_policy(TWO, file)


HEAD = "counts,distil,generate,discard,probability\n"
TABLE = HEAD + "0 0,,2,,1.0\n0 1,,1,,1.0\n1 0,,1,,1.0\n0 2,1-1,0,,1.0\n1 1,0-1,0,,1.0\n2 0,0-0,0,,1.0\n"
TORN = {
    "empty": "",
    "only a head": HEAD,
    "other columns": "a,b\n1,2\n",
    "a row cut": TABLE[:-12],
    "a pair of one": TABLE.replace("0-0", "0-"),
    "a pair in words": TABLE.replace("0-0", "raw"),
    "attempts in words": TABLE.replace(",2,", ",two,"),
    "half an attempt": TABLE.replace(",2,", ",1.5,"),
    "a probability in words": TABLE.replace("1.0", "likely"),
    "a probability that is no number": TABLE.replace("1 0,,1,,1.0", "1 0,,1,,nan"),
    "no probability": TABLE.replace("1.0", ""),
    "a row twice": TABLE + "0 0,,2,,1.0\n",
    "bytes": b"\xff\xfe\x00",
}


def test_the_table_of_these_tests_is_a_policy(tmp_path):
    """Unchanged, the table that the next tests corrupt is read."""
    (tmp_path / "policy.csv").write_text(TABLE)
    assert dict(read_policy(TWO, tmp_path / "policy.csv")) == dict(Policy.of(TWO, cautious))


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_a_corrupt_csv_file_is_one_error(content, tmp_path):
    """Whatever is wrong with a CSV file, it is an error of input, and nothing is guessed."""
    file = tmp_path / "policy.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError):
        read_policy(TWO, file)


@pytest.mark.parametrize("name", ["missing.json", "missing.csv", "nowhere/policy.json"])
def test_a_missing_file_is_named(name, tmp_path):
    """A file that is not there is one error with its path."""
    with pytest.raises(ModelError, match="cannot be read") as caught:
        read_policy(TWO, tmp_path / name)
    assert caught.value.value == str(tmp_path / name)


def test_another_suffix_is_not_written(tmp_path):
    """A suffix that names no format is refused with those that do, and nothing is written."""
    with pytest.raises(ModelError, match=r"\.json or \.csv"):
        write_policy(solved(TWO).policy, tmp_path / "policy.xml")
    assert not list(tmp_path.iterdir())


def test_another_suffix_is_not_read(tmp_path):
    """A file whose suffix names no format is refused for that, whatever it holds."""
    (tmp_path / "policy.xml").write_text(document())
    with pytest.raises(ModelError, match=r"\.json"):
        read_policy(TWO, tmp_path / "policy.xml")


@formats
def test_a_missing_folder_is_named(suffix, tmp_path):
    """A path in no folder is one error with the path."""
    with pytest.raises(ModelError, match="nowhere"):
        write_policy(solved(TWO).policy, tmp_path / "nowhere" / f"policy{suffix}")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hardware(most_memories=3), st.sampled_from([".json", ".csv"]))
def test_random_policies_survive_their_files(tmp_path, problem, suffix):
    """The optimal policies of random problems, read back, decide the same."""
    policy = solve(problem).policy
    write_policy(policy, tmp_path / f"policy{suffix}")
    assert dict(read_policy(problem, tmp_path / f"policy{suffix}")) == dict(policy)


APART = {
    "memories": (TWO.replace(memories=3), "it has 2 memories instead of 3"),
    "fewer levels": (TWO.replace(target="31/40"), "it has 2 levels instead of 1"),
    "more levels": (TWO.replace(f0="9/10", target="94/100"), "it has 2 levels instead of 3"),
}


@pytest.mark.parametrize(("problem", "words"), APART.values(), ids=APART)
def test_a_file_says_what_it_is_for(problem, words, tmp_path):
    """A JSON file is refused for a problem of other memories or levels, with the first thing that differs."""
    write_policy(solved(TWO).policy, tmp_path / "policy.json")
    with pytest.raises(ModelError, match=f"is for another problem: {words}"):
        read_policy(problem, tmp_path / "policy.json")


def test_levels_made_otherwise_are_another_problem(tmp_path):
    """As many levels, one of them made by another tree, are another problem: the same index means another pair."""
    nested, pumped = (Problem("1/2", 2, f0, gap=gap) for f0, gap in (("56/100", "11/400"), ("7/10", "29/400")))
    assert (len(nested.levels), len(pumped.levels)) == (6, 6)
    write_policy(solve(nested).policy, tmp_path / "policy.json")
    with pytest.raises(ModelError, match=r"its level 5 is made by D\(D\(f0, f0\), D\(f0, f0\)\) instead of D\(D\(D"):
        read_policy(pumped, tmp_path / "policy.json")


def test_the_order_of_children_does_not_matter(tmp_path):
    """A tree written with its children the other way round is the same tree."""
    problem = SMALL["four memories, three levels"]
    write_policy(solved(problem).policy, tmp_path / "policy.json")
    text = (tmp_path / "policy.json").read_text()
    third = str(problem.levels[2].tree)
    turned = "D(f0, D(f0, f0))" if third == "D(D(f0, f0), f0)" else "D(D(f0, f0), f0)"
    assert third in text
    (tmp_path / "policy.json").write_text(text.replace(third, turned))
    assert dict(read_policy(problem, tmp_path / "policy.json")) == dict(solved(problem).policy)


LIKE = {"p": {"p": "3/5"}, "times": {"distillation_time": "1/3"}, "fidelities": {"f0": "76/100", "target": "80/100"}}


@pytest.mark.parametrize("changes", LIKE.values(), ids=LIKE)
def test_other_parameters_of_the_same_levels_are_accepted(changes, tmp_path):
    """A policy may be read for another p, other times and other fidelities of the same trees."""
    write_policy(solved(THREE).policy, tmp_path / "policy.json")
    other = THREE.replace(**changes)
    expected = Policy.of(other, dict(solved(THREE).policy)).waiting_time
    assert read_policy(other, tmp_path / "policy.json").waiting_time == expected


def test_the_header_names_problem_and_levels(tmp_path):
    """A JSON file carries the problem, and its levels as exact fidelities with their trees."""
    problem = THREE.with_constraints(MaxAttempts(2))
    write_policy(solve(problem).policy, tmp_path / "policy.json")
    document = json.loads((tmp_path / "policy.json").read_text())
    assert document["problem"] == problem.to_dict()
    assert [(level["exact"], level["tree"]) for level in document["levels"]] == [("3/4", "f0"), ("41/52", "D(f0, f0)")]


HEADERS = {
    "a problem that is a number": {"problem": 5},
    "memories in words": {"problem": {"memories": "two"}},
    "levels that are a number": {"levels": 5},
    "levels that are numbers": {"levels": [1, 2]},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_corrupt_header_is_one_error(header, tmp_path):
    """A header that says nothing sensible is an error of input."""
    (tmp_path / "policy.json").write_text(json.dumps(json.loads(document()) | header))
    with pytest.raises(ModelError, match="is no policy"):
        read_policy(TWO, tmp_path / "policy.json")


@formats
def test_improper_policies_survive_their_files(suffix, tmp_path):
    """A policy that never ends is written, refused unless that is accepted, and then has its deadlock."""
    write_policy(baseline(TWO, "nested"), tmp_path / f"policy{suffix}")
    with pytest.raises(ImproperPolicyError):
        read_policy(TWO, tmp_path / f"policy{suffix}")
    found = read_policy(TWO, tmp_path / f"policy{suffix}", improper=True)
    assert (found.waiting_time, found.deadlock) == (float("inf"), ((1, 1),))


@formats
def test_policies_of_state_graphs_are_not_written(suffix, tmp_path):
    """The policy of a state graph has no counts, and is refused before anything is written."""
    with pytest.raises(ModelError, match="state graph"):
        write_policy(solve(TWO.graph()).policy, tmp_path / f"policy{suffix}")
    assert not list(tmp_path.iterdir())


MISREAD = {
    "part of a pair stored": (lambda entries: entries[1].update(counts=[1.9, 0]), r"policy\[1\]\.counts: .* 1\.9"),
    "truth for a number": (lambda entries: entries[1].update(counts=[True, 0]), r"policy\[1\]\.counts: .* True"),
    "digits for counts": (lambda entries: entries[1].update(counts="10"), r"policy\[1\]\.counts: .*list"),
    "part of a level": (
        lambda entries: entries[0]["actions"][0].update(distil=[[0.7, 0.2]]),
        r"policy\[0\]\.actions\[0\]\.distil\[0\]: .* 0\.7",
    ),
    "three levels for two": (
        lambda entries: entries[0]["actions"][0].update(distil=[[0, 0, 0]]),
        r"policy\[0\]\.actions\[0\]\.distil\[0\]: must be two levels",
    ),
    "part of a pair discarded": (
        lambda entries: entries[0]["actions"][0].update(discard=[0.5]),
        r"actions\[0\]\.discard: .* 0\.5",
    ),
    "truth for a probability": (
        lambda entries: entries[0]["actions"][0].update(probability=True),
        r"actions\[0\]\.probability: .* True",
    ),
    "a configuration twice": (lambda entries: entries.append(entries[0]), r"policy\[6\]\.counts: .* \(0, 0\)"),
}


@pytest.mark.parametrize("wrong", MISREAD.values(), ids=MISREAD)
def test_nothing_in_a_file_is_read_as_something_else(wrong, tmp_path):
    """A number that is not whole, or an entry that repeats a configuration, is refused where it stands."""
    change, where = wrong
    write_policy(solved(TWO).policy, tmp_path / "policy.json")
    document = json.loads((tmp_path / "policy.json").read_text())
    change(document["policy"])
    (tmp_path / "policy.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match=where):
        read_policy(TWO, tmp_path / "policy.json")


MISREAD_LINES = {
    "part of a pair stored": ("1.9 0,,1,,1.0", r"line 8: counts: .* '1\.9'"),
    "three levels for two": ("1 0,0-0-0,0,,1.0", "line 8: distil: must be two levels"),
    "no probability": ("1 0,,1,,", "line 8: probability"),
    "a line twice": ("0 0,,2,,1.0", r"line 8: must not repeat .* \(0, 0\)"),
}


@pytest.mark.parametrize("wrong", MISREAD_LINES.values(), ids=MISREAD_LINES)
def test_nothing_in_a_table_is_read_as_something_else(wrong, tmp_path):
    """In CSV, the line is named."""
    line, where = wrong
    write_policy(solved(TWO).policy, tmp_path / "policy.csv")
    with (tmp_path / "policy.csv").open("a") as out:
        out.write(line + "\n")
    with pytest.raises(ModelError, match=where):
        read_policy(TWO, tmp_path / "policy.csv")


@formats
def test_a_byte_order_mark_is_no_error(suffix, tmp_path):
    """A file that a spreadsheet or an editor saved with a byte order mark is read as without."""
    file = tmp_path / f"policy{suffix}"
    write_policy(solved(TWO).policy, file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert dict(read_policy(TWO, file)) == dict(solved(TWO).policy)


SAVED_BY_SPREADSHEETS = {
    "semicolons": TABLE.replace(",", ";"),
    "tabs": TABLE.replace(",", "\t"),
    "carriage returns": TABLE.replace("\n", "\r\n"),
    "quotes": re.sub(r"([^,\n]+)", r'"\1"', TABLE),
    "empty lines": TABLE + ",,,,\n\n,,,,\n",
    "an empty column": TABLE.replace("\n", ",\n"),
    "a column of notes": "\n".join(line + ",note" for line in TABLE.splitlines()),
    "columns in another order": "\n".join(",".join(reversed(line.split(","))) for line in TABLE.splitlines()),
    "blanks around names": TABLE.replace("counts,distil", " counts , distil"),
}


@pytest.mark.parametrize("content", SAVED_BY_SPREADSHEETS.values(), ids=SAVED_BY_SPREADSHEETS)
def test_a_table_is_read_as_spreadsheets_save_it(content, tmp_path):
    """Whatever separates cells and ends lines, whatever stands beside them, the same table is the same policy."""
    (tmp_path / "policy.csv").write_bytes(content.encode())
    assert dict(read_policy(TWO, tmp_path / "policy.csv")) == dict(Policy.of(TWO, cautious))


MISNAMED = {
    "another header": (
        TABLE.replace("counts", "state"),
        "line 1: must name the columns counts, distil, .*'state,distil",
    ),
    "no header": (TABLE[len(HEAD) :], "line 1: must name the columns counts, distil"),
    "a column twice": (TABLE.replace("discard", "distil"), "line 1: must name the columns .*, each once"),
    "empty": ("", "line 1: must name the columns"),
    "a cell too many": (TABLE + "1 1,,0,,1.0,extra\n", "line 8: has more cells than the 5 columns"),
    "no text": (b"\xff\xfe\x00", "no text in UTF-8"),
}


@pytest.mark.parametrize(("content", "words"), MISNAMED.values(), ids=MISNAMED)
def test_what_a_table_lacks_is_named(content, words, tmp_path):
    """A table with other columns is refused with those that it must have, and with what was found."""
    (tmp_path / "policy.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError, match=words):
        read_policy(TWO, tmp_path / "policy.csv")


LACKING = {
    "no policy": ("{}", "document: has no policy"),
    "no table": ("[]", "document: must be a table with policy"),
    "no counts": ('{"policy": [{"actions": []}]}', r"policy\[0\]: has no counts; it must have counts, actions"),
    "no attempts": (
        '{"policy": [{"counts": [0, 0], "actions": [{"distil": [], "probability": 1}]}]}',
        r"policy\[0\]\.actions\[0\]: has no generate",
    ),
    "an action in words": (
        '{"policy": [{"counts": [0, 0], "actions": ["wait"]}]}',
        r"policy\[0\]\.actions\[0\]: must be a table with distil.*'wait'",
    ),
}


@pytest.mark.parametrize(("content", "words"), LACKING.values(), ids=LACKING)
def test_what_a_document_lacks_is_named(content, words, tmp_path):
    """A JSON document without something is refused with its place, and with what belongs there."""
    (tmp_path / "policy.json").write_text(content)
    with pytest.raises(ModelError, match=words):
        read_policy(TWO, tmp_path / "policy.json")


def test_a_policy_for_another_map_is_refused(tmp_path):
    """As many memories and the same trees, but another map: a level is another pair, and the file says so."""
    other = TWO.replace(distillation=Additive(), f0="6/10", target="72/100")
    assert [str(level.tree) for level in other.levels] == [str(level.tree) for level in TWO.levels]
    write_policy(solve(other).policy, tmp_path / "policy.json")
    with pytest.raises(ModelError, match="is for another problem: it distils by the map additive instead of bbpssw"):
        read_policy(TWO, tmp_path / "policy.json")
    assert read_policy(other, tmp_path / "policy.json").waiting_time == solve(other).policy.waiting_time
