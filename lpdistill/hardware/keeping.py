"""How long memories keep what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from lpdistill.physics.ageing import Coherence, Products


@dataclass(frozen=True)
class Keeping:
    """What is said of memories that forget.

    Attributes
    ----------
    coherence_time
        Coherence time of both memories of a pair together (the user's unit of time); None if they keep for ever.
    products
        Whether results of distillation age during the step that makes them.
    """

    coherence_time: Fraction | None = field(repr=False)
    products: Products = field(repr=False)

    @property
    def coherence(self) -> Coherence | None:
        """How pairs age; None where memories keep for ever."""
        return None if self.coherence_time is None else Coherence(self.coherence_time, self.products)

    @property
    def in_words(self) -> str:
        """The coherence time, if there is one, to stand behind other words."""
        if self.coherence_time is None:
            return ""
        fresh = ", fresh products" if self.products is Products.FRESH else ""
        return f", coherence time {float(self.coherence_time):g}{fresh}"
