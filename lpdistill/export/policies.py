"""Policies as JSON and CSV files, written and read back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.export.files import require_suffix, writing
from lpdistill.model.actions import Action
from lpdistill.model.numbers import whole
from lpdistill.model.problem import Problem
from lpdistill.solution.policy import Decision, Key, Policy

SCHEMA = "lpdistill.policy/1"
SUFFIXES = (".json", ".csv")
FIELDS = ("counts", "distil", "generate", "discard", "probability")


def write_policy(policy: Policy, file: str | PathLike[str]) -> None:
    """Write the policy of a problem; the suffix, ``.json`` or ``.csv``, names the format.

    In CSV, ``counts`` are separated by spaces, and pairs of levels are written ``0-1``, one for every distillation.

    Raises
    ------
    ModelError
        If the suffix is neither, or the file cannot be written.
    """
    path = Path(file)
    require_suffix(file, *SUFFIXES)
    with writing(file):
        _write(policy, path)


def _write(policy: Policy, path: Path) -> None:
    if path.suffix == ".json":
        entries = [
            {
                "counts": list(key),
                "actions": [
                    {
                        "generate": decision.action.generate,
                        "distil": [list(pair) for pair in decision.action.distil],
                        "discard": list(decision.action.discard),
                        "probability": decision.probability,
                    }
                    for decision in policy[key]
                ],
            }
            for key in policy
        ]
        path.write_text(json.dumps({"schema": SCHEMA, "policy": entries}, indent=1) + "\n", encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(FIELDS)
            writer.writerows(_cells(key, decision) for key in policy for decision in policy[key])


def _cells(key: Key, decision: Decision) -> tuple[str, ...]:
    action = decision.action
    return (
        " ".join(map(str, key)),
        " ".join(f"{low}-{high}" for low, high in action.distil),
        str(action.generate),
        " ".join(map(str, action.discard)),
        repr(decision.probability),
    )


def read_policy(problem: Problem, file: str | PathLike[str]) -> Policy:
    """The policy in a file, evaluated for a problem.

    Besides what :func:`write_policy` writes, the JSON document of a solution will do.

    Raises
    ------
    ModelError
        If the file cannot be read, is no policy, or is one for another problem.
    ImproperPolicyError
        If the policy does not reach the target.
    """
    path = Path(file)
    if path.suffix not in SUFFIXES:
        raise ModelError("policy file", f"must have the suffix {' or '.join(SUFFIXES)}", str(file))
    try:
        text = path.read_text(encoding="utf-8")
        decided = _from_json(json.loads(text)) if path.suffix == ".json" else _from_csv(text.splitlines())
    except OSError as error:
        raise ModelError("policy file", f"cannot be read: {error.strerror}", str(file)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("policy file", f"is no policy: {error}", str(file)) from None
    try:
        return Policy.of(problem, decided)
    except ModelError as error:
        raise ModelError("policy file", f"holds no policy of this problem: {error}", str(file)) from None


def _from_json(document: Mapping[str, Any]) -> dict[Key, list[Decision]]:
    return {
        tuple(int(n) for n in entry["counts"]): [
            Decision(
                Action(
                    tuple((int(low), int(high)) for low, high in one["distil"]),
                    whole(one["generate"], "generate"),
                    tuple(int(level) for level in one.get("discard", ())),
                ),
                float(one["probability"]),
            )
            for one in entry["actions"]
        ]
        for entry in document["policy"]
        if entry["actions"]
    }


def _from_csv(lines: Iterable[str]) -> dict[Key, list[Decision]]:
    found: dict[Key, list[Decision]] = {}
    for row in csv.DictReader(lines):
        pairs = (pair.split("-") for pair in row["distil"].split())
        action = Action(
            tuple((int(low), int(high)) for low, high in pairs),
            whole(row["generate"], "generate"),
            tuple(int(level) for level in row["discard"].split()),
        )
        counts = tuple(int(n) for n in row["counts"].split())
        found.setdefault(counts, []).append(Decision(action, float(row["probability"])))
    return found
