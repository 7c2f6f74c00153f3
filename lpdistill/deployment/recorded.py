"""What Prometheus records of a link: counts and shares over stretches of time, by names for alerts and dashboards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lpdistill.telemetry.metrics import (
    ATTEMPT_SUCCESSES,
    ATTEMPTS,
    DELIVERIES,
    DISTILLATION_SUCCESSES,
    DISTILLATIONS,
    LINK,
    TEST_PAIRS,
    TEST_PASSES,
    TIME,
    WAITING_TIME,
    Metric,
)

SECONDS = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21600, "1d": 86400, "3d": 259200}
"""Stretches of time, in seconds."""

COUNTED = (
    TIME,
    ATTEMPTS,
    ATTEMPT_SUCCESSES,
    DISTILLATIONS,
    DISTILLATION_SUCCESSES,
    DELIVERIES,
    TEST_PAIRS,
    TEST_PASSES,
)
"""Counters whose increases are recorded."""

OVER = ("1h", "1d")
"""The stretches over which they are."""

LATE = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""The stretches over which late deliveries are counted."""

SHARES = {
    "yield": (ATTEMPT_SUCCESSES, ATTEMPTS),
    "distillation_yield": (DISTILLATION_SUCCESSES, DISTILLATIONS),
    "pass_share": (TEST_PASSES, TEST_PAIRS),
    "throughput": (DELIVERIES, TIME),
}
"""Shares that are recorded, each the quotient of two increases."""


class Recording(NamedTuple):
    """A recording rule: its name, and what it is."""

    record: str
    expression: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded series of a link.

    Attributes
    ----------
    link
        Its name.
    """

    link: str

    def selected(self, metric: Metric | str, *matchers: str) -> str:
        """The series of a metric of the link.

        >>> Recorded("ab").selected(TIME)
        'lpdistill_link_time_total{link="ab"}'
        """
        name = metric if isinstance(metric, str) else metric.name
        matched = ",".join([f'{LINK}="{self.link}"', *matchers])
        return f"{name}{{{matched}}}"

    def increase(self, metric: Metric, over: str) -> str:
        """How much a counter has grown over a stretch: the recorded series.

        >>> Recorded("ab").increase(TIME, "1h")
        'link:lpdistill_link_time:increase1h{link="ab"}'
        """
        return self.selected(_increase(metric, over))

    def share(self, name: str, over: str) -> str:
        """A share over a stretch: the recorded series.

        >>> Recorded("ab").share("yield", "1d")
        'link:lpdistill_link_yield:ratio1d{link="ab"}'
        """
        return self.selected(f"{_levels(SHARES[name][0])}:lpdistill_link_{name}:ratio{over}")

    def late(self, over: str) -> str:
        """The share of deliveries over a stretch that were late: the recorded series."""
        return self.selected(f"link:lpdistill_link_late:ratio{over}")

    def rules(self, window: float | None) -> Iterator[Recording]:
        """Everything that is recorded; ``window`` is the time in which deliveries are to be done, if any."""
        for over in OVER:
            for metric in COUNTED:
                grown = self._grown(metric, over)
                if metric in OF_OTHERS:  # no success is a count of 0, not a series that is missing
                    grown += f" or 0 * {self._grown(OF_OTHERS[metric], over)}"
                yield Recording(_increase(metric, over), grown)
            for name, (part, whole) in SHARES.items():
                quotient = f"{self.increase(part, over)} / ({self.increase(whole, over)} > 0)"
                yield Recording(self.share(name, over).partition("{")[0], quotient)
        for over in LATE if window is not None else ():
            within, every = (
                f"sum by ({LINK}) (increase({self.selected(name, *matchers)}[{over}]))"
                for name, *matchers in (
                    (f"{WAITING_TIME.name}_bucket", f'le=~"{spellings(window or 0.0)}"'),
                    (f"{WAITING_TIME.name}_count",),
                )
            )
            yield Recording(f"link:lpdistill_link_late:ratio{over}", f"1 - {within} / ({every} > 0)")

    def _grown(self, metric: Metric, over: str) -> str:
        """How much a counter has grown over a stretch, all that report it together."""
        return f"sum by ({', '.join(metric.labels)}) (increase({self.selected(metric)}[{over}]))"


OF_OTHERS = {
    ATTEMPT_SUCCESSES: ATTEMPTS,
    DISTILLATION_SUCCESSES: DISTILLATIONS,
    TEST_PASSES: TEST_PAIRS,
    DELIVERIES: TIME,
}
"""Counters that may be missing while others count, and these others."""


def _levels(metric: Metric) -> str:
    """What a recorded series is told apart by, as its name begins."""
    return "_".join(metric.labels)


def _increase(metric: Metric, over: str) -> str:
    """The name of a recorded increase."""
    return f"{_levels(metric)}:{metric.name.removesuffix('_total')}:increase{over}"


def spellings(end: float) -> str:
    r"""A regular expression for how exporters write the upper end of a bucket, as PromQL quotes it.

    >>> print(spellings(30.0), spellings(0.025))
    30\\.0|30 0\\.025
    """
    return "|".join(dict.fromkeys(re.escape(text).replace("\\", "\\\\") for text in (repr(float(end)), f"{end:g}")))


def over_seconds(seconds: float) -> str:
    """The least stretch of whole minutes, and of five at least, that holds so many seconds.

    >>> over_seconds(1), over_seconds(1000)
    ('5m', '17m')
    """
    return f"{max(5, -int(-seconds // 60))}m"
