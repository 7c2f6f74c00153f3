"""Exact optimal policies for every value of a parameter."""
