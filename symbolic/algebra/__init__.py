"""Exact numbers: algebraic numbers and rational functions."""
