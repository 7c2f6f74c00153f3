"""Hashing and breeding of many equal pairs: what they yield asymptotically, and for sure of finitely many.

An analysis, not a policy: all pairs are there at once, and nothing else is optimised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.errors import ModelError
from lpdistill.hardware.operations import raw_pair
from lpdistill.numbers import Number, at_least, exact, whole
from lpdistill.physics.codes import Weights
from lpdistill.physics.dejmps import EVEN
from lpdistill.physics.hashing import Hashed, entropy, hashed, threshold
from lpdistill.physics.noise import SeveralNumbers
from lpdistill.solution.answer import Answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL = (100, 1_000, 10_000, 100_000)
"""How many pairs are hashed, unless numbers are given."""

MOST_PAIRS = 10**9
"""The most pairs that are hashed."""


@dataclass(frozen=True, slots=True, repr=False)
class Hashing(Answer):
    """What hashing and breeding yield.

    Attributes
    ----------
    raw
        Weights of a pair, of Phi+, Psi+, Psi- and Phi-.
    error
        The probability with which hashing may fail.
    sizes
        What is sure of finitely many pairs.
    """

    _KIND = "hashing"

    raw: Weights
    error: Fraction
    sizes: tuple[Hashed, ...]

    @property
    def entropy(self) -> float:
        """Entropy of a pair, in bits."""
        return entropy(self.raw)

    @property
    def asymptotic(self) -> float:
        """Perfect pairs a raw pair, asymptotically: 1 - entropy, or 0."""
        return max(0.0, 1.0 - self.entropy)

    @property
    def threshold(self) -> float:
        """The fidelity above which there is a yield, for pairs whose errors have the same shares."""
        return threshold(self.raw)

    @property
    def _question(self) -> dict[str, Any]:
        return {"f0": str(self.raw[0]), "raw": [str(weight) for weight in self.raw]}

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "raw pair", "weights " + ", ".join(f"{float(weight):.6g}" for weight in self.raw)
        yield "entropy", f"{self.entropy:.9g} bits"
        yield "yield", f"{self.asymptotic:.9g} perfect pairs a raw pair, of infinitely many, by hashing or breeding"
        yield "threshold", f"{self.threshold:.9g}, the fidelity that a pair with such errors must exceed"
        yield "proved", f"of so many pairs, those kept are perfect but for a probability of {float(self.error):g}"

    def _cells(self) -> Iterable[dict[str, Any]]:
        return (
            {
                "pairs": one.pairs,
                "measured": one.measured,
                "kept": one.kept,
                "yield": one.yielded,
                "failure": one.failure,
            }
            for one in self.sizes
        )

    def _content(self) -> dict[str, Any]:
        return {
            "entropy": self.entropy,
            "hashing": self.asymptotic,
            "breeding": self.asymptotic,
            "threshold": self.threshold,
            "error": float(self.error),
            "sizes": list(self._cells()),
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the yield against the number of pairs, below that of infinitely many."""
        drawn = pictures.canvas(ax, f"hashing of {dict(self._lines())['raw pair']}")
        sizes = sorted(self.sizes, key=lambda one: one.pairs)
        rows = [one.pairs for one in sizes], [one.yielded for one in sizes]
        drawn.axhline(self.asymptotic, color=pictures.INK, ls="--", lw=1.0, label="of infinitely many")
        label = f"failing with at most {at_least(self.error, 3)}"
        drawn.semilogx(*rows, "o-", color=pictures.COLOURS[0], label=label)
        drawn.set_xlabel("raw pairs")
        drawn.set_ylabel("perfect pairs a raw pair")
        drawn.legend(frameon=False)
        return drawn


def hashing(
    f0: Number | None = None,
    *,
    raw: SeveralNumbers | None = None,
    pairs: int | str | Sequence[int | str] = USUAL,
    error: Number = "1e-6",
) -> Hashing:
    r"""What one-way hashing and breeding make of equal pairs, with perfect operations.

    Asymptotically :math:`1 - H(\lambda)` pairs a raw pair; of n pairs all but the least r with

    .. math:: \sum_x P(x) \min\left(1, 2^{-r} (N(x) - 1)\right) \le \varepsilon

    are kept, :mod:`lpdistill.physics.hashing` says why.

    Parameters
    ----------
    f0
        Fidelity of a Werner pair, in (1/2, 1].
    raw
        Weights of a pair instead, of Phi+, Psi+, Psi- and Phi-.
    pairs
        How many there are: numbers, or a text with commas.
    error
        The probability that the pairs kept are not perfect is at most this, in (0, 1).

    Raises
    ------
    ModelError
        If an argument is out of its range or no number.

    Examples
    --------
    >>> found = hashing(0.9, pairs=1000)
    >>> round(found.asymptotic, 9), round(found.threshold, 9), found.sizes[0].kept
    (0.372508156, 0.810710375, 164)
    """
    fidelity, shares = raw_pair(f0, raw)
    if not Fraction(1, 2) < fidelity <= 1:
        raise ModelError("f0", "must be a raw fidelity with 1/2 < f0 <= 1", fidelity if f0 is None else f0)
    x, y, z = ((1 - fidelity) * share for share in shares or EVEN)
    given = pairs.split(",") if isinstance(pairs, str) else [pairs] if isinstance(pairs, int) else pairs
    counts = [whole(one, "pairs") for one in given]
    for count in counts:
        if not 1 <= count <= MOST_PAIRS:
            raise ModelError("pairs", f"must be at least 1, and at most {MOST_PAIRS:,}", count)
    limit = exact(error, "error")
    if not 0 < limit < 1:
        raise ModelError("error", "must be a probability above 0 and below 1", error)
    weights = fidelity, x, y, z
    return Hashing(weights, limit, tuple(hashed(weights, count, limit) for count in counts))
