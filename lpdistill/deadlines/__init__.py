"""Policies that are to be done within a window."""
