"""The functions of the library that are requests as they stand."""

from lpdistill.frontiers.frontier import frontier
from lpdistill.worth.hashing import hashing
from lpdistill.worth.robust import robust

__all__ = ["frontier", "hashing", "robust"]
