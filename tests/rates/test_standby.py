"""Standby pools against numbers of numbered memories, and against what must hold of any."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from steady_numbers import OTHER_STANDBY, STANDBY

from lpdistill import Budget, InfeasibleError, MaxDistillations, ModelError, Problem, standby, throughput
from lpdistill.rates.stock import Arrivals, Demand

LINK = Problem("1/2", 3, "3/4", "79/100")


@pytest.mark.parametrize("given", [*STANDBY, *OTHER_STANDBY], ids=str)
def test_services_are_those_of_numbered_memories(given):
    """Within the proved bounds, for demands of both kinds, scarce and too many."""
    other = {name: value for name, value in given.items() if name not in {"arrivals", "demand", "slots", "service"}}
    pool = standby(LINK.replace(**other), given["slots"], given["demand"], arrivals=given["arrivals"])
    assert pool.service == pytest.approx(given["service"], rel=1e-10)
    assert pool.lower_bound - 1e-12 <= given["service"] <= pool.upper_bound + 1e-12
    assert pool.upper_bound - pool.lower_bound < 1e-10


def test_pairs_are_conserved():
    """What is delivered is served or lost; of a stock without end nothing that could be of use is lost."""
    pool = standby(LINK.replace(target="3/4"), 2, "1/2")
    served = pool.service * float(pool.demand.rate)
    assert served + pool.lost == pytest.approx(pool.gain, rel=1e-9)
    assert sum(pool.stocked) == pytest.approx(1, rel=1e-12)


def test_more_slots_serve_more():
    """The service increases with the slots, never above the share of the demand that can be delivered."""
    link = LINK.replace(p="9/10", memories=2)
    rate = throughput(link).gain
    services = [standby(link, slots, "3/10", arrivals="poisson").service for slots in (1, 2, 4, 8, 16)]
    assert all(fewer < more for fewer, more in pairwise(services))
    assert services[-1] < rate / 0.3
    assert services[-1] == pytest.approx(rate / 0.3, rel=1e-2)


def test_the_smallest_stock():
    """The fewest slots that give a service do, and one fewer does not."""
    least = standby(LINK, demand="1/20", service=".99")
    assert least.slots == least.least.slots == 4
    assert standby(LINK, 3, "1/20").upper_bound < 0.99 <= least.lower_bound


def test_pairs_are_held_back():
    """With a full stock fewer pairs are made that would be lost than by delivering as fast as possible."""
    pool = standby(LINK, 1, "1/20")
    assert pool.held_back
    assert pool.lost < pool.gain - pool.service / 20


def test_the_longest_stay_in_a_row_of_the_table_is_first():
    """Rows of the table come by the share of time, and shares of all rows sum to 1."""
    shares = [row.share for row in standby(LINK, 2, "1/20").rows(visited=True)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, rel=1e-12)


def test_labels_bound_the_service():
    """Past the limit of pumping labels rounded down and up bound it, and agree here."""
    pool = standby(LINK.replace(f0=".8", target=".88"), 2, "1/20")
    assert pool.status == "optimal"
    assert 0 < pool.lower_bound <= pool.service <= pool.upper_bound < 1


def test_rules_lower_the_service():
    """One distillation at a time serves no more, and no action has two."""
    link = LINK.replace(memories=4, p="9/10")
    limited = standby(link.replace(rules=MaxDistillations(1)), 1, "3/20")
    assert limited.service < standby(link, 1, "3/20").service
    assert all(len(row.action.distil) <= 1 for row in limited.rows())


def test_discarding_serves_no_less():
    """Whoever may discard pairs need not."""
    assert standby(LINK.replace(discarding=True), 1, "1/20").service >= standby(LINK, 1, "1/20").service - 1e-12


@pytest.mark.parametrize("arrivals", Arrivals)
def test_laws_of_demands(arrivals):
    """They sum to 1, and have the mean that is meant where few are taken together."""
    law = Demand(Fraction(1, 5), arrivals).law(Fraction(3), 30)
    assert law.sum() == pytest.approx(1, rel=1e-12)
    assert law @ np.arange(31) == pytest.approx(0.6, rel=1e-12)


WRONG = {
    "no slots": (lambda: standby(LINK, 0, "1/20"), ModelError, "slots: must be at least 1"),
    "nothing asked": (lambda: standby(LINK, demand="1/20"), ModelError, "slots: are missing"),
    "no demand": (lambda: standby(LINK, 2), ModelError, "demand: is missing"),
    "negative": (lambda: standby(LINK, 2, -1), ModelError, "demand: must be above 0"),
    "two at once": (lambda: standby(LINK, 2, "3/2"), ModelError, "poisson"),
    "all": (lambda: standby(LINK, 2, "1/20", service=1), ModelError, "service: must be above 0 and below 1"),
    "none": (lambda: standby(LINK, 2, "1/20", service=0), ModelError, "service: must be above 0 and below 1"),
    "arrivals": (lambda: standby(LINK, 2, "1/20", arrivals="batches"), ModelError, "bernoulli"),
    "half a unit": (lambda: standby(LINK.replace(generation_time="1/2"), 2, "1/20"), ModelError, "whole units"),
    "too much": (lambda: standby(LINK, 2, "1/5", service=".99"), InfeasibleError, "0.101387573 pairs per unit"),
    "budgets": (lambda: standby(LINK.with_constraints(Budget("steps", 1)), 2, ".05"), ModelError, "budgets"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_said(name):
    """A wrong question has one clear message."""
    ask, error, said = WRONG[name]
    with pytest.raises(error, match=said):
        ask()
