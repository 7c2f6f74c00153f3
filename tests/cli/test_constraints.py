"""Rules and budgets on the command line and in problem files: what they do, and what is said where they are wrong."""

from __future__ import annotations

import json
import re

import pytest

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    solve,
)

OPTIONS = ("--p", "1/2", "--memories", "4", "--f0", "3/4", "--target", "79/100")
FOUR = Problem("1/2", 4, "3/4", "79/100")
TOML = """
p = 0.5
memories = 4
f0 = 0.75
target = 0.79

[rules]
max_distillations = 1
no_generation_while_distilling = true

[budgets]
generation_attempts = 14
memory_time = { most = 30, least = 5 }
"""

RULES = {
    "max_distillations": (("--max-distillations", "1"), "1", MaxDistillations(1)),
    "max_attempts": (("--max-attempts", "2"), "2", MaxAttempts(2)),
    "no_generation_while_distilling": (
        ("--no-generation-while-distilling",),
        "true",
        NoGenerationWhileDistilling(),
    ),
    "banded": (("--banded", "0"), "0", Banded(0)),
    "equal_levels_only": (("--equal-levels-only",), "true", EqualLevelsOnly()),
    "raw_pair_only": (("--raw-pair-only",), "true", RawPairOnly()),
}
rules = pytest.mark.parametrize(("name", "given"), list(RULES.items()), ids=RULES)


def plain(toml):
    """A problem file without tables."""
    return toml[: toml.index("[rules]")]


def one_message(ran, code, *words):
    """Whether a run failed with one message on standard error, which has all the words, and nothing else."""
    lines = ran.err.splitlines()
    assert (ran.code, ran.out, len(lines)) == (code, "", 1)
    assert lines[0].startswith("lpdistill: error: ")
    for word in words:
        assert word in lines[0]


@rules
def test_rules_are_options(run, name, given):
    """A rule given as an option of its name leads to the waiting time that it has in Python."""
    option, _, rule = given
    assert option[0] == "--" + name.replace("_", "-")
    found = run("solve", *OPTIONS, *option, "--json").document
    assert found["waiting_time"] == pytest.approx(solve(FOUR.with_constraints(rule)).waiting_time, rel=1e-12)


@rules
def test_rules_are_keys_of_the_table_rules(run, problem_file, name, given):
    """A rule in a problem file leads to the same document as the option."""
    option, value, _ = given
    file = problem_file(f"{plain(TOML)}[rules]\n{name} = {value}\n")
    written, optional = run("solve", file, "--json").document, run("solve", *OPTIONS, *option, "--json").document
    assert written["problem"] == optional["problem"]
    assert written["waiting_time"] == optional["waiting_time"]


@rules
def test_rules_are_in_the_document(run, name, given):
    """The document repeats every rule under its name."""
    document = run("solve", *OPTIONS, *given[0], "--json").document
    assert len(document["problem"]["rules"]) == 1
    assert name in json.dumps(document["problem"]["rules"])


def test_rules_hold_together(run):
    """Two rules on one line both hold."""
    found = run("solve", *OPTIONS, "--max-distillations", "1", "--max-attempts", "2", "--json").document
    both = FOUR.with_constraints(MaxDistillations(1), MaxAttempts(2))
    assert found["waiting_time"] == pytest.approx(solve(both).waiting_time, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("generation_attempts=12", Budget("generation_attempts", 12)),
        ("generation_attempts<=12", Budget("generation_attempts", 12)),
        (" generation_attempts = 23/2 ", Budget("generation_attempts", "23/2")),
        ("memory_time=16.5", Budget("memory_time", "16.5")),
        ("generation_attempts>=14", Budget("generation_attempts", least=14)),
    ],
)
def test_budgets_are_options(run, text, budget):
    """A budget given as an option leads to the waiting time that it has in Python."""
    found = run("solve", *OPTIONS, "--budget", text, "--json").document
    assert found["waiting_time"] == pytest.approx(solve(FOUR.with_constraints(budget)).waiting_time, rel=1e-12)


def test_a_budget_may_have_both_limits(run):
    """An upper and a lower limit on one resource are one budget with both."""
    found = run("solve", *OPTIONS, "--budget", "steps=6", "--budget", "steps>=5.9", "--json").document
    assert found["problem"]["budgets"] == {"steps": {"most": "6", "least": "59/10"}}


