"""Files of policies past the pumping limit, where labels stand for levels."""

from __future__ import annotations

import json
from functools import cache

import pytest

from lpdistill import InfiniteLevelsError, ModelError, Policy, Problem, Solution, solve
from lpdistill.export.policies import read_policy, write_policy
from lpdistill.problem.labels import labels_of

PAST = Problem("1/2", 3, "4/5", "88/100")


@cache
def solved() -> Solution:
    """The optimum, on labels."""
    return solve(PAST)


@pytest.fixture
def file(tmp_path):
    """The optimum in a file."""
    path = tmp_path / "policy.json"
    write_policy(solved().policy, path)
    return path


def test_a_policy_on_labels_is_read_back(file):
    """Against the problem itself it tells pairs apart by the same labels, and decides the same."""
    found = read_policy(PAST, file)
    assert found.process.names.levels.levels == solved().problem.levels.levels
    assert [*found.items()] == [*solved().policy.items()]


def test_the_document_of_a_solution_is_a_policy_on_its_labels(tmp_path):
    """Trees and fidelities of labels are among its levels."""
    path = tmp_path / "solution.json"
    path.write_text(solved().to_json())
    assert read_policy(PAST, path).waiting_time == solved().waiting_time


def test_a_policy_on_labels_is_evaluated_at_another_p(file):
    """Labels do not depend on p."""
    assert read_policy(PAST.replace(p="3/5"), file).waiting_time < solved().waiting_time


@pytest.mark.parametrize("text", ["81/100", "1/0", "4/5 "])
def test_labels_of_other_fidelities_are_refused(file, text):
    """A file whose labels are not those of its trees is for another problem."""
    document = json.loads(file.read_text())
    document["levels"][0]["exact"] = text
    file.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="is for another problem: its labels"):
        read_policy(PAST, file)


def test_another_raw_fidelity_makes_other_labels(file):
    """The message says which."""
    with pytest.raises(ModelError, match="its labels are 4/5 where they are 81/100 here"):
        read_policy(PAST.replace(f0="81/100"), file)


def test_a_tree_that_is_none_is_refused(file):
    """The message has its text."""
    document = json.loads(file.read_text())
    document["levels"][1]["tree"] = "D(f0"
    file.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="made by no tree"):
        read_policy(PAST, file)


def test_a_table_says_nothing_of_labels(tmp_path):
    """Past the limit it is refused, with the remedy; beside labels it will do."""
    path = tmp_path / "policy.csv"
    write_policy(solved().policy, path)
    with pytest.raises(ModelError, match="says nothing of labels"):
        read_policy(PAST, path)
    assert read_policy(solved().problem, path).waiting_time == solved().waiting_time


def test_a_policy_brings_its_labels():
    """Evaluated for the problem itself, it keeps them."""
    found = Policy.of(PAST, solved())
    assert found.waiting_time == pytest.approx(solved().waiting_time, rel=1e-14)
    assert labels_of(found.process.problem) is not None


def test_choices_need_labels_to_speak_of():
    """Past the limit a policy of one's own is one for the labels of a solution, and the error says so."""
    chosen = {key: decisions for key, decisions in solved().policy.items() if decisions}
    with pytest.raises(InfiniteLevelsError, match=r"solve\(problem\)\.problem"):
        Policy.of(PAST, chosen)
    assert Policy.of(solved().problem, chosen).waiting_time == pytest.approx(solved().waiting_time, rel=1e-14)


def test_labels_of_another_target_are_refused():
    """They were made below another one."""
    with pytest.raises(ModelError, match=r"labels for 0\.8 -> 0\.88"):
        Policy.of(PAST.replace(target="89/100"), solved().policy)
