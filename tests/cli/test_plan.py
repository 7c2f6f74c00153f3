"""``lpdistill plan`` reads an objective file, and says what is wrong with it."""

from __future__ import annotations

import pytest

FIXED = 'f0 = "3/4"\ntarget = 0.79\n'
RANGES = (
    "[ranges]\nmemories = { values = [2, 3], prices = [0, 1] }\np = { from = 0.3, to = 0.7, step = 0.2, price = 10 }\n"
)


@pytest.fixture
def planned(run, tmp_path):
    """Run the command on a file of some content."""

    def ran(content, *options):
        (tmp_path / "plan.toml").write_text(content)
        return run("plan", str(tmp_path / "plan.toml"), *options)

    return ran


def test_a_plan_is_printed(planned):
    """The choice, its cost and its value stand in lines, and what to improve in a table."""
    ran = planned(f"{FIXED}[objective]\nwaiting_time = 12\n{RANGES}")
    assert ran.code == 0
    assert "hardware       memories = 3, p = 0.5" in ran.out
    assert "cost           6; nothing cheaper meets the objective" in ran.out
    assert "what to improve" in ran.out


def test_times_have_their_unit(planned):
    """Where times are in seconds, a waiting time may be in milliseconds, and what is attained says seconds."""
    timed = 'f0 = 0.8\ntarget = 0.82\nmemories = 2\ngeneration_time = "1ms"\ndistillation_time = "2ms"\n'
    ran = planned(f'{timed}[objective]\nwaiting_time = "9ms"\n[ranges]\np = {{ values = [0.4, 0.8], price = 1 }}\n')
    assert ran.code == 0
    assert "an expected waiting time of at most 0.009 s" in ran.out


def test_the_frontier_is_printed(planned):
    """Every choice that attains more stands in a table, the chosen one marked."""
    ran = planned(f"{FIXED}[objective]\nthroughput = 0.08\n{RANGES}", "--frontier")
    assert ran.code == 0
    assert "cost against what is attained" in ran.out
    assert ran.out.count("<") == 1


def test_an_objective_beyond_the_ranges_is_infeasible(planned):
    """Exit code 3, with the best that there is."""
    ran = planned(f"{FIXED}[objective]\nwaiting_time = 2\n{RANGES}")
    assert ran.code == 3
    assert "the best is" in ran.err
    assert "memories = 3, p = 0.7 (cost 8)" in ran.err


WRONG = {
    "another table": ("objektive = 1\n", "did you mean 'objective'?"),
    "no ranges": ("[objective]\nwaiting_time = 9\n", "has no table [ranges], which says what may be chosen"),
    "no objective": (RANGES, "has no table [objective], which says what is asked"),
    "no table": ("objective = 3\n", "objective: must be a table, [objective]"),
    "a value": (
        (
            "[objective]\nwaiting_time = 9\n[ranges]\nmemories = { values = [2], price = 1 }\n"
            "p = { values = [0.5, 1.5], price = 1 }\n"
        ),
        "p: must be a probability with 0 < p <= 1 (found '3/2')",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_message(planned, name):
    """Exit code 2, with what is wrong and where."""
    content, message = WRONG[name]
    ran = planned(FIXED + content)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("given", ["p:3", "p=0.3", "p=0.4,memories=2", "q=1"])
def test_wrong_hardware_is_one_message(planned, given):
    """What is to be improved is a value of every range."""
    ran = planned(f"{FIXED}[objective]\nwaiting_time = 12\n{RANGES}", "--hardware", given)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("lpdistill: error: --hardware")
