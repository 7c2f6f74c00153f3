"""Tables of policies for a device: which policy to use for which p, signed with their problem, read without us.

A table is a JSON document of texts and whole numbers only, so that whoever reads it can check its digests: SHA-256 of
the document with sorted keys, no spaces, in ASCII (:doc:`adapting` has a reader of twenty lines).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from os import PathLike
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.arguments import path_of
from lpdistill.control.pieces import NARROW, Pieces
from lpdistill.errors import LimitError, ModelError
from lpdistill.export.files import writing
from lpdistill.hardware.actions import Action
from lpdistill.numbers import Number, exact, upwards
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.names import action_as_json
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.given import ProblemLike
from lpdistill.solution.policy import Policy
from lpdistill.solving import solve
from lpdistill.worth.regret_curve import interval
from lpdistill.worth.robust import robust

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ENTRIES = 2_000
"""Entries beyond which no device has a table."""

EXACT, BOUNDED = "exact", "bounded"
"""How a table is proved: by an exact map, or by bounds that hold for whatever p does within an entry."""

FORMAT = 1
"""The version of the format, which counts up when a name or a meaning changes."""

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A policy, and for which p it is.

    Attributes
    ----------
    low, high
        The ends, each between two rational numbers, which are equal if it is rational.
    regret
        By how much the policy is slower than the best one at most, as a share of that one's time: proved.
    policy
        What to do in every configuration that is known: counts of pairs at each level, to actions.
    polynomial
        Of an exact table, the minimal polynomial of the upper end, which has no other root between the two numbers.
    """

    low: tuple[Fraction, Fraction]
    high: tuple[Fraction, Fraction]
    regret: Fraction
    policy: Mapping[Counts, Action]
    polynomial: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON data, in texts and whole numbers."""
        return {
            "from": [str(end) for end in self.low],
            "to": [str(end) for end in self.high],
            "polynomial": self.polynomial,
            "regret": str(self.regret),
            "policy": [{"counts": list(key), "action": action_as_json(action)} for key, action in self.policy.items()],
        }


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PolicyTable(Answer):
    """Policies for a range of p.

    Attributes
    ----------
    problem
        The problem; its own p does not matter.
    proof
        ``exact`` or ``bounded``.
    entries
        The policies in the order of p.
    """

    _KIND = "policy-table"

    problem: Problem
    proof: str
    entries: tuple[Entry, ...]

    def number(self, p: Number) -> int:
        """The number of the entry for some p, from 1; at an end that of either side, which are equally good.

        Raises
        ------
        ModelError
            If the table has none.
        """
        at = exact(p, "p")
        for place, entry in enumerate(self.entries):
            if entry.low[0] <= at <= entry.high[1]:
                return place + 1
        ends = f"from {float(self.entries[0].low[0]):g} to {float(self.entries[-1].high[1]):g}"
        raise ModelError("p", f"must be within the table, {ends}", p)

    def policy(self, p: Number) -> Mapping[Counts, Action]:
        """What to do for some p."""
        return self.entries[self.number(p) - 1].policy

    @property
    def signature(self) -> str:
        """The digest of the problem, without its p."""
        return digest(self._question)

    @property
    def _question(self) -> dict[str, Any]:
        return signed(self.problem)

    def _lines(self) -> Iterable[tuple[str, str]]:
        first, last = self.entries[0], self.entries[-1]
        yield "entries", f"{len(self.entries)}, for p from {float(first.low[0]):g} to {float(last.high[1]):g}"
        if self.proof == EXACT:
            yield "proved", "each policy is optimal on all of its entry, by an exact map"
        else:
            worst = upwards(max(entry.regret for entry in self.entries))
            yield (
                "proved",
                f"each policy is slower than the best one by at most {worst:.3g} of that one's time, however p varies",
            )
        yield "signature", self.signature

    def _content(self) -> dict[str, Any]:
        body = {
            "format": FORMAT,
            "parameter": "p",
            "proof": self.proof,
            "signature": self.signature,
            "levels": [str(level.fidelity) for level in self.problem.levels],
            "entries": [entry.to_dict() for entry in self.entries],
        }
        return {**body, "digest": digest({"problem": self._question, **body})}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every entry."""
        for place, entry in enumerate(self.entries):
            yield {
                "number": place + 1,
                "from": float(entry.low[0]),
                "to": float(entry.high[1]),
                "configurations": len(entry.policy),
                "regret": float(entry.regret),
            }

    def shown(self, most: int | None = SHOWN) -> Table:
        """The entries."""
        rows = [
            (
                str(one["number"]),
                f"{one['from']:.9g}",
                f"{one['to']:.9g}",
                str(one["configurations"]),
                f"{one['regret']:.3g}",
            )
            for one in list(self._cells())[:most]
        ]
        headings = dict.fromkeys(("policy", "from p", "to p", "configurations", "slower at most"), "right")
        note = f"the first {most} of {len(self.entries)}" if most is not None and len(self.entries) > most else ""
        return Table("policies", headings, rows, note)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the entries along p, each with the regret that is proved."""
        drawn = pictures.canvas(ax, self.problem)
        for place, entry in enumerate(self.entries):
            ends, regret = [float(entry.low[0]), float(entry.high[1])], 100 * float(entry.regret)
            drawn.plot(ends, [regret, regret], color=pictures.COLOURS[place % 2], lw=3, solid_capstyle="butt")
        drawn.set_xlabel("generation success probability p")
        drawn.set_ylabel("slower than the best policy at most, in percent")
        drawn.set_ylim(bottom=-0.05)
        return drawn

    def save(self, file: str | PathLike[str]) -> None:
        """Write the document.

        Raises
        ------
        ModelError
            If the file cannot be written.
        """
        path = path_of(file, "table")
        with writing(path, "table"):
            path.write_text(self.to_json(indent=1) + "\n", encoding="utf-8")


def signed(problem: Problem) -> dict[str, Any]:
    """What a table says of its problem: everything but p."""
    return {name: told for name, told in problem.to_dict().items() if name != "p"}


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document of texts and whole numbers.

    >>> digest({"b": 1, "a": "x"}) == digest({"a": "x", "b": 1})
    True
    """
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def policy_table(
    problem: ProblemLike,
    span: tuple[Number, Number] | None = None,
    *,
    regret: Number = "0.01",
    progress: Callable[[str], None] = silent,
) -> PolicyTable:
    """Policies for a device, for all p of a range.

    Without a range, those of the exact map: each optimal on all of its piece.  With one, as few as halving finds: each
    is the best policy for the worst p of its entry (:func:`lpdistill.robust`), and what it takes there at most, over
    what the best policy takes at the other end at least, bounds its regret whatever p is within, and however it varies.

    Parameters
    ----------
    problem
        The problem, without budgets; its own p does not matter.
    span
        The least and the greatest p; all of them, exactly, by default.
    regret
        With a range: by how much a policy may be slower than the best one, as a share of that one's time.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the range or the regret are wrong, or the problem has budgets.
    LimitError
        If the exact map would take too long, or there were too many entries.
    NotCertifiedError
        If rules may make another raw pair cost time, so that nothing is proved of a range.

    Examples
    --------
    >>> table = policy_table(Problem(1, 4, "3/4", "79/100"))
    >>> len(table.entries), table.number("1/2"), table.policy("1/2")[2, 0]
    (3, 2, Action(distil=((0, 0),), generate=2, discard=()))
    >>> policy_table(Problem(1, 4, "3/4", "79/100"), ("0.4", "0.6"), regret="0.05").entries[0].regret < Fraction(1, 20)
    True
    """
    problem = PROBLEM.meant(problem, "problem")
    if span is None:
        return _exact(problem, progress)
    low, high = interval(span, "span")
    if low <= 0 or high > 1 or low == high:
        raise ModelError(
            "span", "must be an interval of probabilities with 0 < p <= 1", f"{float(low):g}:{float(high):g}"
        )
    most = exact(regret, "regret")
    if most <= 0:
        raise ModelError("regret", "must be above 0: a share of the waiting time, such as 0.01", regret)
    return PolicyTable(problem, BOUNDED, tuple(_bounded(problem, (low, high), most, progress)))


