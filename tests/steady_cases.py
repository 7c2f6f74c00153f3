"""The problems of ``steady_numbers`` as processes of the oracle."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import inf

import numpy as np
from steady_numbers import OTHERS, STATED, Case
from steady_oracle import Column, Link, Process, counted, levels, sold
from steady_physics import bb84, bell_levels, noisy, reach, six_state

CASES = {case.name: case for case in (*STATED, *OTHERS)}
ROUNDS = {"past the limit of pumping": 2} | {name: 2 for name, case in CASES.items() if case.target is None}
ROUNDS["key of raw pairs that are worth nothing"] = 3
"""Rounds of combining levels, for problems with infinitely many, or up to the highest that the memories reach."""


def worth_of(worth):
    """The worth of a fidelity, by name or by least fidelities."""
    if isinstance(worth, dict):
        return lambda f: max((Fraction(value) for least, value in worth.items() if f >= Fraction(least)), default=0)
    return {"bb84": bb84, "six-state": six_state}[worth]


def link_of(name: str, *, up: bool = False) -> Link:
    """The link of a case, with levels rounded down or up where there are too many."""
    case = CASES[name]
    f0 = Fraction(case.f0)
    top = Fraction(case.target) if case.target else reach(f0, case.memories)
    times = (Fraction(case.generation_time), Fraction(case.distillation_time))
    if case.options.get("distillation") == "dejmps":
        fidelities = bell_levels((f0, *[(1 - f0) / 3] * 3), top)
    elif "gate" in case.options:
        fidelities = levels(f0, top, combine=noisy(Fraction(case.options["gate"]), Fraction(case.options["readout"])))
    else:
        fidelities = levels(f0, top, ROUNDS.get(name), up=up)
    return Link(Fraction(case.p), case.memories, fidelities, *times, idle=case.memories < 6)


def allowed(column: Column, rules: dict[str, str]) -> bool:
    """Whether the rules allow what a column does."""
    couples, tries = column.action
    return (
        len(couples) <= int(rules.get("max_distillations", len(couples)))
        and len(tries) <= int(rules.get("max_attempts", len(tries)))
        and not ("no_generation_while_distilling" in rules and couples and tries)
        and not ("raw_pair_only" in rules and any(1 not in {column.state[i] for i in pair} for pair in couples))
    )


@cache
def process_of(name: str, *, up: bool = False, restart: bool = False) -> Process:
    """The process of a case."""
    case, link = CASES[name], link_of(name, up=up)
    if case.worth is not None:
        return sold(link, {"worth": worth_of(case.worth)})
    process = counted(link, restart=restart)
    return Process(tuple(column for column in process.columns if allowed(column, case.options)))


def reward_of(case: Case, process: Process) -> np.ndarray:
    """What each column earns, less what its attempts cost."""
    earned = process.amount("delivered" if case.worth is None else "worth")
    return earned - float(Fraction(case.cost)) * process.amount("attempts")


def limits_of(case: Case, process: Process) -> list[tuple[np.ndarray, float, float]]:
    """The rows of the budgets."""
    return [(process.amount(name), -inf, float(Fraction(limit))) for name, limit in case.budgets.items()]
