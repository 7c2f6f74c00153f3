"""The checker accepts what is proved, and nothing else."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from cases import SMALL, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import LimitError, ModelError, NotCertifiedError, Problem, solve
from symbolic import certify, check

FOUR = certify(solved(SMALL["four memories"])).to_dict()
FEW = certify(solved(Problem("1/2", 6, "9/10", "94/100")), scope="visited").to_dict()
DOCUMENTS = {"exact everywhere": FOUR, "exact in reachable configurations": FEW}


def changed(document: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """A copy of a document with one entry replaced."""
    copied = copy.deepcopy(document)
    *parents, last = path
    place: Any = copied
    for key in parents:
        place = place[key]
    place[last] = to(place[last]) if callable(to) else to
    return copied


@pytest.mark.parametrize("scope", ["all", "visited"])
@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_certificates_are_accepted(problem, scope):
    """Every certificate is accepted, as a document and through JSON, and the time is the one claimed."""
    proof = certify(solved(problem), scope=scope)
    checked = check(json.loads(proof.to_json()))
    assert checked == check(proof.to_dict())
    assert (checked.waiting_time, checked.unique) == (proof.waiting_time, proof.unique)
    assert (checked.configurations, checked.columns) == (proof.dynamics.size, proof.checked_columns)


def numbers(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the exact numbers of a document are."""
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from numbers(child, (*path, key))
    elif isinstance(node, str) and node[0].isdigit():
        yield path


def at(document: Any, path: tuple[Any, ...]) -> Any:
    """The entry at a place."""
    for key in path:
        document = document[key]
    return document


@settings(max_examples=150)
@given(st.data())
def test_a_changed_digit_is_caught(data):
    """A digit changed anywhere, in a value, the waiting time or a parameter, is rejected.

    A lower bound may be lowered a little where it has slack: it is no claim, and what is claimed stays proved.  Nor is
    the version a claim: what a document of an earlier one says is read in the same way.
    """
    document = data.draw(st.sampled_from(list(DOCUMENTS.values())))
    path = data.draw(st.sampled_from([path for path in numbers(document) if path[0] not in {"bounds", "version"}]))
    text = at(document, path)
    place = data.draw(st.sampled_from([i for i, character in enumerate(text) if character.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "123456789" if d != text[place]]))
    with pytest.raises((NotCertifiedError, ModelError, LimitError)):
        check(changed(document, *path, to=text[:place] + digit + text[place + 1 :]))


@given(st.data())
def test_raised_bounds_are_caught(data):
    """A lower bound that is raised to the next whole number violates the inequality of some action."""
    row = data.draw(st.sampled_from(range(len(FEW["bounds"]))))
    above, below = FEW["bounds"][row]["value"].split("/")
    with pytest.raises(NotCertifiedError, match="is above that of action"):
        check(changed(FEW, "bounds", row, "value", to=str(int(above) // int(below) + 1)))


def test_a_swapped_action_is_caught():
    """A policy with an action that is not optimal does not attain the value."""
    other = {"generate": 0, "distil": []}
    for row, entry in enumerate(FOUR["exact"]):
        assert entry["action"] != other
        with pytest.raises(NotCertifiedError, match="does not attain the value"):
            check(changed(FOUR, "exact", row, "action", to=other))


def test_actions_of_two_configurations_exchanged_are_caught():
    """Two configurations whose actions are exchanged do not attain their values."""
    first, second = FOUR["exact"][0]["action"], FOUR["exact"][-1]["action"]
    assert first != second
    mixed = changed(changed(FOUR, "exact", 0, "action", to=second), "exact", -1, "action", to=first)
    with pytest.raises(NotCertifiedError, match="does not attain the value"):
        check(mixed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("f0", "7501/10000"),
        ("f0", "76/100"),
        ("target", "78/100"),
        ("p", "51/100"),
        ("generation_time", "11/10"),
        ("distillation_time", "3"),
        ("memories", 5),
        ("final_step", "free"),
        ("attempts", "all"),
    ],
)
def test_another_problem_is_caught(name, value):
    """A certificate of one problem proves nothing about another."""
    with pytest.raises(NotCertifiedError):
        check(changed(FOUR, "problem", name, to=value))


@pytest.mark.parametrize(("name", "document"), DOCUMENTS.items())
def test_a_missing_column_is_caught(name, document):
    """An optimal action left out of the list, or a number of columns that is not all of them, is rejected."""
    assert name in DOCUMENTS
    with pytest.raises(NotCertifiedError, match="other actions are optimal"):
        check(changed(document, "exact", 3, "optimal", to=[]))
    with pytest.raises(NotCertifiedError, match="the program has"):
        check(changed(document, "checked_columns", to=lambda count: count - 1))


@pytest.mark.parametrize("part", ["exact", "bounds"])
def test_a_missing_configuration_is_caught(part):
    """A configuration left out, or listed twice instead of another, is rejected."""
    with pytest.raises(NotCertifiedError, match="configurations, the problem"):
        check(changed(FEW, part, to=lambda rows: rows[:-1]))
    with pytest.raises(NotCertifiedError, match="occurs twice"):
        check(changed(FEW, part, to=lambda rows: [*rows[:-1], rows[0]]))
    with pytest.raises(NotCertifiedError, match="there is no configuration"):
        check(changed(FEW, part, 0, "counts", to=[7, 0, 0]))


def test_exact_values_may_not_be_called_bounds():
    """A policy that leaves the exact values, or has none at its start, is rejected."""
    moved = copy.deepcopy(FEW)
    row = moved["exact"].pop()
    moved["bounds"].append({"counts": row["counts"], "value": row["value"]})
    with pytest.raises(NotCertifiedError, match="leaves the exact values"):
        check(moved)
    moved["bounds"] += [{"counts": row["counts"], "value": row["value"]} for row in moved["exact"]]
    moved["exact"] = []
    with pytest.raises(NotCertifiedError, match="empty memories is not exact"):
        check(moved)


def test_a_wrong_claim_about_uniqueness_is_caught():
    """Whether other policies are optimal is checked."""
    with pytest.raises(NotCertifiedError, match="is unique"):
        check(changed(FOUR, "unique", to=False))


def test_policies_that_go_in_circles_are_caught():
    """Where steps take no time, equality alone proves nothing: the policy must reach the target.

    With generation for nothing, giving all configurations the same value satisfies every inequality of waiting.
    """
    proof = certify(solved(SMALL["generation takes no time"])).to_dict()
    for row in range(len(proof["exact"])):
        lazy = changed(proof, "exact", row, "action", to={"generate": 0, "distil": []})
        with pytest.raises(NotCertifiedError):
            check(lazy)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '"certificate"',
        '{"schema": "lpdistill.solution/1"}',
        '{"schema": "lpdistill.certificate/1"}',
        '{"schema": "lpdistill.certificate/1", "problem": 3, "exact": [], "bounds": []}',
        "[" * 100_000,
        "\x00",
    ],
)
def test_files_that_are_no_certificates_are_refused(tmp_path, content):
    """A file that is not JSON, or another document, is an input error with the reason."""
    path = tmp_path / "certificate.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"^certificate"):
        check(path)


