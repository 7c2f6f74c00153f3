"""The options that name policies: by name, or by the files that hold them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias

from lpdistill.cli.declaration import Option
from lpdistill.export.policies import SUFFIXES, read_policy
from lpdistill.policies.named import POLICIES, policy_named
from lpdistill.problem.problem import Problem
from lpdistill.solution.policy import Policy

NAMES = f"{', '.join(POLICIES)}, banded:WIDTH"

PolicyOption: TypeAlias = Annotated[
    str, Option("--policy", metavar="<policy>", values=POLICIES, help=f"{NAMES}, or a policy file (.json, .csv).")
]


def policy_of(problem: Problem, text: str, progress: Callable[[str], None]) -> Policy:
    """The policy that ``--policy`` names, by name or by its file; it may be improper.

    Raises
    ------
    ModelError
        If there is none of that name, or the file holds no policy of the problem.
    """
    if Path(text).suffix in SUFFIXES:
        return read_policy(problem, text, improper=True)
    return policy_named(problem, text, progress)
