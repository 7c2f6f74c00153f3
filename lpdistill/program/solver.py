"""The one door to HiGHS: every solver object is made here, and none of them writes to standard output."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

import highspy

THREADS: ContextVar[int] = ContextVar("threads", default=0)
"""How many threads HiGHS may have; with 0 it decides."""

PIVOTING = 0.5
"""Least share of the greatest entry of its column that HiGHS may pivot on: the strictest that it offers.

With the default, .1, factors of the basis of a long chain, a well-conditioned M-matrix, lose all digits."""


class Solver(highspy.Highs):
    """A HiGHS object that is silent from the first.

    HiGHS writes a banner to the process's standard output as soon as logging is possible: since 1.16 while highspy's
    constructor enables callbacks, which is before a caller can set any option.  So the option is set there.

    Parameters
    ----------
    options
        Options of HiGHS, by name.

    Raises
    ------
    ValueError
        If HiGHS does not know an option, or refuses its value.

    Examples
    --------
    >>> Solver({"simplex_strategy": 4}).getOptionValue("output_flag")[1]
    False
    """

    SILENCE = "output_flag"
    """The option that is off: nothing is written, and what the process's other HiGHS objects write is left to them."""

    def __init__(self, options: Mapping[str, bool | int | float | str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # it has no annotations
        self.adjust({"threads": THREADS.get(), "factor_pivot_threshold": PIVOTING, **options})

    def enableCallbacks(self) -> None:  # noqa: N802 - the name is that of highspy, which calls it when it is made
        """Enable callbacks, as highspy does; silently."""
        self.setOptionValue(self.SILENCE, False)  # noqa: FBT003 - the signature is that of highspy
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # it has no annotations

    def run(self) -> highspy.HighsStatus:
        """Solve the model.

        A process has one number of threads for all its HiGHS objects: where another has been chosen before, it stays.
        """
        status = super().run()
        if status == highspy.HighsStatus.kError and self.getOptionValue("threads")[1]:
            self.adjust({"threads": 0})
            status = super().run()
        return status

    def adjust(self, options: Mapping[str, bool | int | float | str]) -> None:
        """Set options of HiGHS, by name.

        Raises
        ------
        ValueError
            If HiGHS does not know an option, or refuses its value.
        """
        for option, value in options.items():
            if self.setOptionValue(option, value) == highspy.HighsStatus.kError:
                raise ValueError(f"HiGHS {self.version()} has no option {option} = {value!r}")


class _Header(Solver):
    """A HiGHS object that writes its banner nowhere, so that the process has had it."""

    SILENCE = "log_to_console"


def withhold_banner() -> None:
    """See to it that no HiGHS object of this process writes a banner when it is made, whoever makes it.

    For libraries that make their own, as cvxpy does.  HiGHS writes the banner of 1.16 once a process; it takes it for
    written also where there is no console.
    """
    _Header({})
