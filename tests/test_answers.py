"""Every kind of answer says what it has to say in the same ways."""

from __future__ import annotations

import json
from functools import cache
from html.parser import HTMLParser

import pandas as pd
import pytest
from cases import solved
from jsonschema import Draft202012Validator

import lpdistill
import symbolic
from lpdistill import (
    Action,
    Budget,
    Grid,
    Hardware,
    ModelError,
    Problem,
    acceptance_plan,
    acceptance_verdict,
    adapt,
    average_delivery,
    baseline,
    compare,
    deadline,
    deadline_frontier,
    deploy,
    differences,
    distribution,
    force,
    frontier,
    hashing,
    history,
    increments,
    key_rate,
    least_time_within,
    neighbours,
    plan,
    policy_table,
    rate_frontier,
    rate_sensitivity,
    regret_curve,
    reproduce,
    robust,
    sensitivity,
    sequential_verdict,
    simulate,
    simulate_rate,
    simulated_telemetry,
    standby,
    sweep,
    throughput,
    validity,
    variability,
    watch,
)
from lpdistill.schemas import schema
from lpdistill.solution.answer import LINES, Answer, Summary, Table
from symbolic import ProblemFormulas, certify, certify_rate, policy_map

pytest.importorskip("matplotlib")

THREE = Problem("1/2", 3, "3/4", "79/100")
LIMITED = THREE.with_constraints(Budget("generation_attempts", "10.5"))

PAST_THE_LIMIT = Problem("1/2", 3, "4/5", "22/25")

KINDS = {
    "AcceptancePlan": lambda: acceptance_plan("0.9", "0.95", problem=THREE),
    "AcceptanceVerdict": lambda: acceptance_verdict("0.9", 345, 361),
    "Adaptation": lambda: adapt(Problem(1, 4, "3/4", "79/100"), 500, 410, in_use=2, look=3),
    "AverageDelivery": lambda: average_delivery(Problem("1/2", 2, "3/4", average_fidelity="79/100")),
    "BracketCertificate": lambda: certify(solved(PAST_THE_LIMIT)),
    "Certificate": lambda: certify(solved(THREE)),
    "Checked": lambda: symbolic.check(certify(solved(THREE))),
    "CheckedRate": lambda: symbolic.check(certify_rate(throughput(THREE))),
    "Comparison": lambda: compare(THREE),
    "Deadline": lambda: deadline(THREE, 10),
    "DeadlineFrontier": lambda: deadline_frontier(THREE, 12),
    "Deployment": lambda: deploy(THREE, link="delft"),
    "Differences": lambda: differences(solved(THREE).policy, baseline(THREE, "nested")),
    "Distribution": lambda: distribution(solved(THREE).policy),
    "Explanation": lambda: solved(THREE).explain((2, 1)),
    "Frontier": lambda: frontier(THREE, "generation_attempts"),
    "HardwarePlan": lambda: plan(THREE, {"waiting_time": 9}, {"p": {"values": ".4,.6", "price": 1}}, frontier=True),
    "Hashing": lambda: hashing("0.9", pairs="10,1000"),
    "History": lambda: history(solved(THREE).policy, seed=3),
    "Increments": lambda: increments(solved(THREE)),
    "Intervention": lambda: force(solved(THREE), (2, 0), Action(((0, 0),), 1)),
    "KeyRate": lambda: key_rate(Hardware("1/10", 2, "17/20")),
    "Law": lambda: throughput(THREE).law,
    "Neighbours": lambda: neighbours(solved(LIMITED), "generation_attempts"),
    "Policy": lambda: solved(LIMITED).policy,
    "PolicyMap": lambda: policy_map(Problem(1, 4, "3/4", "79/100")),
    "PolicyTable": lambda: policy_table(THREE, ("0.4", "0.6"), regret="0.1"),
    "ProblemFormulas": lambda: ProblemFormulas.of(THREE),
    "RateFrontier": lambda: rate_frontier(Hardware("1/10", 2, "17/20"), worth="bb84"),
    "RateBracket": lambda: certify_rate(throughput(Problem("1/2", 3, "4/5", "22/25"))),
    "RateCertificate": lambda: certify_rate(throughput(THREE)),
    "RateSimulation": lambda: simulate_rate(throughput(THREE), 50_000, seed=1),
    "RateSensitivity": lambda: rate_sensitivity(throughput(THREE)),
    "RegretCurve": lambda: regret_curve(solved(THREE), points=5),
    "Reproduction": lambda: reproduce(search=False),
    "Robust": lambda: robust(THREE, ("0.4", "0.6")),
    "Sensitivity": lambda: sensitivity(solved(THREE)),
    "SequentialVerdict": lambda: sequential_verdict("0.9", "0.95", "1101" * 20),
    "ServiceLevel": lambda: least_time_within(THREE, 12, "0.7"),
    "Simulation": lambda: simulate(solved(THREE).policy, 200, seed=1),
    "Solution": lambda: solved(LIMITED),
    "Standby": lambda: standby(THREE, 2, "1/20", service="0.9"),
    "Sweep": lambda: sweep(Grid(THREE, p="0.4,0.5"), ["optimal", "nested"], store=None, jobs=1),
    "Throughput": lambda: throughput(THREE, tenants={"a": "0.78"}),
    "Validity": lambda: validity(solved(THREE)),
    "Variability": lambda: variability(solved(THREE), "0.01"),
    "Watch": lambda: watch(solved(THREE), simulated_telemetry(solved(THREE), 50, 2, seed=1), each=True),
}
"""An answer of every kind."""

