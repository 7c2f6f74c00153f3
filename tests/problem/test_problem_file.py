"""Problem files: what they mean, and that nothing else is accepted."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    FinalStep,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    load_problem,
    solve,
)
from lpdistill.problem.problem_file import merged, read_settings
from lpdistill.problem.settings import SETTINGS

TEXT = 'p = 0.5\nmemories = 4\nf0 = "3/4"\ntarget = 0.79\n'
EVERYTHING = """
p = 0.1            # a comment
memories = 6
f0 = 0.9
gap = "1/25"
generation_time = 1.5
distillation_time = 3
final_step = "free"
"""


@pytest.fixture
def write(tmp_path):
    """Write a problem file and give its path."""

    def written(content: str | bytes):
        path = tmp_path / "problem.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def test_a_file_holds_the_arguments_of_a_problem(write):
    """A file means the problem with the same arguments."""
    assert load_problem(write(TEXT)) == Problem("1/2", 4, "3/4", "0.79")


def test_every_argument_may_be_in_a_file(write):
    """Every key of a problem file reaches the problem."""
    expected = Problem(
        "1/10", 6, "9/10", gap="0.04", generation_time="3/2", distillation_time=3, final_step=FinalStep.FREE
    )
    assert load_problem(write(EVERYTHING)) == expected


def test_decimals_are_exact(write):
    """A decimal in a file is that decimal, however many digits it has, not the nearest float."""
    digits = "0.7" + "0" * 30 + "1"
    assert load_problem(write(TEXT.replace("0.79", digits))).target == Fraction(digits)


def test_changes_win(write):
    """A change replaces what the file says."""
    assert load_problem(write(TEXT), p="1/3").p == Fraction(1, 3)


def test_changes_to_none_change_nothing(write):
    """A change to None, as an option that was not given, leaves what the file says."""
    assert load_problem(write(TEXT), p=None, memories=None) == load_problem(write(TEXT))


def test_changes_may_complete_a_file(write):
    """What the file leaves out may be given."""
    assert load_problem(write("f0 = 0.75\n"), p=0.5, memories=4, target=0.79) == load_problem(write(TEXT))


def test_a_path_may_be_text(write):
    """A path is taken as text as well."""
    assert load_problem(str(write(TEXT))) == load_problem(write(TEXT))


@pytest.mark.parametrize(
    ("settings", "changes", "expected"),
    [
        ({"target": 1}, {"gap": 2}, {"gap": 2}),
        ({"gap": 1}, {"target": 2}, {"target": 2}),
        ({"target": 1}, {"gap": None}, {"target": 1}),
        ({"target": 1, "p": 3}, {"gap": 2, "target": 4}, {"p": 3, "gap": 2, "target": 4}),
        ({"p": 1}, {"p": 2}, {"p": 2}),
    ],
    ids=["gap", "target", "nothing", "both", "other"],
)
def test_target_and_gap_replace_each_other(settings, changes, expected):
    """A changed gap takes the place of a target and the other way round; both together are both kept."""
    assert merged(settings, changes) == expected


def test_merging_leaves_its_arguments_alone():
    """Settings that were merged are not modified."""
    settings = {"p": 1, "target": 2}
    merged(settings, {"gap": 3})
    assert settings == {"p": 1, "target": 2}


@pytest.mark.parametrize("key", ["p", "memories", "f0"])
def test_a_missing_argument_is_named(key):
    """What is missing is named, and so is where it may be given."""
    settings = {"p": 0.5, "memories": 4, "f0": 0.75, "target": 0.79}
    del settings[key]
    with pytest.raises(ModelError, match=f"^{key}: is missing; give it as an option or in the problem file$") as caught:
        Problem.from_dict(settings)
    assert caught.value.where == key


def test_an_unknown_key_is_named(write):
    """A key that no problem has is refused, with the file, the key, and the keys that there are."""
    path = write(TEXT + "memory = 3\n")
    with pytest.raises(ModelError) as caught:
        read_settings(path)
    assert (caught.value.where, caught.value.value) == (str(path), "memory")
    assert ", ".join(SETTINGS) in str(caught.value)


def test_toml_errors_say_where(write):
    """A file that is no TOML is refused with the line."""
    with pytest.raises(ModelError, match=r"not valid TOML: .*line 2.*problem\.toml"):
        load_problem(write("p = 0.5\nmemories\n"))


def test_a_byte_order_mark_is_no_error(write):
    """A file saved by an editor that starts UTF-8 with a byte order mark is read."""
    assert load_problem(write(b"\xef\xbb\xbf" + TEXT.encode())) == load_problem(write(TEXT))


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "No such file"), (b"p = '\xff'", "not text")],
    ids=["missing", "binary"],
)
def test_an_unreadable_file_is_named(write, tmp_path, content, problem):
    """A file that cannot be read is refused with its path and the reason."""
    path = tmp_path / "problem.toml" if content is None else write(content)
    with pytest.raises(ModelError, match=problem) as caught:
        load_problem(path)
    assert caught.value.value == str(path)


def test_a_directory_is_named(tmp_path):
    """A directory is refused with its path."""
    with pytest.raises(ModelError, match="directory") as caught:
        load_problem(tmp_path)
    assert caught.value.value == str(tmp_path)


PROBLEMS = st.fixed_dictionaries(
    {
        "p": st.fractions("1/1000", 1, max_denominator=1000),
        "memories": st.integers(1, 50),
        "f0": st.fractions("501/1000", 1, max_denominator=1000),
        "target": st.fractions("1/1000", 1, max_denominator=1000),
        "final_step": st.sampled_from(FinalStep),
    }
)


@given(arguments=PROBLEMS)
def test_a_problem_written_is_the_problem_read(tmp_path_factory, arguments):
    """Any problem, written out as exact text, reads back as itself."""
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in arguments.items()), encoding="utf-8")
    assert load_problem(path) == Problem(**arguments)


VALUES = st.sampled_from(
    ["0.5", "4", "'3/4'", "0.79", "-1", "nan", "inf", "true", "[]", "{}", "''", "1e9", "2026-06-14", "10:00:00", "0x10"]
)


@given(settings=st.dictionaries(st.sampled_from((*SETTINGS, "q")), VALUES))
@example({"p": "0.5", "memories": "4", "f0": "'3/4'", "target": "0.79"})
def test_settings_are_a_problem_or_a_model_error(tmp_path_factory, settings):
    """Whatever values the keys have, a file gives a problem or a ModelError, and no other error."""
    path = tmp_path_factory.getbasetemp() / "settings.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()), encoding="utf-8")
    try:
        found = load_problem(path)
    except ModelError as error:
        found = error
    assert isinstance(found, Problem | ModelError)


@given(content=st.binary(max_size=60))
@example(b"")
@example(b"p = 0.5\r\nmemories = 4\r\n")
def test_bytes_are_never_another_error(tmp_path_factory, content):
    """Arbitrary bytes are no problem, and that is all they are."""
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        load_problem(path)


DESCRIBED = {
    "bare": Problem("1/3", 4, "3/4", "79/100"),
    "times": Problem("1/2", 3, "9/10", "94/100", generation_time="3/7", distillation_time=0, final_step="free"),
    "discarding": Problem("1/2", 3, "3/4", "79/100", discarding=True),
    "every rule": Problem("1/2", 4, "3/4", "79/100").with_constraints(
        MaxDistillations(1),
        MaxAttempts(2),
        NoGenerationWhileDistilling(),
        Banded(1),
        EqualLevelsOnly(),
        RawPairOnly(),
    ),
    "budgets": Problem("1/2", 4, "3/4", "79/100").with_constraints(
        Budget("generation_attempts", "23/2"), Budget("memory_time", 30, least="1/3"), Budget("steps", least=2)
    ),
}
described = pytest.mark.parametrize("problem", DESCRIBED.values(), ids=DESCRIBED)


@described
def test_a_problem_is_what_it_says_of_itself(problem):
    """What a problem says of itself as JSON describes that problem."""
    assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem


@described
def test_documents_name_their_problem(problem):
    """The problem in the document of a solution is the problem solved."""
    if problem.rules or problem.budgets:
        problem = problem.replace(rules=problem.rules[:2], budgets=problem.budgets[1:])
    assert Problem.from_dict(json.loads(solve(problem).to_json())["problem"]) == problem


def test_settings_of_a_file_describe_a_problem():
    """Settings as a problem file has them, with tables of rules and budgets, will do."""
    stated = {"p": "1/2", "memories": 4, "f0": "3/4", "gap": 0.04, "rules": {"banded": 1}, "budgets": {"steps": 9}}
    assert Problem.from_dict(stated) == Problem(
        "1/2", 4, "3/4", gap=0.04, rules=[Banded(1)], budgets=[Budget("steps", 9)]
    )


WRONG_DOCUMENTS = {
    "no table": ([], "problem"),
    "a setting too many": ({"q": 1}, "problem"),
    "a setting too few": ({"p": None}, "p"),
    "a rule of a user's": ({"rules": [{"rule": "reserve"}]}, "rules"),
    "a rule without a name": ({"rules": [{"most": 1}]}, "rules"),
    "rules in a list of names": ({"rules": ["banded"]}, "rules"),
    "a rule with another argument": ({"rules": [{"rule": "banded", "most": 1}]}, "rule banded"),
    "a resource of a user's": ({"budgets": {"energy": {"most": "3"}}}, "budgets"),
    "a map of a user's": ({"distillation": "additive"}, "distillation"),
    "no map": ({"distillation": ["werner"]}, "distillation"),
}


@pytest.mark.parametrize(("change", "where"), WRONG_DOCUMENTS.values(), ids=WRONG_DOCUMENTS)
def test_what_describes_no_problem_is_refused(change, where):
    """What is no description of a problem, or one that names do not suffice for, is a ModelError that says where."""
    stated = {**DESCRIBED["bare"].to_dict(), **change} if isinstance(change, dict) else change
    with pytest.raises(ModelError) as caught:
        Problem.from_dict(stated)
    assert caught.value.where == where