def _exact(problem: Problem, progress: Callable[[str], None]) -> PolicyTable:
    """The pieces of the exact map, each with what to do also where its runs do not come."""
    pieces = Pieces.of(problem, progress)
    entries = []
    for piece in pieces.map.pieces:
        low, high = (
            (Fraction(1), Fraction(1)) if end is None else (end.low, end.high)
            for end in (piece.low.refined(NARROW), piece.high and piece.high.refined(NARROW))
        )
        policy = dict(piece.policy)
        if labels_of(pieces.map.problem) is None:
            inside = solve(pieces.map.problem.replace(p=(low[1] + high[0]) / 2), all_levels=True).policy
            policy = {**actions_of(inside), **policy}
        entries.append(Entry(low, high, Fraction(0), policy, None if piece.high is None else piece.high.formula("p")))
    return PolicyTable(pieces.map.problem, EXACT, tuple(entries))


def actions_of(policy: Policy) -> dict[Counts, Action]:
    """What a policy that does not randomise does in every configuration."""
    found: dict[Any, Any] = {key: decisions[0].action for key, decisions in policy.items()}
    return found


def _bounded(
    problem: Problem, span: tuple[Fraction, Fraction], most: Fraction, progress: Callable[[str], None]
) -> Iterable[Entry]:
    """Entries from left to right, halved until the regret of each is no more than is allowed."""
    waiting, told = [span], counter(progress)
    found: list[Entry] = []
    while waiting:
        low, high = waiting.pop()
        told("policies for parts of the range", int(1000 * (low - span[0])), int(1000 * (span[1] - span[0])))
        answer = robust(problem.replace(p=low), (low, high))
        best = Fraction(solve(problem.replace(p=high)).lower_bound)
        bound = Fraction(answer.upper_bound) / best - 1
        if bound <= most:
            ends = (low, low), (high, high)
            found.append(Entry(*ends, Fraction(upwards(max(bound, Fraction(0)))), actions_of(answer.policy)))
            continue
        if len(found) + len(waiting) >= MOST_ENTRIES:
            raise LimitError(
                f"regret: {float(most):g} takes more than {MOST_ENTRIES:,} policies; allow more, or a shorter range",
                size={"entries": MOST_ENTRIES},
            )
        middle = Fraction(str(round(float(low * high) ** 0.5, 9)))
        middle = middle if low < middle < high else (low + high) / 2
        waiting += [(middle, high), (low, middle)]
    return found


