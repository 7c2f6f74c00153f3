"""The memory that is free: what the machine has left, and no more than this process may still take."""

from __future__ import annotations

import psutil

try:
    import resource
except ImportError:  # Windows, where processes have no such limit
    resource = None  # type: ignore[assignment]


def free() -> int:
    """Bytes that are free for this process.

    A limit on its address space (``ulimit -v``, or that of a service for what a request may take) counts as what the
    machine has: what would not fit is refused with its size before it is begun.
    """
    available = int(psutil.virtual_memory().available)
    most = resource.getrlimit(resource.RLIMIT_AS)[0] if resource is not None else -1
    if resource is None or most == resource.RLIM_INFINITY:
        return available
    return max(0, min(available, most - int(psutil.Process().memory_info().vms)))
