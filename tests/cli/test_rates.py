"""``lpdistill throughput`` and others of the steady state: what their options add."""

from __future__ import annotations

import pytest

THREE = ("--p", ".5", "-M", "3", "--f0", ".75", "--target", ".8")


def test_the_law_is_a_section_and_a_table(run):
    """``--law`` adds a section to the document, and a table to what is printed."""
    law = run("throughput", *THREE, "--law", "--json").document["law"]
    assert law["variance"] == pytest.approx(0.0373533519336, rel=1e-9)
    assert "the time between deliveries" in run("throughput", *THREE, "--law").out


def test_a_standby_pool(run):
    """``standby`` prints service, policy by stock, and the smallest stock; what is impossible has exit code 3."""
    asked = ("standby", "--p", ".5", "-M", "3", "--f0", ".75", "--target", ".79")
    found = run(*asked, "--slots", "2", "--demand", ".05", "--service", ".99", "--json").document
    assert (found["slots"], found["demand"], found["least"]) == (2, 0.05, {"service": 0.99, "slots": 4})
    assert found["service"] == pytest.approx(0.950514218172, rel=1e-10)
    assert {row["stock"] for row in found["policy"]} == {0, 1, 2}
    assert "least stock    4" in run(*asked, "--slots", "2", "--demand", ".05", "--service", ".99").out


def test_a_simulated_rate(run):
    """``--simulate`` counts what the policy delivers, in a section of its own; a seed alone has no meaning."""
    found = run("throughput", *THREE, "--simulate", "100000", "--seed", "2", "--json").document["simulation"]
    assert found["rate"]["lower"] < found["rate"]["model"] < found["rate"]["upper"]
    assert (found["time"], found["seed"]) == (100_000, 2)
    assert "simulated" in run("throughput", *THREE, "--simulate", "100000").out
    assert run("throughput", *THREE, "--seed", "3").code == 2


def test_simulated_key(run):
    """``keyrate --simulate`` counts bits, of pairs without an order, too; a seed alone has no meaning."""
    asked = ("keyrate", "--p", ".5", "-M", "2", "--f0", ".9", "--distillation", "dejmps")
    found = run(*asked, "--simulate", "50000", "--seed", "2", "--json").document["simulation"]
    assert abs(found["rate"]["standard_errors_away"]) < 4
    assert found["rate"]["model"] == pytest.approx(0.2932813299571)
    assert "bits of key" in run(*asked, "--simulate", "50000").out
    assert run(*asked, "--seed", "3").code == 2


def test_simulated_users(run):
    """``throughput --tenant ... --simulate`` counts what each has."""
    asked = ("throughput", *THREE[:6], "--tenant", "a=.78", "--tenant", "b=.80,share=.05", "--simulate", "100000")
    found = run(*asked, "--seed", "2", "--json").document["simulation"]["tenants"]
    assert found["b"]["model"] == pytest.approx(0.05, rel=1e-6)
    assert all(abs(one["standard_errors_away"]) < 4 for one in found.values())
    assert "tenant b" in run(*asked).out


@pytest.mark.parametrize("wrong", [("--simulate", "0"), ("--simulate", "nan"), ("--simulate", "9", "--seed", "-1")])
def test_simulations_that_cannot_be_are_refused_first(run, wrong):
    """A wrong time or seed is told before anything is solved, however long that would take."""
    found = run("keyrate", "--p", ".5", "-M", "9", "--f0", ".75", *wrong)
    assert found.code == 2
    assert f"error: {wrong[-2]}: " in found.err
