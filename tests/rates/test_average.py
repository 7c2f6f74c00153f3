"""A mean fidelity instead of a threshold."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest
from steady_oracle import Link, Process, levels, sold
from steady_physics import reach
from steady_routes import program

from lpdistill import (
    MaxDistillations,
    ModelError,
    Problem,
    UnreachableTargetError,
    average_delivery,
    compare,
    solve,
)

TWO = Problem("1/2", 2, "3/4", average_fidelity="79/100")


def test_the_published_case():
    """The mean .79 with two memories: time, price, and what is delivered."""
    found = average_delivery(TWO)
    assert found.waiting_time == pytest.approx(7.073103448276, rel=1e-12)
    assert found.lower_bound <= found.waiting_time <= found.upper_bound
    assert found.price == pytest.approx(397.517, abs=1e-3)
    assert found.mean == pytest.approx(0.79, abs=1e-12)
    assert [(round(float(one.fidelity), 6), round(one.probability, 4)) for one in found.delivered] == [
        (0.788462, 0.9205),
        (0.807803, 0.0795),
    ]
    assert found.waiting_time < solve(Problem("1/2", 2, "3/4", "79/100")).waiting_time


def sold_once(memories: int) -> Process:
    """Memories of an oracle that sells a pair at a time, and begins anew with empty ones after each."""
    f0, nothing = Fraction(3, 4), (0,) * memories
    link = Link(Fraction(1, 2), memories, levels(f0, reach(f0, memories), 2), Fraction(1), Fraction(2))
    columns = sold(link, {"any": lambda _: Fraction(1)}).columns
    again = [one._replace(moves={nothing: 1}) if one.action[0] == "any" else one for one in columns]
    return Process(tuple(one._replace(amounts=one.amounts | sale_of(link, one)) for one in again))


def sale_of(link, column) -> dict[str, Fraction]:
    """The fidelity that a column of the oracle sells."""
    if column.action[0] != "any":
        return {}
    return {"fidelity": link.levels.fidelities[column.state[column.action[1]] - 1]}


@pytest.mark.parametrize(("memories", "mean"), [(2, "31/40"), (2, "79/100"), (3, "39/50"), (3, "79/100")])
def test_a_program_of_numbered_memories_agrees(memories, mean):
    """Its rate of sales, with a row for the mean, is one over the waiting time."""
    process = sold_once(memories)
    excess = process.amount("fidelity") - float(Fraction(mean)) * process.amount("any")
    rate = program(process, process.amount("any"), [(excess, 0.0, math.inf)]).gain
    found = average_delivery(Problem("1/2", memories, "3/4", average_fidelity=mean))
    assert found.waiting_time == pytest.approx(1 / rate, rel=1e-9)


def test_any_pair_will_do():
    """A mean that raw pairs have is met by the first pair: one minus the chance that all attempts fail."""
    found = average_delivery(Problem("1/2", 2, "3/4", average_fidelity="3/4"))
    assert found.waiting_time == pytest.approx(4 / 3, rel=1e-12)
    assert average_delivery(Problem("1/2", 2, "3/4", average_fidelity="7/10")).price == 0


@pytest.mark.parametrize("memories", [2, 3])
def test_the_price_is_the_slope(memories):
    """Of the waiting time against the mean, which is convex."""
    times = [
        average_delivery(Problem("1/2", memories, "3/4", average_fidelity=mean))
        for mean in ("0.7898", "0.79", "0.7902")
    ]
    below, here, above = (one.waiting_time for one in times)
    assert below + above >= 2 * here - 1e-9
    assert (above - below) / 0.0004 == pytest.approx(times[1].price, rel=1e-3)


def test_memories_help_and_rules_hinder():
    """One distillation at a time takes no less time, another memory no more."""
    three = TWO.replace(memories=4)
    assert average_delivery(three).waiting_time < average_delivery(TWO).waiting_time
    limited = average_delivery(three.replace(rules=MaxDistillations(1)))
    assert limited.waiting_time >= average_delivery(three).waiting_time


def test_a_problem_with_a_mean_is_one_thing():
    """It goes through documents, and replaces its target, and back."""
    again = Problem.from_dict(json.loads(json.dumps(TWO.to_dict())))
    assert again == TWO
    assert TWO.replace(target="4/5").average_fidelity is None
    assert Problem("1/2", 2, "3/4", "4/5").replace(average_fidelity="79/100") == TWO
    assert "mean 0.79" in str(TWO)


WRONG = {
    "both": (lambda: Problem("1/2", 2, "3/4", "4/5", average_fidelity="4/5"), ModelError, "exclude each other"),
    "no fidelity": (lambda: Problem("1/2", 2, "3/4", average_fidelity="1.2"), ModelError, "0 < average_fidelity <= 1"),
    "too much": (lambda: average_delivery(TWO.replace(average_fidelity=".9")), UnreachableTargetError, "out of reach"),
    "budget": (lambda: average_delivery(TWO.replace(budgets={"steps": 9})), ModelError, "leave them out"),
    "free": (lambda: average_delivery(TWO.replace(final_step="free")), ModelError, "must be charged"),
    "none": (lambda: average_delivery(Problem("1/2", 2, "3/4", "4/5")), ModelError, "is missing"),
    "solve": (lambda: solve(TWO), ModelError, "average_delivery"),
    "compare": (lambda: compare(TWO), ModelError, "wants a target"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_said(name):
    """A wrong question has one clear message."""
    ask, error, said = WRONG[name]
    with pytest.raises(error, match=said):
        ask()
