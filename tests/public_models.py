"""Public decision processes with published answers, written after their descriptions.

Published values are those of the Quantitative Verification Benchmark Set (Hartmanns, Klauck, Parker, Quatmann and
Ruijters, TACAS 2019; qcomp.org), computed exactly there, unless another source is named.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

import networkx as nx
from graph_cases import GOAL, HALF, consensus, drawn, explored, gathering, two_ladders

SURE = Fraction(1)


def root_contention(delay: int) -> nx.DiGraph[Any]:
    """Two nodes of an IEEE 1394 bus settle which is root: least expected time.

    Within ``delay``, one node and then the other draws whether to wait for a short or a long time.  They are done
    ``delay`` before the longer wait is over, at the earliest; if they wait alike, they may also have to draw again when
    it is.
    """

    def steps(state: Any) -> dict[str, Any]:
        *drawn_so_far, clock = state
        if len(drawn_so_far) < 2:
            after = {(*sorted([*drawn_so_far, wait]), clock if not drawn_so_far else 0): HALF for wait in (76, 159)}
            found: dict[str, Any] = {"draw": (0, after)}
            last = delay
        else:
            over, last = max(drawn_so_far), 85 if max(drawn_so_far) == 76 else 167
            found = {}
            if clock >= over - delay:
                found["settle"] = 0, {GOAL: SURE}
            if clock >= over and len(set(drawn_so_far)) == 1:
                found["again"] = 0, {(0,): SURE}
        if clock < last:
            found["wait"] = 1, {(*drawn_so_far, clock + 1): SURE}
        return found

    return explored((0,), steps)


FRAME, SLOT = 30, 2
"""Time to send a frame, and of one slot of backoff, in units of the time that a signal takes along the bus."""


def ethernet(most: int) -> nx.DiGraph[Any]:
    """Two stations that send one frame each over one bus (IEEE 802.3, CSMA/CD): least expected time until both have.

    A station sends, or finds the bus busy if another has been sending for a unit of time.  Who sends too early collides
    with the other, which both know within a unit of time.  After each of up to ``most`` collisions, the number of slots
    to wait is drawn from twice as many.
    """

    def steps(state: Any) -> dict[str, Any]:
        (bus, _, colliding), *stations = state
        found: dict[str, Any] = {}
        for who, station in enumerate(stations):
            for name, medium, lots in _acts(state[0], station, most):
                moves: dict[Any, Fraction] = defaultdict(Fraction)
                for now in lots:
                    after = [*stations[:who], now, *stations[who + 1 :]]
                    moves[GOAL if set(after) == {("sent",)} else (medium, *after)] += Fraction(1, len(lots))
                found[f"{name} {who}"] = 0, dict(moves)
        if bus == "collision":
            after = [_backoff(station, most) if station[0] == "send" else station for station in stations]
            found["collide"] = 0, {(("idle", False, False), *after): SURE}
        later = [_later(station) for station in stations]
        if all(later) and not colliding:
            found["wait"] = 1, {((bus, bus != "idle", bus == "collision"), *later): SURE}
        return found

    return explored((("idle", False, False), ("ready", 0), ("ready", 0)), steps)


def _acts(medium: Any, station: Any, most: int) -> list[Any]:
    """What a station may do at once: name, the bus afterwards, and the station afterwards, equally likely each."""
    (bus, sending, colliding), (place, *rest) = medium, station
    if place == "backoff":
        return [("draw", medium, [("wait", 0, slots, rest[0]) for slots in range(2 ** rest[0])])]
    if place == "send" and rest[0] == FRAME and bus == "active":
        return [("end", ("idle", False, False), [("sent",)])]
    if place != "ready" and (place != "wait" or rest[:2] != [SLOT, 0]):
        return []
    if sending:
        return [("hear", medium, [_backoff(station, most)])]
    return [("send", ("active" if bus == "idle" else "collision", sending, colliding), [("send", 0, rest[-1])])]


def _backoff(station: Any, most: int) -> Any:
    """A station that has met another frame once more."""
    return "backoff", min(station[-1] + 1, most)


def _later(station: Any) -> Any:
    """A station a unit of time later; None if it cannot let time pass."""
    place, *rest = station
    if place == "send" and rest[0] < FRAME:
        return place, rest[0] + 1, rest[1]
    if place == "wait" and rest[0] < SLOT:
        return place, rest[0] + 1, *rest[1:]
    if place == "wait" and rest[1]:
        return place, 1, rest[1] - 1, rest[2]
    return station if place == "sent" else None


def self_stabilising(size: int) -> nx.DiGraph[Any]:
    """Steps until one token is left on a ring (Herman, 1990), from three tokens far apart, which takes longest.

    A process whose bit is that of its left neighbour has a token and tosses a coin; the others take over that bit.
    """
    tokens = {0, size // 3, 2 * size // 3}
    start = [0]
    for place in range(1, size):
        start.append(start[-1] if place in tokens else 1 - start[-1])

    def held(bits: Any) -> list[bool]:
        return [left == bit for left, bit in zip((bits[-1], *bits), bits, strict=False)]

    def steps(bits: Any) -> dict[str, Any]:
        moves = {(): SURE}
        for left, token in zip((bits[-1], *bits), held(bits), strict=False):
            values = {0: HALF, 1: HALF} if token else {left: SURE}
            moves = {(*so_far, v): p * q for so_far, p in moves.items() for v, q in values.items()}
        after: dict[Any, Fraction] = defaultdict(Fraction)
        for then, chance in moves.items():
            after[GOAL if sum(held(then)) == 1 else then] += chance
        return {"step": (1, dict(after))}

    return explored(tuple(start), steps)


def leader(size: int, values: int) -> nx.DiGraph[Any]:
    """Processors on a ring draw numbers, one after the other, until one is unique (Itai and Rodeh, 1990): rounds."""

    def steps(numbers: Any) -> dict[str, Any]:
        if len(numbers) == size:
            unique = any(numbers.count(n) == 1 for n in numbers)
            return {"compare": (1, {GOAL if unique else (): SURE})}
        after = defaultdict(Fraction)
        for number in range(values):
            after[tuple(sorted((*numbers, number)))] += Fraction(1, values)
        return {"draw": (0, dict(after))}

    return explored((), steps)


def coupons(kinds: int, draws: int) -> nx.DiGraph[Any]:
    """All kinds of coupons are collected, several drawn at a time: rounds."""

    def steps(have: int) -> dict[str, Any]:
        chances = {have: SURE}
        for _ in range(draws):
            more = defaultdict(Fraction)
            for n, p in chances.items():
                more[n] += p * Fraction(n, kinds)
                if n < kinds:
                    more[n + 1] += p * Fraction(kinds - n, kinds)
            chances = more
        return {"draw": (1, {GOAL if n == kinds else n: p for n, p in chances.items() if p})}

    return explored(0, steps)


def four_by_three() -> nx.DiGraph[Any]:
    """The 4 x 3 world of Russell and Norvig (*Artificial Intelligence*, ch. 17), as a cost: 1 less what it is worth.

    Each step costs 0.04 and goes to either side with probability 0.1 each; (4, 3) is worth 1, and (4, 2) is worth -1.
    """
    places = {(x, y) for x in range(1, 5) for y in range(1, 4)} - {(2, 2)}
    cost, side = Fraction(4, 100), Fraction(1, 10)

    def steps(state: Any) -> dict[str, Any]:
        if state == (4, 2):
            return {"fall": (2, {GOAL: SURE})}
        found = {}
        for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            moves = defaultdict(Fraction)
            for (by_x, by_y), chance in (((dx, dy), 1 - 2 * side), ((dy, dx), side), ((-dy, -dx), side)):
                after = (state[0] + by_x, state[1] + by_y)
                after = after if after in places else state
                moves[GOAL if after == (4, 3) else after] += chance
            found[f"{dx:+d}{dy:+d}"] = cost, dict(moves)
        return found

    return explored((1, 1), steps)


WORTH = {
    (1, 3): 0.812, (2, 3): 0.868, (3, 3): 0.918,
    (1, 2): 0.762, (3, 2): 0.660, (4, 2): -1,
    (1, 1): 0.705, (2, 1): 0.655, (3, 1): 0.611, (4, 1): 0.388,
}  # fmt: skip
"""What each place of the 4 x 3 world is worth, as published, to three digits."""

CHUTES = {1: 38, 4: 14, 9: 31, 16: 6, 21: 42, 28: 84, 36: 44, 47: 26, 49: 11, 51: 67, 56: 53, 62: 19, 64: 60}
CHUTES |= {71: 91, 80: 100, 87: 24, 93: 73, 95: 75, 98: 78}
"""Where chutes and ladders lead."""


def chutes_and_ladders() -> nx.DiGraph[Any]:
    """Spins until a single player comes to square 100 (Althoen, King and Schilling, 1993)."""

    def steps(square: int) -> dict[str, Any]:
        moves = defaultdict(Fraction)
        for spin in range(1, 7):
            after = square + spin if square + spin <= 100 else square
            after = CHUTES.get(after, after)
            moves[GOAL if after == 100 else after] += Fraction(1, 6)
        return {"spin": (1, dict(moves))}

    return explored(0, steps)


LAKE = "SFFFFHFHFFFHHFFG"


def frozen_lake() -> nx.DiGraph[Any]:
    """The slippery 4 x 4 lake of OpenAI Gym: each step goes as meant, or to either side, with a third each."""
    slips = ((-1, 0), (0, 1), (1, 0), (0, -1))

    def steps(state: Any) -> dict[str, Any]:
        if LAKE[4 * state[0] + state[1]] == "H":
            return {"drown": (1, {state: SURE})}
        found = {}
        for meant in range(4):
            moves = defaultdict(Fraction)
            for at in (meant - 1, meant, (meant + 1) % 4):
                row, column = (min(max(here + by, 0), 3) for here, by in zip(state, slips[at], strict=True))
                moves[GOAL if LAKE[4 * row + column] == "G" else (row, column)] += Fraction(1, 3)
            found[str(meant)] = 1, dict(moves)
        return found

    return explored((0, 0), steps)


def die() -> nx.DiGraph[Any]:
    """A die from a coin (Knuth and Yao, 1976): tosses, 11/3 in the mean."""
    faces = {"": ("0", "1"), "0": ("00", "01"), "1": ("10", "11"), "00": ("0", GOAL), "11": (GOAL, "1")}
    faces |= {"01": (GOAL, GOAL), "10": (GOAL, GOAL)}
    return drawn(
        {
            s: {"toss": (1, {GOAL: SURE} if set(after) == {GOAL} else dict.fromkeys(after, HALF))}
            for s, after in faces.items()
        },
        "",
    )


TIMES: dict[str, tuple[Any, Fraction]] = {
    "consensus, 2 processes, K = 2": (lambda: consensus(2), Fraction(48)),
    "consensus, 2 processes, K = 4": (lambda: consensus(4), Fraction(192)),
    "consensus, 2 processes, K = 16": (lambda: consensus(16), Fraction(3072)),
    "consensus, 4 processes, K = 2": (lambda: consensus(2, 4), Fraction(192)),
    "resource gathering, 15 of each": (lambda: gathering(15, 15, count="steps"), Fraction(1745, 9)),
    "Haddad and Monmege, N = 20": (lambda: two_ladders(20), Fraction(1572862)),
    "root contention, delay 3": (lambda: root_contention(3), Fraction(541, 4)),
    "root contention, delay 36": (lambda: root_contention(36), Fraction(409, 4)),
    "CSMA/CD, 2 stations, K = 2": (lambda: ethernet(2), Fraction(53954981353, 805306368)),
    "CSMA/CD, 2 stations, K = 4": (lambda: ethernet(4), Fraction(2616582446888387288353, 34587645138205409280)),
    "Herman, 5 processes": (lambda: self_stabilising(5), Fraction(16, 5)),
    "Herman, 7 processes": (lambda: self_stabilising(7), Fraction(48, 7)),
    "Herman, 9 processes": (lambda: self_stabilising(9), Fraction(12)),
    "leader election, 4 of 4": (lambda: leader(4, 4), Fraction(32, 27)),
    "leader election, 5 of 2": (lambda: leader(5, 2), Fraction(16, 5)),
    "coupons, 5 kinds by 2": (lambda: coupons(5, 2), Fraction(751, 126)),
    "coupons, 9 kinds by 4": (lambda: coupons(9, 4), Fraction(112175240050457, 16643031685280)),
    "a die from a coin": (die, Fraction(11, 3)),
}
"""Models with their published least expected times."""
