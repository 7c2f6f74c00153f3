"""Policies as JSON and CSV files, written and read back."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from lpdistill.arguments import path_of
from lpdistill.errors import ModelError
from lpdistill.export.files import require_suffix, writing
from lpdistill.hardware.actions import Action
from lpdistill.numbers import exact, whole
from lpdistill.physics.imported import map_name
from lpdistill.physics.levels import Tree
from lpdistill.physics.maps import consumes
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.problem.labels import first_grid, labels_of, with_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM, is_problem
from lpdistill.program.label_models import label_model
from lpdistill.solution.given import POLICY, PolicyLike, ProblemLike
from lpdistill.solution.policy import Decision, Policy
from lpdistill.solution.tables import Key

POLICY_SUFFIXES = (".json", ".csv")
FIELDS = ("counts", "distil", "generate", "discard", "probability")
SEPARATORS = ",;\t"
"""What may stand between the cells of a table; we write the first."""


def write_policy(policy: PolicyLike, file: str | PathLike[str]) -> None:
    """Write the policy of a problem; the suffix, ``.json`` or ``.csv``, names the format.

    JSON also says what the policy is for: its ``problem``, and the ``levels`` with the trees that make them.  In CSV,
    ``counts`` are separated by spaces, and pairs of levels are written ``0-1``, one for every distillation.

    Raises
    ------
    ModelError
        If the suffix is neither, the policy is one of a state graph, or the file cannot be written.
    """
    chosen, path = POLICY.meant(policy, "policy"), path_of(file, "file")
    require_suffix(file, *POLICY_SUFFIXES)
    problem = chosen.process.problem
    if not is_problem(problem):
        raise ModelError("policy", "must be one of a problem; nodes of a state graph have no counts to write", None)
    with writing(file):
        _write(chosen, path)


def _write(policy: Policy, path: Path) -> None:
    if path.suffix == ".json":
        path.write_text(policy.to_json(indent=1) + "\n", encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(FIELDS)
            writer.writerows(_cells(key, decision) for key in policy for decision in policy[key])


def _cells(key: Key, decision: Decision) -> tuple[str, ...]:
    action = decision.action
    return (
        " ".join(map(str, key)),
        " ".join("-".join(map(str, levels)) for levels in action.distil),
        str(action.generate),
        " ".join(map(str, action.discard)),
        repr(decision.probability),
    )


def read_policy(problem: ProblemLike, file: str | PathLike[str], *, improper: bool = False) -> Policy:
    """The policy in a file, evaluated for a problem.

    Besides what :func:`write_policy` writes, the JSON document of a solution will do.  The policy may have been made
    for other parameters, as long as there are as many memories and the same trees make the levels: how good the optimum
    for one ``p`` is at another is a question like any other.  A policy on labels brings them: the JSON document says
    which, and they are to have the same fidelities here.

    Parameters
    ----------
    problem
        The problem to evaluate it for.
    file
        The file; its suffix, ``.json`` or ``.csv``, names the format.
    improper
        Whether to accept a policy that may never reach the target (:meth:`~lpdistill.Policy.of`).

    Raises
    ------
    ModelError
        If the file cannot be read, is no policy (a number is not whole, a configuration is repeated), or is one for
        another problem; the message says where it is wrong, or what differs.
    ImproperPolicyError
        If the policy does not reach the target, unless that is accepted.
    """
    problem, path = PROBLEM.meant(problem, "problem"), path_of(file, "policy file")
    if path.suffix not in POLICY_SUFFIXES:
        raise ModelError("policy file", f"must have the suffix {' or '.join(POLICY_SUFFIXES)}", str(file))
    made_for = MadeFor()
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            document = json.loads(text)
            decided, made_for = _from_json(document, problem), MadeFor.of(document)
        else:
            decided = _from_csv(text.splitlines(), problem)
    except OSError as error:
        raise ModelError("policy file", f"cannot be read: {error.strerror}", str(file)) from None
    except UnicodeDecodeError:
        raise ModelError("policy file", "is no policy: it is no text in UTF-8", str(file)) from None
    except (ValueError, RecursionError) as error:
        raise ModelError("policy file", f"is no policy: {error}", str(file)) from None
    labelled = made_for.labelled(problem)
    if labelled is None:
        raise ModelError(
            "policy file",
            "says nothing of labels, and infinitely many levels lie below the target; write the policy as .json "
            "(export, solve --json), which has the labels that stand for them, or take a target below the pumping "
            "limit",
            str(file),
        )
    problem, differs = labelled
    if differs:
        raise ModelError("policy file", f"is for another problem: {differs}", str(file))
    try:
        return Policy.of(problem, decided, improper=improper)
    except ModelError as error:
        raise ModelError("policy file", f"holds no policy of this problem: {error}", str(file)) from None


@dataclass(frozen=True, slots=True)
class MadeFor:
    """What a file says of the problem that its policy is for, as far as it does.

    Attributes
    ----------
    distillation
        Name of the map.
    memories
        Number of memories.
    levels
        Number of levels.
    trees
        The trees that make them.
    labels
        Their fidelities, where they are labels; these come with their trees.
    """

    distillation: str | None = None
    memories: int | None = None
    levels: int | None = None
    trees: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None

    @staticmethod
    def of(document: Mapping[str, Any]) -> MadeFor:
        """What a JSON document says; one without a header says nothing."""
        header = _table(document.get("problem") or {}, "problem")
        memories = None if "memories" not in header else whole(header["memories"], "memories")
        made_by = header.get("distillation")
        if document.get("levels") is None:
            return MadeFor(made_by, memories)
        levels = _list(document["levels"], "levels")
        trees = tuple(str(level["tree"]) for level in levels if "tree" in _table(level, "levels"))
        known = trees if len(trees) == len(levels) else None
        rounded = "rounding" in document or "refinement" in document
        labels = tuple(str(level.get("exact")) for level in levels) if rounded and known is not None else None
        return MadeFor(made_by, memories, len(levels), known, labels)

    def labelled(self, problem: Problem) -> tuple[Problem, str] | None:
        """The problem with the labels of the file, if it has some, and why the policy is none for it, or nothing.

        None where the problem needs labels, and the file has none.
        """
        if self.labels is None or self.trees is None:
            known = labels_of(problem) is not None or problem.reach.finite
            return (problem, self.differs(problem)) if known or _separable(problem) else None
        differs = self.differs_in_hardware(problem)
        if differs:
            return problem, differs
        try:
            trees = [*map(Tree.of, self.trees)]
        except ValueError as error:
            return problem, f"its labels are made by {error}"
        grid = first_grid(problem)
        assert isinstance(grid, Grid)  # noqa: S101 - files are refused where pairs age
        grid = grid.made_by(trees)
        labels = label_model(problem, grid, Rounding.FLOOR)
        here = tuple(str(level.fidelity) for level in labels)
        if here != self.labels:
            there, own = next(((a, b) for a, b in zip(self.labels, here, strict=False) if a != b), ("more", "fewer"))
            return problem, f"its labels are {there} where they are {own} here (f0, target and map shape them)"
        return with_labels(problem, labels), ""

    def differs_in_hardware(self, problem: Problem) -> str:
        """Why the map or the memories are others; empty if they are not."""
        made_by = map_name(problem.distillation)
        if self.distillation is not None and self.distillation != made_by:
            return f"it distils by the map {self.distillation} instead of {made_by}"
        if self.memories is not None and self.memories != problem.memories:
            return f"it has {_count(self.memories, 'memory', 'memories')} instead of {problem.memories}"
        return ""

    def differs(self, problem: Problem) -> str:
        """Why configurations and actions mean something else in a problem; empty if they do not."""
        found = self.differs_in_hardware(problem)
        if found:
            return found
        here = problem.levels
        if self.levels is not None and self.levels != len(here):
            return f"it has {_count(self.levels, 'level', 'levels')} instead of {len(here)}"
        sided = any(consumed != tuple(sorted(consumed)) for consumed in here.combinations)
        told = str if sided else _sorted_tree
        for level, tree in zip(here, self.trees or (), strict=False):
            if told(str(level.tree)) != told(tree):
                return f"its level {level.index} is made by {tree} instead of {level.tree}"
        return ""


def _separable(problem: Problem) -> bool:
    """Whether rules leave finitely many levels."""
    return any(rule.separable for rule in problem.rules)


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _sorted_tree(text: str) -> str:
    """The text of a tree, children in an order of their own: where it does not matter which pair comes first."""
    if not text.startswith("D("):
        return text
    children, depth = [""], 0
    inside, closing, outcome = text[2:].rpartition(")")
    for part in inside.split(", "):
        children[-1] += f", {part}" if depth else part
        depth += part.count("(") - part.count(")")
        children += [] if depth else [""]
    return f"D({', '.join(sorted(map(_sorted_tree, children[:-1])))}{closing}{outcome}"


def _from_json(document: object, problem: Problem) -> dict[Key, list[Decision]]:
    found: dict[Key, list[Decision]] = {}
    known: set[Key] = set()
    for number, item in enumerate(_list(_table(document, "document", "policy")["policy"], "policy")):
        where = f"policy[{number}]"
        entry = _table(item, where, "counts", "actions")
        counts = _wholes(entry["counts"], f"{where}.counts")
        if counts in known:
            raise ModelError(f"{where}.counts", "must be of a configuration that no entry before speaks of", counts)
        known.add(counts)
        decisions = [
            _decision(one, problem, f"{where}.actions[{place}]")
            for place, one in enumerate(_list(entry["actions"], f"{where}.actions"))
        ]
        if decisions:
            found[counts] = decisions
    return found


def _decision(item: object, problem: Problem, where: str) -> Decision:
    """One decision of a JSON document."""
    one = _table(item, where, "distil", "generate", "probability")
    pairs = _list(one["distil"], f"{where}.distil")
    action = Action(
        tuple(_pairs(pair, problem, f"{where}.distil[{place}]") for place, pair in enumerate(pairs)),
        whole(one["generate"], f"{where}.generate"),
        _wholes(one.get("discard", []), f"{where}.discard"),
    )
    return Decision(action, float(exact(one["probability"], f"{where}.probability")))


def _table(value: object, where: str, *names: str) -> Mapping[str, Any]:
    """A table with at least some names."""
    if not isinstance(value, Mapping):
        raise ModelError(where, f"must be a table{' with ' + ', '.join(names) if names else ''}", value)
    for name in names:
        if name not in value:
            raise ModelError(where, f"has no {name}; it must have {', '.join(names)}", None)
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ModelError(where, "must be a list", value)
    return value


def _wholes(value: object, where: str) -> tuple[int, ...]:
    return tuple(whole(part, where) for part in _list(value, where))


def _pairs(value: object, problem: Problem, where: str) -> tuple[int, ...]:
    """The levels of a distillation, as many as the map of a problem takes."""
    levels, sizes = _wholes(value, where), consumes(problem.distillation)
    if len(levels) not in sizes:
        raise ModelError(where, f"must be {' or '.join('two' if n == 2 else str(n) for n in sizes)} levels", value)
    return levels


def _from_csv(lines: Sequence[str], problem: Problem) -> dict[Key, list[Decision]]:
    """The decisions in the lines of a table, whose cells commas, semicolons or tabs separate: spreadsheets differ."""
    found: dict[Key, list[Decision]] = {}
    known: set[tuple[Key, Action]] = set()
    head = lines[0] if lines else ""
    separator = max(SEPARATORS, key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
    if [names.count(name) for name in FIELDS] != [1] * len(FIELDS):
        raise ModelError("line 1", f"must name the columns {', '.join(FIELDS)}, each once", head)
    reader = csv.DictReader(lines[1:], names, delimiter=separator, restval="")
    for row in reader:
        where = f"line {reader.line_num + 1}"
        if any(row.pop(None, [])):
            raise ModelError(where, f"has more cells than the {len(names)} columns that line 1 names", None)
        if not any(map(str.strip, row.values())):
            continue
        action = Action(
            tuple(_pairs(pair.split("-"), problem, f"{where}: distil") for pair in row["distil"].split()),
            whole(row["generate"], f"{where}: generate"),
            _wholes(row["discard"].split(), f"{where}: discard"),
        )
        counts = _wholes(row["counts"].split(), f"{where}: counts")
        chance = float(exact(row["probability"], f"{where}: probability"))
        if (counts, action) in known:
            raise ModelError(where, "must not repeat an action of a line before in the same configuration", counts)
        known.add((counts, action))
        found.setdefault(counts, []).append(Decision(action, chance))
    return found
