"""Policies by name, compared."""
