"""How long memories keep what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from lpdistill.physics.ageing import Coherence, Products
from lpdistill.units import Unit


@dataclass(frozen=True)
class Keeping:
    """What is said of memories that forget.

    Attributes
    ----------
    coherence_time
        Coherence time of both memories of a pair together (the user's unit of time); None if they keep for ever.
    products
        Whether results of distillation age during the step that makes them; None where nothing ages.
    unit
        The unit of all times: seconds, or None for the user's own.
    """

    coherence_time: Fraction | None = field(repr=False)
    products: Products | None = field(repr=False)
    unit: Unit | None = field(repr=False)

    @property
    def coherence(self) -> Coherence | None:
        """How pairs age; None where memories keep for ever."""
        return None if self.coherence_time is None else Coherence(self.coherence_time, self.products or Products.AGE)

    @property
    def of_unit(self) -> str:
        """The unit to stand behind a number, if it is known."""
        return "" if self.unit is None else f" {self.unit}"

    @property
    def in_words(self) -> str:
        """The coherence time, if there is one, to stand behind other words."""
        if self.coherence_time is None:
            return ""
        fresh = ", fresh products" if self.products is Products.FRESH else ""
        return f", coherence time {float(self.coherence_time):g}{self.of_unit}{fresh}"
