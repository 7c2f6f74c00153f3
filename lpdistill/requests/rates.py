"""Rates of the steady state: the functions of the library are requests as they stand."""

from lpdistill.rates.steady_state import key_rate, throughput

__all__ = ["key_rate", "throughput"]
