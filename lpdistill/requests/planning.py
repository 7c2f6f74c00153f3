"""Hardware for an objective."""

from lpdistill.planning.plan import plan

__all__ = ["plan"]
