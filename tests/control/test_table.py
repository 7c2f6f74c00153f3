"""Tables of policies are optimal, or as good as they say, signed with their problem, and read without us."""

from __future__ import annotations

import json
from fractions import Fraction
from hashlib import sha256

import pytest

from lpdistill import LimitError, ModelError, Problem, policy_table, read_policy_table, solve
from lpdistill.control.table import digest
from lpdistill.solution.policy import Policy

NODE = Problem(1, 4, "3/4", "79/100")


@pytest.fixture
def file(tmp_path):
    """A table, written."""
    policy_table(NODE).save(tmp_path / "table.json")
    return tmp_path / "table.json"


def time_of(problem, policy):
    """What a table's policy takes."""
    return Policy.of(problem, dict(policy)).waiting_time


@pytest.mark.parametrize("p", ["1/100", "1/5", "0.2455", "1/2", "0.8526", "9/10", "1"])
def test_a_policy_of_an_exact_table_is_optimal(p):
    """At any p the table has a policy that takes no longer than the optimum, in all configurations."""
    problem, table = NODE.replace(p=p), policy_table(NODE)
    best = solve(problem)
    found = Policy.of(problem, dict(table.policy(p)))
    assert found.waiting_time == pytest.approx(best.waiting_time, rel=1e-12)
    assert {*table.policy(p)} >= {*best.policy}


def test_the_ends_of_an_exact_table_are_the_breakpoints():
    """Entries follow each other without a gap, and each end lies between rationals that are hardly apart."""
    table = policy_table(NODE)
    assert [float(entry.high[1]) for entry in table.entries] == pytest.approx([0.24559899782, 0.852617664418, 1])
    for left, right in zip(table.entries, table.entries[1:], strict=False):
        assert left.high == right.low
        assert left.high[1] - left.high[0] <= Fraction(1, 1 << 64)
    assert table.entries[0].low == (0, 0)


def test_ends_are_the_roots_of_their_polynomials():
    """The polynomial of an end changes its sign between the two numbers, so that it has a root there."""
    first, second, last = policy_table(NODE).entries
    for entry in (first, second):
        below, above = (eval(entry.polynomial.replace("^", "**"), {"p": end}) for end in entry.high)  # noqa: S307
        assert below * above < 0
    assert (last.polynomial, last.high) == ("p - 1", (1, 1))


def test_the_regret_of_a_bounded_table_holds():
    """No policy of an entry is slower than the best one by more than is said, at any p of its entry."""
    table = policy_table(NODE.replace(memories=6), ("0.3", "0.8"), regret="0.1")
    assert table.entries[0].low[0] == Fraction(3, 10)
    assert table.entries[-1].high[0] == Fraction(4, 5)
    for left, right in zip(table.entries, table.entries[1:], strict=False):
        assert left.high == right.low
    for entry in table.entries:
        assert entry.regret <= Fraction(1, 10)
        for share in (Fraction(0), Fraction(1, 3), Fraction(1)):
            there = NODE.replace(memories=6, p=entry.low[0] + share * (entry.high[0] - entry.low[0]))
            best = solve(there).waiting_time
            assert time_of(there, entry.policy) <= best * (1 + float(entry.regret) + 1e-12)


def test_a_table_is_read_back(file):
    """What was written for a problem is read for it, whatever its own p, and says the same."""
    again = read_policy_table(NODE.replace(p="1/3"), file)
    assert again.to_dict() == policy_table(NODE).to_dict()
    assert again.number("1/2") == 2


def test_another_problem_is_refused(file):
    """A table is of one problem: any other setting than p is named."""
    for name, value in (("memories", 5), ("f0", "76/100"), ("distillation_time", 3), ("final_step", "free")):
        with pytest.raises(ModelError, match=f"is one of another problem: {name} differ"):
            read_policy_table(NODE.replace(**{name: value}), file)


def changed_everywhere(document, keep=("schema", "digest")):
    """The document with each of its values changed, one at a time."""

    def walk(part, path):
        items = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in items:
            if isinstance(value, dict | list):
                yield from walk(value, (*path, key))
            elif (*path, key)[0] not in keep:
                yield (
                    (*path, key),
                    (not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}1"),
                )

    for path, value in walk(document, ()):
        other = json.loads(json.dumps(document))
        place = other
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        yield path, other


def test_a_changed_table_is_refused(file):
    """Whatever is changed in a table, it is not used."""
    document, count = json.loads(file.read_text()), 0
    for path, other in changed_everywhere(document):
        file.write_text(json.dumps(other))
        with pytest.raises(ModelError, match=r"was changed|is no table"):
            read_policy_table(NODE, file)
        assert path
        count += 1
    assert count > 250


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is no JSON"), ("[]", "is no table"), ('{"schema": 1}', "is no table")]
)
def test_other_files_are_refused(tmp_path, text, message):
    """What is no table is told so."""
    (tmp_path / "table.json").write_text(text)
    with pytest.raises(ModelError, match=message):
        read_policy_table(NODE, tmp_path / "table.json")
    with pytest.raises(ModelError, match="cannot be read"):
        read_policy_table(NODE, tmp_path / "none.json")


def test_the_format_needs_nothing_of_ours(file):
    """With JSON, SHA-256 and fractions alone, a device checks a table and finds what to do."""
    table = json.loads(file.read_text())
    body = {name: value for name, value in table.items() if name not in {"schema", "digest"}}
    for signed, stated in ((body, table["digest"]), (table["problem"], table["signature"])):
        text = json.dumps(signed, sort_keys=True, separators=(",", ":"))
        assert sha256(text.encode()).hexdigest() == stated
    p = Fraction(1, 2)
    entry = next(one for one in table["entries"] if Fraction(one["from"][0]) <= p <= Fraction(one["to"][1]))
    action = next(one["action"] for one in entry["policy"] if one["counts"] == [2, 0])
    assert action == {"generate": 2, "distil": [[0, 0]]}


def test_documents_have_no_numbers_that_could_be_written_otherwise(file):
    """All numbers of a table are whole, or text, so that its digest is the same for whoever writes it again."""

    def refuse(number):
        raise AssertionError(number)

    json.loads(file.read_text(), parse_float=refuse)
    assert digest({"a": [1, "1/2"]}) == sha256(b'{"a":[1,"1/2"]}').hexdigest()


@pytest.mark.parametrize(
    ("span", "regret", "message"),
    [
        (("0", "1"), "0.1", "span: must be an interval of probabilities"),
        (("0.5", "0.5"), "0.1", "span: must be an interval of probabilities"),
        (("0.6", "0.5"), "0.1", "span: must have its least value first"),
        (("0.5", "0.6"), "0", "regret: must be above 0"),
    ],
)
def test_a_wrong_range_is_one_clear_message(span, regret, message):
    """Ranges and regrets that are none are named."""
    with pytest.raises(ModelError, match=message):
        policy_table(NODE, span, regret=regret)


def test_too_many_entries_are_refused(monkeypatch):
    """A regret that takes more policies than a device has room for is refused."""
    monkeypatch.setattr("lpdistill.control.table.MOST_ENTRIES", 3)
    with pytest.raises(LimitError, match="takes more than 3 policies"):
        policy_table(NODE, ("0.1", "0.9"), regret="0.001")


def test_what_the_table_does_not_cover_is_named():
    """Beyond its range a table says nothing."""
    table = policy_table(NODE, ("0.4", "0.6"), regret="0.5")
    with pytest.raises(ModelError, match=r"p: must be within the table, from 0\.4 to 0\.6"):
        table.number("0.7")
