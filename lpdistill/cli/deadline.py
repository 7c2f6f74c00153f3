"""``lpdistill deadline``: windows of time, and the confidence with which they are met."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, TypeAlias

from rich.console import Console

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Asked, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.deadlines.at_confidence import ServiceLevel, least_time_within
from lpdistill.deadlines.frontier import DeadlineFrontier, deadline_frontier
from lpdistill.deadlines.most_likely import NONE_SURE, Deadline, smallest_window
from lpdistill.deadlines.most_likely import deadline as deadline_of
from lpdistill.deadlines.window import attainable, likely
from lpdistill.errors import ModelError
from lpdistill.numbers import at_least, decimals
from lpdistill.solution.document import question_in_words
from lpdistill.solution.wording import Words

Answer: TypeAlias = Deadline | ServiceLevel | DeadlineFrontier

NOTHING = "-"
"""What an action does that does nothing of a kind."""

SHOWN = 12
"""Departures from the fastest policy that are shown unless all are asked for."""


@takes_problem(graphs=True)
def deadline(
    problem: Asked,
    window: Annotated[
        str | None, Option("--window", metavar=NUMBER, help="Time within which the target is to be reached.")
    ] = None,
    confidence: Annotated[
        str | None,
        Option("--confidence", metavar=NUMBER, help="Probability with which the window is to be met, such as 0.99."),
    ] = None,
    frontier: Annotated[
        bool,
        Option("--frontier", help="Every breakpoint of expected time against being late."),
    ] = False,
    everything: Annotated[bool, Option("--all", help="Show every difference from the fastest policy.")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Meet a deadline: most likely within a window, in the smallest window, or fastest at a confidence.

    --window alone: the policy most likely done within it.  --confidence alone: the smallest window that some policy
    meets with it.  Both: the least expected time of policies that do.

    Examples
    --------
    lpdistill deadline problem.toml --window 20
    lpdistill deadline problem.toml --confidence 0.99
    """
    if frontier and (window is None or confidence is not None):
        raise ModelError("--frontier", "needs --window, and no --confidence", None)
    if window is None and confidence is None:
        raise ModelError("--window", "must be given, or --confidence, or both", None)
    with Progress() as progress:
        if frontier and window is not None:
            found: Answer = deadline_frontier(problem, window, progress=progress)
        else:
            found = _found(problem, window, confidence, progress)
        if isinstance(found, Deadline):
            progress("comparing with the fastest policy")
            found.departures  # noqa: B018 - computed here, while progress shows
        if plot is not None:
            progress("drawing")
            pictures.save(found.plot(), plot)
    if as_json:
        print_json(found.to_dict())
        return
    screen = console()
    screen.print(f"problem        {question_in_words(problem)}", soft_wrap=True)
    if isinstance(found, Deadline):
        _print_deadline(screen, found, everything=everything)
    elif isinstance(found, ServiceLevel):
        _print_service_level(screen, found)
    else:
        _print_frontier(screen, found)


def _found(problem: Asked, window: str | None, confidence: str | None, progress: Progress) -> Deadline | ServiceLevel:
    """What a window, a confidence, or both ask for."""
    if window is None:
        return smallest_window(problem, confidence or "", progress=progress)
    if confidence is None:
        return deadline_of(problem, window, progress=progress)
    return least_time_within(problem, window, confidence, progress=progress)


def _print_deadline(screen: Console, found: Deadline, *, everything: bool) -> None:
    """The probabilities, and where the policy leaves the fastest one."""
    smallest = "" if found.confidence is None else f" (the smallest for {float(found.confidence):g})"
    screen.print(f"window         {at_least(found.window)}{smallest}")
    screen.print(f"in time        {likely(found.probability)}")
    if found.fastest is None or found.probability_of_fastest_mean is None:
        screen.print(f"fastest        {NONE_SURE}")
        return
    screen.print(f"fastest        {likely(found.probability_of_fastest_mean)} in time")
    screen.print(
        f"waiting time   {decimals(found.waiting_time)}, {decimals(found.fastest.waiting_time)} for the fastest policy"
    )
    spells = found.spells if everything else found.spells[:SHOWN]
    if not spells:
        screen.print("policy         that of the fastest, in every configuration reachable in time")
        return
    words = found.fastest.wording
    rows = [
        (
            words.configuration(one.key),
            one.span,
            _does(words, one.action),
            _does(words, one.fastest),
            f"{one.gain:.6f}",
        )
        for one in spells
    ]
    headings = dict.fromkeys(("configuration", "time left", "does", "fastest policy does"), "left")
    headings |= {"gains up to": "right"}
    screen.print()
    screen.print(table("leaves the fastest policy", headings, rows))
    hidden = found.spells[len(spells) :]
    if hidden:
        screen.print(f"and {len(hidden)} more, which matter less (--all)")


def _does(words: Words, action: Hashable) -> str:
    """An action in short: what it distils, and where it generates."""
    parts = zip(words.headings, words.action(action), strict=True)
    named = [
        text if heading == words.headings[0] else f"{heading} {text}" for heading, text in parts if text != NOTHING
    ]
    return ", ".join(named) or "wait"


def _print_service_level(screen: Console, found: ServiceLevel) -> None:
    """The least time, what is proved, and the price."""
    for name, text in found.summary()[1:]:
        screen.print(f"{name:<15}{text}", soft_wrap=True)


def _print_frontier(screen: Console, found: DeadlineFrontier) -> None:
    """The breakpoints."""
    rows = [
        (attainable(p.used, 1.0 - p.used)[1], decimals(p.waiting_time), decimals(0.0 - p.price)) for p in found.points
    ]
    headings = {"in time": "right", "waiting time": "right", "price of certainty": "right"}
    screen.print()
    screen.print(table(f"within {at_least(found.window)}", headings, rows))
