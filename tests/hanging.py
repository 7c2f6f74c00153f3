"""How long tests wait for other processes: no claim about how fast a machine is, only an end for what hangs."""

HANGING = 600
"""Seconds after which a process hangs rather than works."""
