"""The version of the package as it is installed, which is the tag that it was built from, or what came after."""

from importlib.metadata import version

__version__ = version("lpdistill")
