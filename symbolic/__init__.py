"""Exact mathematics of entanglement distillation: levels, limits and waiting times as formulas, certificates, maps."""

# What the public names are, and where each lives, is in __init__.pyi.  They load on first use, and so does what loads
# them: what starts the command imports nothing else.


def _attach() -> None:
    from lazy_loader import attach_stub  # noqa: PLC0415 - as said above

    found = attach_stub(__name__, __file__)
    globals().update(zip(("__getattr__", "__dir__", "__all__"), found, strict=True))


def __getattr__(name: str) -> object:
    _attach()
    return globals()[name] if name in globals() else __getattr__(name)


def __dir__() -> list[str]:
    _attach()
    return __dir__()
