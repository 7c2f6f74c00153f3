"""What is answered in exact arithmetic, which is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpdistill.numbers import member
from lpdistill.progress import silent
from lpdistill.solution.given import ProblemLike

if TYPE_CHECKING:
    from symbolic import Checked, CheckedRate, PolicyMap


def check(certificate: Path | dict[str, Any], *, progress: Callable[[str], None] = silent) -> Checked | CheckedRate:
    """A certificate, verified from the parameters of its problem alone."""
    from symbolic import check as checked  # noqa: PLC0415 - only this needs exact arithmetic

    progress("checking the reduced costs of all columns")
    return checked(certificate)


def unneeded(options: Mapping[str, Any]) -> dict[str, str]:
    """Settings that nobody need give: a map along p does not depend on the problem's own p."""
    axis = options["axis"]
    if axis != "p":
        from symbolic.maps.sweep import Axis  # noqa: PLC0415 - only this needs exact arithmetic

        axis = member(Axis, axis, "axis")
    return {"p": "1"} if axis == "p" else {}


def policy_map(
    problem: ProblemLike, *, axis: str = "p", per_time: bool = False, progress: Callable[[str], None] = silent
) -> PolicyMap:
    """All optimal policies along a parameter, to the first pair or of pairs per unit of time."""
    from symbolic import policy_map as mapped  # noqa: PLC0415 - only this needs exact arithmetic

    return mapped(problem, axis=axis, per_time=per_time, progress=progress)
