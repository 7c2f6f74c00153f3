"""The options that name policies: by name, or by the files that hold them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from lpdistill.cli.declaration import Option
from lpdistill.policies.named import OTHERS, POLICIES

POLICY_NAMES = ", ".join([*POLICIES, *OTHERS])

PolicyOption: TypeAlias = Annotated[
    str,
    Option("--policy", metavar="<policy>", values=POLICIES, help=f"{POLICY_NAMES}, or a policy file (.json, .csv)."),
]

CutoffOption: TypeAlias = Annotated[
    str | None,
    Option(
        "--cutoff",
        metavar="<age>",
        help="Where pairs age: baselines discard older ones. A time, a number of steps such as 5steps, or best.",
    ),
]