def test_the_document_prices_budgets(run):
    """A budget has its limit, its use, its price and the range of its price, as documented and as in Python."""
    (found,) = run("solve", *OPTIONS, "--budget", "generation_attempts=12", "--json").document["budgets"].items()
    (use,) = solve(FOUR.with_constraints(Budget("generation_attempts", 12))).budgets.values()
    assert found[0] == "generation_attempts"
    assert {"limit", "used", "price", "valid_from", "valid_to"} <= found[1].keys()
    assert found[1]["limit"] == 12
    assert found[1]["used"] == pytest.approx(12, rel=1e-10)
    assert found[1]["price"] == pytest.approx(use.price, rel=1e-9)
    assert found[1]["valid_from"] < 12 < found[1]["valid_to"]


def test_the_price_holds_within_its_range(run):
    """Anywhere between ``valid_from`` and ``valid_to`` the waiting time is that of the price."""
    document = run("solve", *OPTIONS, "--budget", "generation_attempts=12", "--json").document
    budget = document["budgets"]["generation_attempts"]
    for share in (0.01, 0.99):
        limit = budget["valid_from"] + share * (budget["valid_to"] - budget["valid_from"])
        other = run("solve", *OPTIONS, "--budget", f"generation_attempts={limit!r}", "--json").document
        wanted = document["waiting_time"] + budget["price"] * (limit - 12)
        assert other["waiting_time"] == pytest.approx(wanted, rel=1e-9)


def test_the_document_repeats_rules_and_budgets(run, problem_file):
    """The problem of the document can be read again: it names every rule with its number and every limit exactly."""
    document = run("solve", problem_file(TOML), "--json").document["problem"]
    assert document["budgets"] == {"generation_attempts": {"most": "14"}, "memory_time": {"most": "30", "least": "5"}}
    assert len(document["rules"]) == 2


def test_a_file_has_rules_and_budgets(run, problem_file):
    """Both tables of a file hold."""
    wanted = FOUR.with_constraints(
        MaxDistillations(1),
        NoGenerationWhileDistilling(),
        Budget("generation_attempts", 14),
        Budget("memory_time", 30, least=5),
    )
    found = run("solve", problem_file(TOML), "--json").document
    assert found["waiting_time"] == pytest.approx(solve(wanted).waiting_time, rel=1e-12)


def test_options_win_over_the_rules_of_a_file(run, problem_file):
    """A rule given both ways has the number of the option, and the file's other rules still hold."""
    found = run("solve", problem_file(TOML), "--max-distillations", "2", "--json").document["problem"]["rules"]
    text = json.dumps(found)
    assert "no_generation_while_distilling" in text
    assert re.search(r'"max_distillations": 2|2, "max_dist|: 2\b', text)
    assert len(found) == 2


def test_options_win_over_the_budgets_of_a_file(run, problem_file):
    """A budget given both ways has the limit of the option, and the file's other budgets still hold."""
    document = run("solve", problem_file(TOML), "--budget", "generation_attempts=13.5", "--json").document
    limits = document["problem"]["budgets"]
    assert limits == {"generation_attempts": {"most": "27/2"}, "memory_time": {"most": "30", "least": "5"}}


@pytest.mark.parametrize(
    "text", ["steps", "steps=", "=8", "steps==8", "steps<8", "steps>8", "steps=8=9", "", "8", "steps 8", "steps=>8"]
)
def test_a_malformed_budget_is_one_message(run, text):
    """A budget of another form is one message that repeats it."""
    one_message(run("solve", *OPTIONS, "--budget", text), 2, "budget")


@pytest.mark.parametrize("limit", ["eight", "nan", "inf", "-1", "1/0"])
def test_a_limit_that_is_none_is_one_message(run, limit):
    """A limit that is no number, or negative, is one message with the budget and the limit."""
    one_message(run("solve", *OPTIONS, "--budget", f"steps={limit}"), 2, "steps", limit)


def test_an_unknown_resource_is_one_message(run):
    """A budget on an unknown resource is one message that lists the resources."""
    one_message(run("solve", *OPTIONS, "--budget", "energy=8"), 2, "energy", "generation_attempts", "memory_time")


def test_a_budget_given_twice_is_one_message(run):
    """Two upper limits on one resource are one message, for one of them must be a slip."""
    one_message(run("solve", *OPTIONS, "--budget", "steps=9", "--budget", "steps=8"), 2, "steps")


def test_limits_that_contradict_are_one_message(run):
    """A lower limit above the upper one is one message."""
    one_message(run("solve", *OPTIONS, "--budget", "steps=7", "--budget", "steps>=8"), 2, "steps", "contradict")