def test_missing_and_unreadable_files_are_refused(tmp_path):
    """A file that is not there, or is no text, is an input error."""
    with pytest.raises(ModelError, match="cannot be read"):
        check(tmp_path / "nowhere.json")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ModelError, match="is not JSON"):
        check(tmp_path / "bytes")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("waiting_time",), 8.64),
        (("waiting_time",), "8.64"),
        (("exact", 0, "value"), "1/0"),
        (("exact", 0, "value"), None),
        (("exact", 0, "action"), "generate"),
        (("exact", 0, "optimal"), 1),
        (("problem", "memories"), "4"),
        (("problem", "memories"), -1),
        (("problem", "p"), "0"),
        (("problem", "f0"), "1/3"),
        (("problem", "distillation"), "mine"),
        (("problem", "rules"), ["k"]),
        (("problem", "attempts"), "some"),
    ],
)
def test_entries_of_another_form_are_refused(path, value):
    """Numbers that are not exact text, and parameters of no problem that the checker knows, are input errors."""
    with pytest.raises(ModelError, match=r"^certificate"):
        check(changed(FOUR, *path, to=value))


def test_sizes_beyond_reason_are_refused(monkeypatch):
    """A program with too many columns or levels is refused rather than checked for hours."""
    monkeypatch.setattr("symbolic.checking.proof.MOST_OPERATIONS", 10)
    with pytest.raises(LimitError) as caught:
        check(FOUR)
    assert caught.value.size["columns"] > 10
    with pytest.raises(LimitError, match="levels"):
        check(changed(FOUR, "problem", "target", to="9/10"))


def test_the_checker_loads_nothing_of_the_solver(tmp_path):
    """Checking a file imports neither arrays, nor exact libraries, nor the package's model or solver."""
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(FOUR))
    code = (
        "import sys; from symbolic.checking.checker import check; print(check(sys.argv[1]).waiting_time);"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'lpdistill', 'symbolic', 'numpy', 'scipy', 'flint', 'sympy', 'highspy'}))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    time, modules = run.stdout.splitlines()
    assert time == FOUR["waiting_time"]
    assert modules.split() == [
        "lpdistill",
        "lpdistill.errors",
        "symbolic",
        "symbolic.checking",
        "symbolic.checking.budgets",
        "symbolic.checking.checker",
        "symbolic.checking.covering",
        "symbolic.checking.earning",
        "symbolic.checking.graph",
        "symbolic.checking.model",
        "symbolic.checking.proof",
        "symbolic.checking.rounding",
        "symbolic.checking.steady",
    ]


def test_columns_by_the_million_are_checked():
    """Ten million columns are certified and checked: all of them bounded, and 560 in all digits."""
    checked = check(certify(solve(Problem("1/2", 32, "9/10", "94/100"))))
    assert (checked.configurations, checked.columns, checked.exact_columns) == (6545, 10_705_189, 560)
