"""Every fault that the simulator has is found as often as the exact power of a test says, which is computed here anew.

What a fault does to the probability that a test counts by follows from the state graph: the joint law of how many steps
of each duration a delivery takes.  A lost message repeats its step; jitter makes a gamma variable of its duration.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from scipy import stats

from lpdistill import Deviations, Link, Problem, simulated_telemetry, solve
from lpdistill.telemetry.checks import Quantity, share
from lpdistill.telemetry.look import Look

PROBLEM = Problem("1/2", 4, "3/4", "79/100")
ALPHA = Fraction(1, 100)
WEEKS, DELIVERIES = 200, 300
LOSS, JITTER = 0.1, 0.3
LOST = "waits longer than 15"
BLURRED = "waits longer than 7"
FIRST = "distillation of levels 0, 0"


@cache
def link():
    """The link as planned."""
    return Link.of(solve(PROBLEM).policy)


@cache
def steps():
    """The law of how many steps of one unit and of two a delivery takes, up to what is never met."""
    graph, policy = PROBLEM.graph(), solve(PROBLEM.graph()).policy
    now, law = {(graph.graph["start"], 0, 0): 1.0}, defaultdict(float)
    while sum(now.values()) > 1e-13:
        then = defaultdict(float)
        for (state, short, long), weight in now.items():
            (decision,) = policy[state]
            two = graph.nodes[decision.action]["time"] == 2
            for result, edge in graph[decision.action].items():
                key = (result, short + (not two), long + two)
                chance = weight * edge["probability"]
                if graph.nodes[result]["kind"] == "target":
                    law[key[1:]] += chance
                else:
                    then[key] += chance
        now = then
    return law


def beyond(time, late):
    """The probability that a delivery takes longer, if so many steps of each duration do with some probability."""
    return sum(chance * late(short, long, time) for (short, long), chance in steps().items())


def repeated(short, long, time):
    """Of steps that are repeated until their message arrives."""
    again = [stats.nbinom.pmf(np.arange(time + 1), n, 1 - LOSS) if n else np.eye(1, time + 1)[0] for n in (short, long)]
    within = sum(
        again[0][i] * again[1][j]
        for i in range(time + 1)
        for j in range(time + 1)
        if short + i + 2 * (long + j) <= time
    )
    return 1 - within


def blurred(short, long, time):
    """Of steps whose durations are gamma variables, by convolution on a grid."""
    scale = JITTER**2
    if not short:
        return stats.gamma.sf(time, long / scale, scale=2 * scale)
    if not long:
        return stats.gamma.sf(time, short / scale, scale=scale)
    ends = np.linspace(0, time, 201)
    part = np.diff(stats.gamma.cdf(ends, long / scale, scale=2 * scale))
    middle = (ends[1:] + ends[:-1]) / 2
    return 1 - float(part @ stats.gamma.cdf(time - middle, short / scale, scale=scale))


def drifted(what):
    """What a fault makes of the probability that a test counts by."""
    if what == "p":
        return Fraction(46, 100)
    if what == FIRST:
        weight = (4 * Fraction(7, 10) - 1) / 3
        return (1 + weight**2) / 2
    return Fraction(beyond(15, repeated) if what == LOST else beyond(7, blurred))


def test_steps_make_the_law_of_waiting_times():
    """The joint law of steps, summed by the time that they take, is the law that waits are tested against."""
    for time in (5, 7, 15, 30):
        late = beyond(time, lambda short, long, at: short + 2 * long > at)
        assert late == pytest.approx(link().law.survival(time), abs=1e-11)


@pytest.mark.parametrize(
    ("what", "fault", "told"),
    [
        ("p", {"p": "0.46"}, (195, 197.2)),
        (FIRST, {"f0": "0.7"}, (30, 29.6)),
        (LOST, {"message_loss": LOSS}, (15, 22.5)),
        (BLURRED, {"jitter": JITTER}, (20, 12.5)),
    ],
)
def test_faults_are_found_with_the_power_predicted(what, fault, told):
    """In 200 weeks of 300 deliveries a test has as many alarms as its power says, within four standard errors.

    The page on alarms tells how many of how many.
    """
    chance, alarms, powers = drifted(what), 0, []
    for week in simulated_telemetry(link().policy, DELIVERIES, WEEKS, seed=11, deviations=Deviations(**fault)):
        (check,) = (one for one in Look.of(link(), week, ALPHA, Fraction(0)).checks if one.what == what)
        alarms += check.alarm
        planned = {"p": PROBLEM.hardware.p, FIRST: link().chances.get((0, 0))}.get(what)
        if check.quantity is Quantity.LONGER_WAITS:
            planned = Fraction(link().law.survival(15 if what == LOST else 7))
        powers.append(share(check.quantity, what, (0, check.count), planned, check.alpha, chance).power)
    power = np.mean(powers)
    assert power > 2 * float(ALPHA)  # the fault is one that this test finds
    assert alarms / WEEKS == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / WEEKS) + 1 / WEEKS)
    assert (alarms, round(WEEKS * float(power), 1)) == told