WRONG = {
    "unknown rule": ("[rules]\nmax_swaps = 1\n", "max_swaps"),
    "rule with a word": ("[rules]\nmax_distillations = 'one'\n", "max_distillations"),
    "rule with half a number": ("[rules]\nmax_attempts = 1.5\n", "max_attempts"),
    "rule that is a number": ("[rules]\nequal_levels_only = 3\n", "equal_levels_only"),
    "negative rule": ("[rules]\nbanded = -1\n", "banded"),
    "rules that are no table": ("rules = 3\n", "rules"),
    "unknown resource": ("[budgets]\nenergy = 3\n", "energy"),
    "limit in words": ("[budgets]\nsteps = 'eight'\n", "steps"),
    "negative limit": ("[budgets]\nsteps = -8\n", "steps"),
    "unknown side": ("[budgets]\nsteps = { about = 8 }\n", "about"),
    "no side": ("[budgets]\nsteps = {}\n", "steps"),
    "contradiction": ("[budgets]\nsteps = { most = 7, least = 8 }\n", "steps"),
    "budgets that are no table": ("budgets = [1]\n", "budgets"),
}


@pytest.mark.parametrize(("text", "word"), WRONG.values(), ids=WRONG)
def test_a_wrong_table_is_one_message(run, problem_file, text, word):
    """Whatever is wrong with a table of a file, it is one message that names the key."""
    one_message(run("solve", problem_file(plain(TOML) + text)), 2, word)


@pytest.mark.parametrize("options", [("--max-distillations", "one"), ("--banded", "-1"), ("--max-attempts", "1.5")])
def test_a_wrong_rule_is_one_message(run, options):
    """A rule with a number that is none is one message with the option and the value."""
    name, value = options
    one_message(run("solve", *OPTIONS, name, value), 2, f"error: {name}: ", value)


@pytest.mark.parametrize("output", [(), ("--json",)], ids=["table", "json"])
def test_a_dead_end_is_one_message(run, output):
    """Rules that leave no policy are exit code 3, and the message names the dead end and the rule."""
    ran = run("solve", "--p", ".5", "-M", "2", "--f0", ".75", "--target", ".79", "--equal-levels-only", *output)
    one_message(ran, 3, "(1, 1)", "dead end", "EqualLevelsOnly")


@pytest.mark.parametrize("output", [(), ("--json",)], ids=["table", "json"])
def test_an_infeasible_budget_is_one_message(run, output):
    """A budget that no policy keeps is exit code 3, and the message has the least workable limit."""
    ran = run("solve", *OPTIONS, "--budget", "generation_attempts=5", *output)
    one_message(ran, 3, "generation_attempts", "least workable limit")
    least = float(re.search(r"least workable limit is (\d+\.\d+)", ran.err)[1])
    assert run("solve", *OPTIONS, "--budget", f"generation_attempts={least + 1e-4!r}").code == 0
    assert run("solve", *OPTIONS, "--budget", f"generation_attempts={least - 1e-4!r}").code == 3


def test_deterministic_draws_no_lots(run):
    """With ``--deterministic`` every configuration has one action, and the document says what that costs."""
    limit = ("--budget", "generation_attempts=12")
    drawn, sure = (run("solve", *OPTIONS, *limit, *more, "--json").document for more in ((), ("--deterministic",)))
    assert any(len(entry["actions"]) > 1 for entry in drawn["policy"])
    assert all(len(entry["actions"]) == 1 for entry in sure["policy"])
    assert sure["status"] == "claimed"
    assert sure["waiting_time"] > drawn["waiting_time"]


def test_the_table_says_what_binds(run):
    """The table has a line for every budget with its use and price, and says where lots are drawn."""
    lines = run("solve", *OPTIONS, "--budget", "generation_attempts=12").out.splitlines()
    (budget,) = [line for line in lines if line.startswith("budget")]
    assert "generation_attempts <= 12" in budget
    assert "-0.0764144" in budget
    assert any(line.startswith("randomised") and "1 configuration" in line for line in lines)


def test_discarding_is_an_option_and_a_key(run, problem_file):
    """Discarding may be allowed by an option or in a file, and an option may take it back."""
    option = run("solve", *OPTIONS, "--discarding", "--json").document
    file = problem_file(plain(TOML) + "discarding = true\n")
    written, back = (run("solve", file, *more, "--json").document for more in ((), ("--no-discarding",)))
    assert option["problem"] == written["problem"]
    assert (written["problem"]["discarding"], back["problem"]["discarding"]) == (True, False)
    assert option["waiting_time"] == pytest.approx(solve(FOUR.replace(discarding=True)).waiting_time, rel=1e-12)
