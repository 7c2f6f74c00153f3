"""Two memories that forget, by a recursion over true Werner parameters: no labels, no program, no policy iteration.

The values of a lone pair are those of a function of its Werner parameter, known at many points and linear between.
"""

from math import exp

import numpy as np

POINTS, SWEEPS = 20_000, 400


def waiting_time(p: float, f0: float, target: float, time: float, *, fresh: bool) -> float:
    """The least expected time of two memories, times 1 and 2, but for interpolation."""
    return _solved(p, f0, target, time, fresh=fresh)[0]


def kept_alone(p: float, f0: float, target: float, time: float, *, fresh: bool) -> int | None:
    """The greatest age at which a lone raw pair is kept; None where it is discarded at once."""
    none, w, kept = _solved(p, f0, target, time, fresh=fresh)
    ages = range(int(time * np.log((4 * f0 - 1) / 3 / w[0])))
    return max((age for age in ages if np.interp((4 * f0 - 1) / 3 * exp(-age / time), w, kept) < none), default=None)


def _solved(p: float, f0: float, target: float, time: float, *, fresh: bool) -> tuple[float, np.ndarray, np.ndarray]:
    """The time from the start; Werner parameters, and the time with a lone pair that is kept for a step at least."""
    raw, aim = (4 * f0 - 1) / 3, (4 * target - 1) / 3
    w = np.linspace(0.5, aim, POINTS)
    older = w * exp(-1 / time)
    made = (raw + w + 4 * raw * w) / (3 + 3 * raw * w) * (1.0 if fresh else exp(-2 / time))
    success = (1 + raw * w) / 2
    lone, none = np.zeros(POINTS), 0.0
    for _ in range(SWEEPS):
        after = np.where(made >= aim, 0.0, np.interp(made, w, lone))
        both = np.minimum(2 + success * after + (1 - success) * none, np.interp(raw, w, lone))
        kept = 1 + p * np.interp(older, w, both) + (1 - p) * np.interp(older, w, lone)
        lone = np.minimum(none, kept)
        pair, single = np.interp(raw, w, both), np.interp(raw, w, lone)
        none = 1 + p**2 * pair + 2 * p * (1 - p) * single + (1 - p) ** 2 * none
    return float(none), w, kept
