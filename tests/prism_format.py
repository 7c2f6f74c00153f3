"""A reader of PRISM's explicit files that accepts what PRISM's manual describes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import fsum
from pathlib import Path

IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
WHOLE = r"(?:0|[1-9]\d*)"
DOUBLE = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"


def matched(pattern: str, line: str) -> tuple[str, ...]:
    """The parts of a line, which must have a form and nothing else."""
    found = re.fullmatch(pattern, line, flags=re.ASCII)
    assert found, line
    return found.groups()


def wholes(*texts: str) -> tuple[int, ...]:
    """Numbers of a line."""
    return tuple(map(int, texts))


class PrismModel:
    """A decision process in PRISM's explicit files.

    Attributes
    ----------
    states
        The values of all variables in every state.
    moves
        Probability of every next state, by state and choice.
    rewards
        Reward of every transition that has one.
    labels
        The states with each label.
    """

    def __init__(self, tra: Path) -> None:
        lines = {suffix: self._lines(tra.with_suffix(suffix)) for suffix in (".sta", ".tra", ".lab", ".trew")}
        self.states = self._states(lines[".sta"])
        self.moves = self._moves(lines[".tra"])
        self.rewards = self._rewards(lines[".trew"])
        self.labels = self._labels(lines[".lab"])

    @staticmethod
    def _lines(path: Path) -> list[str]:
        text = path.read_bytes().decode("ascii")
        assert text.endswith("\n")
        return text.removesuffix("\n").split("\n")

    @staticmethod
    def _states(lines: Sequence[str]) -> list[tuple[int, ...]]:
        names = matched(r"\((.*)\)", lines[0])[0].split(",")
        assert all(re.fullmatch(IDENTIFIER, name) for name in names)
        assert len({*names}) == len(names)
        states = []
        for place, line in enumerate(lines[1:]):
            number, values = matched(rf"({WHOLE}):\((.*)\)", line)
            assert int(number) == place
            states.append(wholes(*values.split(",")))
            assert len(states[-1]) == len(names)
        assert len({*states}) == len(states)
        return states

    def _moves(self, lines: Sequence[str]) -> dict[tuple[int, int], dict[int, float]]:
        size, choices, transitions = wholes(*matched(rf"({WHOLE}) ({WHOLE}) ({WHOLE})", lines[0]))
        assert (size, transitions) == (len(self.states), len(lines) - 1)
        found: dict[tuple[int, int], dict[int, float]] = {}
        actions: dict[tuple[int, int], str] = {}
        for state, choice, after, number, action in self._entries(lines[1:], rf" ({IDENTIFIER})"):
            moves = found.setdefault((state, choice), {})
            assert actions.setdefault((state, choice), action) == action
            assert after in range(size)
            assert after not in moves
            assert 0 < number <= 1
            moves[after] = number
        assert len(found) == choices
        for state in range(size):
            mine = [choice for owner, choice in found if owner == state]
            assert mine == list(range(len(mine)))
            assert mine  # no state is a deadlock
        assert all(abs(fsum(moves.values()) - 1) < 1e-12 for moves in found.values())
        return found

    def _rewards(self, lines: Sequence[str]) -> dict[tuple[int, int, int], float]:
        size, choices, count = wholes(*matched(rf"({WHOLE}) ({WHOLE}) ({WHOLE})", lines[0]))
        assert (size, choices, count) == (len(self.states), len(self.moves), len(lines) - 1)
        found = {}
        for state, choice, after, number, _ in self._entries(lines[1:], "()"):
            assert after in self.moves[state, choice]
            assert number > 0
            assert (state, choice, after) not in found
            found[state, choice, after] = number
        return found

    def _labels(self, lines: Sequence[str]) -> dict[str, list[int]]:
        names = [matched(rf'({WHOLE})="({IDENTIFIER})"', part) for part in lines[0].split(" ")]
        assert wholes(*(number for number, _ in names)) == tuple(range(len(names)))
        found: dict[str, list[int]] = {name: [] for _, name in names}
        assert list(found)[:2] == ["init", "deadlock"]
        for line in lines[1:]:
            state, numbers = matched(rf"({WHOLE}): ({WHOLE}(?: {WHOLE})*)", line)
            assert int(state) in range(len(self.states))
            for number in wholes(*numbers.split(" ")):
                found[names[number][1]].append(int(state))
        assert len(found["init"]) == 1
        return found

    @staticmethod
    def _entries(lines: Sequence[str], end: str) -> Iterator[tuple[int, int, int, float, str]]:
        """States, choices, next states and numbers, states and their choices ascending."""
        last = (0, 0)
        for line in lines:
            state, choice, after, number, rest = matched(rf"({WHOLE}) ({WHOLE}) ({WHOLE}) ({DOUBLE}){end}", line)
            assert (int(state), int(choice)) >= last
            last = int(state), int(choice)
            yield *last, int(after), float(number), rest
