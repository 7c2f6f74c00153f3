"""One function for each thing that a person can ask: a problem and options in, an answer out.

Commands, and whatever else stands between a person and the library, call nothing else.  Where a function of the library
is the question already, it is the request; the others put together what several of them answer.
"""

# Where each request lives is in __init__.pyi; as for the whole package, what loads them loads when it is needed.


def __getattr__(name: str) -> object:
    from lazy_loader import attach_stub  # noqa: PLC0415 - commands, which know where a request lives, do without

    load, _, public = attach_stub(__name__, __file__)
    return public if name == "__all__" else load(name)
