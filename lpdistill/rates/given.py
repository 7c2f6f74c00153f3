"""What a question about a rate takes: an answer about a steady state."""

from __future__ import annotations

from typing import TypeGuard

from lpdistill.arguments import Kind
from lpdistill.rates.rate import Rate


def _is_rate(given: object) -> TypeGuard[Rate]:
    return isinstance(given, Rate)


RATE: Kind[Rate] = Kind("a rate, as throughput returns", _is_rate, "", {"Problem": "throughput(problem) is one"})
"""What a question about a steady state is answered with."""
