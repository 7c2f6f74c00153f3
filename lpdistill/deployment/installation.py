"""Where the service is to run, and with how much."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lpdistill.deployment.objective import link_name
from lpdistill.errors import ModelError
from lpdistill.numbers import Number, whole

IMAGE = re.compile(
    r"[a-z0-9]([a-z0-9._/-]*[a-z0-9])?(:\d+(/[a-z0-9._-]+)+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"
)
"""Names of images, with a tag or a digest."""

LINE = re.compile(r"[!-~]+")
"""What may stand in an address."""

LEAST_MEMORY = 512
"""Megabytes that a worker takes with what it loads."""

BESIDE = 256
"""Megabytes of the service beside its workers."""


@dataclass(frozen=True, init=False, slots=True)
class Installation:
    """Where the service is to run, and with how much.

    Parameters
    ----------
    image
        The name of the container image, with a tag or a digest.
    namespace
        The namespace of Kubernetes that it runs in.
    workers, memory
        Processes in each pod, and the megabytes that each may take.
    replicas
        The fewest and the most pods, such as ``"2:6"``.
    runbooks
        Where the runbooks are, as alerts link to them.

    Raises
    ------
    ModelError
        If one is out of range, or has characters that do not belong there.
    """

    image: str
    namespace: str
    workers: int
    memory: int
    replicas: tuple[int, int]
    runbooks: str

    def __init__(  # noqa: PLR0913 - what an operator decides
        self,
        image: str = "lpdistill:latest",
        namespace: str = "lpdistill",
        *,
        workers: Number = 2,
        memory: Number = 2048,
        replicas: str | tuple[int, int] = "2:6",
        runbooks: str = "docs/runbooks.md",
    ) -> None:
        if not isinstance(image, str) or IMAGE.fullmatch(image) is None:
            raise ModelError(
                "image", "must be the name of an image with a tag or a digest, such as lpdistill:1.0", image
            )
        if not isinstance(runbooks, str) or LINE.fullmatch(runbooks) is None:
            raise ModelError("runbooks", "must be an address or a path, without spaces", runbooks)
        count, room = whole(workers, "workers"), whole(memory, "memory")
        if not 1 <= count <= 256:
            raise ModelError("workers", "must be from 1 to 256", workers)
        if room < LEAST_MEMORY:
            raise ModelError("memory", f"must be at least {LEAST_MEMORY} megabytes, which libraries take", memory)
        values: dict[str, Any] = {"image": image, "namespace": link_name(namespace, "namespace"), "workers": count}
        values |= {"memory": room, "replicas": _range(replicas), "runbooks": runbooks.rstrip("#")}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def room(self) -> int:
        """Megabytes of a pod: its workers, and the service beside them."""
        return self.workers * self.memory + BESIDE


def _range(given: object) -> tuple[int, int]:
    """The fewest and the most pods."""
    parts = given.split(":") if isinstance(given, str) else list(given) if isinstance(given, tuple | list) else [given]
    if len(parts) not in {1, 2}:
        raise ModelError("replicas", "must be a number, or the fewest and the most such as 2:6", given)
    least, most = whole(parts[0], "replicas"), whole(parts[-1], "replicas")
    if not 1 <= least <= most <= 1000:
        raise ModelError("replicas", "must be from 1 to 1000, the fewest first, such as 2:6", given)
    return least, most