def read_policy_table(problem: ProblemLike, file: str | PathLike[str]) -> PolicyTable:
    """The table in a file, if it is one of the problem, and as it was written.

    Raises
    ------
    ModelError
        If the file cannot be read, is no table, was changed, or is one of another problem.
    """
    problem, path = PROBLEM.meant(problem, "problem"), path_of(file, "table")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError("table", f"cannot be read: {error.strerror}", str(path)) from None
    except (ValueError, RecursionError):
        raise ModelError("table", "is no JSON document", str(path)) from None
    kind = "lpdistill.policy-table/1"
    if not isinstance(document, dict) or document.get("schema") != kind or document.get("format") != FORMAT:
        raise ModelError("table", f"is no table of policies ({kind}, format {FORMAT})", str(path))
    body = {name: value for name, value in document.items() if name not in {"schema", "digest"}}
    if digest(body) != document.get("digest") or digest(body["problem"]) != document.get("signature"):
        raise ModelError("table", "was changed since it was written: its digest is another; export it again", str(path))
    if document["signature"] != digest(signed(problem)):
        differs = ", ".join(sorted(_differences(document["problem"], signed(problem))))
        raise ModelError(
            "table", f"is one of another problem: {differs} differ; export one for this problem", str(path)
        )
    return PolicyTable(problem, document["proof"], tuple(map(_entry, document["entries"])))


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def _entry(told: Mapping[str, Any]) -> Entry:
    """An entry as it was written."""
    low, high = ((Fraction(ends[0]), Fraction(ends[1])) for ends in (told["from"], told["to"]))
    policy = {
        tuple(one["counts"]): Action(
            tuple(tuple(levels) for levels in one["action"]["distil"]),
            one["action"]["generate"],
            tuple(one["action"].get("discard", ())),
        )
        for one in told["policy"]
    }
    return Entry(low, high, Fraction(told["regret"]), policy, told["polynomial"])
