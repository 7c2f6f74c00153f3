"""The options that every command with a problem shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from lpdistill.model.problem import Problem
from lpdistill.model.problem_file import merged, problem_from, read_settings

# Numbers arrive as text, so that they are kept exactly and checked in one place.
File: TypeAlias = Annotated[Path | None, typer.Argument(help="A problem file (TOML); options win over it.")]
P: TypeAlias = Annotated[str | None, typer.Option("--p", help="Generation success probability, 0 < p <= 1.")]
Memories: TypeAlias = Annotated[str | None, typer.Option("--memories", "-M", help="Number of memory pairs.")]
F0: TypeAlias = Annotated[str | None, typer.Option("--f0", help="Fidelity of a raw pair, 1/2 < f0 <= 1.")]
Target: TypeAlias = Annotated[str | None, typer.Option("--target", help="Fidelity to reach.")]
Gap: TypeAlias = Annotated[str | None, typer.Option("--gap", help="Instead of --target: target - f0.")]
GenerationTime: TypeAlias = Annotated[
    str | None, typer.Option("--generation-time", help="Duration of a step that only generates.  \\[default: 1]")
]
DistillationTime: TypeAlias = Annotated[
    str | None, typer.Option("--distillation-time", help="Duration of a step that distils.  \\[default: 2]")
]
FinalStep: TypeAlias = Annotated[
    str | None,
    typer.Option("--final-step", help="charged: the last step counts; free: it does not.  \\[default: charged]"),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def problem_of(file: Path | None, *, defaults: Mapping[str, str] | None = None, **options: str | None) -> Problem:
    """The problem that defaults, a file and options describe together: options win over the file, it over defaults."""
    settings = merged(defaults or {}, read_settings(file) if file is not None else {})
    return problem_from(merged(settings, options))
