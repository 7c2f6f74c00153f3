"""Least time against the use of a resource."""
