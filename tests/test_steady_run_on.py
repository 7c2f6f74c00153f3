"""What the policy of the first delivery earns when it runs on, by the oracle."""

from __future__ import annotations

from fractions import Fraction

import pytest
from steady_numbers import RUN_ON
from steady_oracle import Link, Process, counted, levels
from steady_routes import howard


@pytest.mark.parametrize(("problem", "gain", "loss"), RUN_ON, ids=str)
def test_the_fastest_first_delivery_is_not_the_fastest_supply(problem, gain, loss):
    """All policies that are fastest to the first delivery lose the same share of the gain, best and worst."""
    link = Link(
        Fraction(problem["p"]),
        problem["memories"],
        levels(Fraction(problem["f0"]), Fraction(problem["target"])),
    )
    process, first = counted(link), counted(link, restart=True)
    earned = first.amount("delivered")
    rate, _, values = howard(first, earned)
    losses = values[first.state] + rate * first.time - earned - first.moves @ values
    fastest = {(c.state, c.action) for c, lost in zip(first.columns, losses, strict=True) if lost < 1e-9}
    run_on = Process(tuple(column for column in process.columns if (column.state, column.action) in fastest))
    delivered = run_on.amount("delivered")
    best, worst = howard(run_on, delivered)[0], -howard(run_on, -delivered)[0]
    assert howard(process, process.amount("delivered"))[0] == pytest.approx(gain, rel=1e-9)
    assert (1 - best / gain, 1 - worst / gain) == pytest.approx((loss, loss), rel=1e-9)
    assert rate < worst
