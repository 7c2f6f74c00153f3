"""The functions of the library that are requests as they stand."""

from lpdistill.frontiers.frontier import frontier
from lpdistill.worth.robust import robust
from lpdistill.worth.variability import variability

__all__ = ["frontier", "robust", "variability"]
