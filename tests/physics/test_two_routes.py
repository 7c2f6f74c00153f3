"""Optima of noisy, Bell-diagonal and several pairs by a second route: graphs of density matrices, and coins tossed."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from density_graph import BILATERAL_CNOT, DOUBLE_SELECTION, ROTATED_CNOT, Link, werner

from lpdistill import Problem, solve
from lpdistill.study.pool import one_thread

RUNS = 1200

SWAPPED = (0, 1, 3, 2)
TWO, ROTATED, THREE = {2: BILATERAL_CNOT}, {2: ROTATED_CNOT}, {3: DOUBLE_SELECTION}

CASES = {
    "noisy gates and readout": (
        Problem("1/2", 3, ".9", ".925", gate=".99", readout=".995"),
        Link(0.5, 3, werner(0.9), 0.925, TWO, twirls=True, p2=(0.99, 0.99), readout=(0.995, 0.995)),
    ),
    "nodes that differ": (
        Problem("2/3", 3, ".8", ".83", gate=".995,.98", readout=".99,1"),
        Link(2 / 3, 3, werner(0.8), 0.83, TWO, twirls=True, p2=(0.995, 0.98), readout=(0.99, 1)),
    ),
    "readout alone": (
        Problem("3/10", 2, ".85", ".87", readout=".97"),
        Link(0.3, 2, werner(0.85), 0.87, TWO, twirls=True, readout=(0.97, 0.97)),
    ),
    "DEJMPS, two memories": (
        Problem("1/2", 2, ".9", ".94", distillation="dejmps"),
        Link(0.5, 2, werner(0.9), 0.94, ROTATED, SWAPPED),
    ),
    "DEJMPS that is slower": (
        Problem("1/2", 2, ".75", ".79", distillation="dejmps"),
        Link(0.5, 2, werner(0.75), 0.79, ROTATED, SWAPPED),
    ),
    "DEJMPS, five levels": (
        Problem("1/2", 3, ".9", ".96", distillation="dejmps"),
        Link(0.5, 3, werner(0.9), 0.96, ROTATED, SWAPPED),
    ),
    "noisy DEJMPS": (
        Problem("2/5", 3, ".9", ".94", distillation="dejmps", gate=".99", readout=".98,.99"),
        Link(0.4, 3, werner(0.9), 0.94, ROTATED, SWAPPED, p2=(0.99, 0.99), readout=(0.98, 0.99)),
    ),
    "DEJMPS on errors Y": (
        Problem("1/2", 3, raw=".9,0,.1,0", target=".96", distillation="dejmps"),
        Link(0.5, 3, (0.9, 0, 0.1, 0), 0.96, ROTATED, SWAPPED),
    ),
    "DEJMPS on unequal errors": (
        Problem("1/2", 3, raw=".85,.1,.03,.02", target=".92", distillation="dejmps", readout=".99"),
        Link(0.5, 3, (0.85, 0.1, 0.03, 0.02), 0.92, ROTATED, SWAPPED, readout=(0.99, 0.99)),
    ),
    "three into one": (
        Problem("1/2", 3, ".9", ".94", protocols=3),
        Link(0.5, 3, werner(0.9), 0.94, THREE, twirls=True),
    ),
    "two or three into one": (
        Problem("1/2", 3, ".75", ".79", protocols="2,3"),
        Link(0.5, 3, werner(0.75), 0.79, TWO | THREE, twirls=True),
    ),
    "two or three into one, noisy": (
        Problem("1/2", 3, ".9", ".922", protocols="2,3", gate=".995", readout=".99"),
        Link(0.5, 3, werner(0.9), 0.922, TWO | THREE, twirls=True, p2=(0.995, 0.995), readout=(0.99, 0.99)),
    ),
}

PUBLISHED = {
    "DEJMPS, two memories": 10.702639751552795,
    "DEJMPS that is slower": float(Fraction(816, 55)),
    "DEJMPS, five levels": 12.766880636204,
    "three into one": float(Fraction(30375, 4508)),
    "two or three into one": 9.506473774537,
}
"""Waiting times that two other programs have found."""


@cache
def second(name):
    """The optimum on the graph of density matrices."""
    with one_thread():
        return solve(CASES[name][1].graph())


@pytest.mark.parametrize("name", CASES)
def test_graphs_of_density_matrices_have_the_same_optimum(name):
    """Levels, recipes and policies of the model on one side, circuits and a graph on the other."""
    assert solve(CASES[name][0]).waiting_time == pytest.approx(second(name).waiting_time, rel=1e-8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers_are_found(name):
    """Numbers of references, on the graph."""
    assert second(name).waiting_time == pytest.approx(PUBLISHED[name], rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_labelled_memories_take_as_long(name):
    """Coins tossed for every numbered memory: the mean lies within four standard errors of the optimum."""
    link, random = CASES[name][1], np.random.default_rng(7)
    policy = second(name).policy
    choice = {state: policy[state][0].action[1] for state in policy}
    times = np.array([link.run(choice, random) for _ in range(RUNS)])
    error = times.std(ddof=1) / np.sqrt(RUNS)
    assert abs(times.mean() - solve(CASES[name][0]).waiting_time) < 4 * error
