"""The functions of the library that are requests as they stand."""

from lpdistill.worth.hashing import hashing
from lpdistill.worth.robust import robust

__all__ = ["hashing", "robust"]
