"""One function for each thing that a person can ask: a problem and options in, an answer out.

Commands, and whatever else stands between a person and the library, call nothing else.  Where a function of the library
is the question already, it is the request; the others put together what several of them answer.
"""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
