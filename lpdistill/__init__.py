"""Optimal entanglement-distillation policies, as linear programs over occupation measures, with proofs."""

from lazy_loader import attach_stub

from lpdistill.version import __version__ as __version__

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