UNDRAWN = {"BracketCertificate", "Certificate", "Checked", "CheckedRate", "RateBracket", "RateCertificate"}
"""Kinds of which there is no picture."""

kinds = pytest.mark.parametrize("kind", KINDS)


@cache
def made(kind):
    """One of the answers, made once for all tests."""
    return KINDS[kind]()


class Balanced(HTMLParser):
    """A reader of HTML that notes which tags are open, and every tag there is."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_no_kind_is_forgotten():
    """There is an answer of every public class that is a kind of answer."""
    public = (getattr(package, name) for package in (lpdistill, symbolic) for name in package.__all__)
    known = {one.__name__ for one in public if isinstance(one, type) and issubclass(one, Answer)}
    assert known == KINDS.keys()


@kinds
def test_an_answer_is_of_its_kind(kind):
    """The answers tried here are of the class that they stand for."""
    assert type(made(kind)).__name__ == kind


@kinds
def test_the_document_follows_its_schema(kind):
    """The JSON document is plain JSON, says which schema it follows, and follows it."""
    document = json.loads(made(kind).to_json(), parse_constant=pytest.fail)
    assert document == json.loads(json.dumps(made(kind).to_dict()))
    Draft202012Validator(schema(document["schema"])).validate(document)


@kinds
def test_the_summary_is_short(kind):
    """A summary has at most twelve lines, each with a name and a text, and prints one line for each."""
    summary = made(kind).summary()
    assert 2 <= len(summary) <= LINES
    assert all(name and text and "\n" not in text for name, text in summary)
    assert [line.split() for line in str(summary).splitlines()] == [f"{a} {b}".split() for a, b in summary]


@kinds
def test_it_prints_shortly_and_by_its_name(kind):
    """What Python prints of an answer is as short as its summary, and begins with what it is."""
    lines = repr(made(kind)).splitlines()
    assert len(lines) <= LINES + 1
    assert lines[0].startswith((kind, "2 x 0.750", "generation_attempts"))


@kinds
def test_it_says_all_that_a_terminal_shows(kind):
    """What is printed of an answer are lines, tables with a cell for every heading, and sentences; never nothing."""
    for most in (2, None):
        blocks = [*made(kind).printed(most)]
        assert blocks
        assert all(blocks)
        assert all(len(row) == len(one.headings) for one in blocks if isinstance(one, Table) for row in one.rows)
        assert all(isinstance(block, Summary | Table | str) for block in blocks)


@kinds
def test_the_frame_has_rows(kind):
    """The table is a DataFrame with at least one row, and what is shown of it has a cell for every heading."""
    frame = made(kind).to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) > 0
    shown = made(kind).shown()
    assert shown.rows
    assert all(len(row) == len(shown.headings) and all(isinstance(cell, str) for cell in row) for row in shown.rows)
    assert len(made(kind).shown(1).rows) <= 2


@kinds
def test_the_picture_is_drawn_or_refused(kind):
    """An answer is drawn on new axes or on given ones, or one sentence says why it is not."""
    from matplotlib.axes import Axes  # noqa: PLC0415 - as above

    from lpdistill import pictures  # noqa: PLC0415 - with matplotlib

    if kind in UNDRAWN:
        with pytest.raises(ModelError, match="plot: "):
            made(kind).plot()
        return
    drawn = made(kind).plot()
    assert isinstance(drawn, Axes)
    assert drawn.has_data()
    pictures.figure_of(drawn).draw_without_rendering()
    given = pictures.axes()
    assert made(kind).plot(given) is given


@kinds
def test_the_notebook_shows_it(kind):
    """The HTML is well formed, made of tables and texts only, and escapes what it shows."""
    text = made(kind)._repr_html_()
    reader = Balanced()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert reader.seen <= {"table", "tr", "th", "td", "p"}
    assert "->" not in text


def test_long_summaries_are_cut():
    """More lines than a summary has are counted, not shown."""

    class Long(Answer):
        _KIND = "solution"
        _question = THREE

        def _lines(self):
            return ((f"line {i}", "text") for i in range(20))

        def _content(self):
            return {}

        def _cells(self):
            return {"x": [1, 2]}

    summary = Long().summary()
    assert len(summary) == LINES
    assert summary[-1] == ("...", "and 10 lines more")
    assert Long().shown().rows == [("1",), ("2",)]
