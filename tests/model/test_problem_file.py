"""Problem files: what they mean, and that nothing else is accepted."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lpdistill import FinalStep, ModelError, Problem, load_problem
from lpdistill.model.problem_file import KEYS, merged, problem_from, read_settings

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
        problem_from(settings)
    assert caught.value.where == key


def test_an_unknown_key_is_named(write):
    """A key that no problem has is refused, with the file, the key, and the keys that there are."""
    path = write(TEXT + "memory = 3\n")
    with pytest.raises(ModelError) as caught:
        read_settings(path)
    assert (caught.value.where, caught.value.value) == (str(path), "memory")
    assert ", ".join(KEYS) in str(caught.value)


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


@given(settings=st.dictionaries(st.sampled_from((*KEYS, "q")), VALUES))
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
