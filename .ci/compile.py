"""The compiled recursion, built with the package: one shared library for every version of Python.

Without a C compiler on the machine one comes from the package ``ziglang``, for the build only.  Where nothing compiles,
the package is built without: numpy does the same, to the last digit.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = tuple(f"lpdistill/process/factored/{name}.c" for name in ("recursion", "listed"))
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
LIBRARY = f"lpdistill/process/factored/librecursion{SUFFIX}"

# The same numbers as in numpy: no contraction, and no errno to set.
OPTIONS = ("-O3", "-fno-math-errno", "-ffp-contract=off", "-fvisibility=hidden", "-shared")


def compiler() -> list[str] | None:
    """The command that compiles C, if there is any."""
    named = os.environ.get("CC")
    if named:
        return named.split()
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    return [sys.executable, "-m", "ziglang", "cc"] if find_spec("ziglang") else None


class CompiledRecursion(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the library beside its source, and takes it into the wheel."""

    def dependencies(self) -> list[str]:
        """What the build needs besides: a compiler, where the machine has none."""
        return [] if compiler() else ["ziglang>=0.13"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the build hands it over
        """Compile, or say that it was not possible."""
        command = compiler()
        position = () if sys.platform == "win32" else ("-fPIC",)
        with TemporaryDirectory() as folder:
            made = Path(folder) / ("librecursion" + SUFFIX)
            arguments = [
                *(command or ["cc"]),
                *OPTIONS,
                *position,
                "-o",
                str(made),
                *(str(Path(self.root, source)) for source in SOURCES),
                "-lm",
            ]
            try:
                subprocess.run(arguments, check=True, capture_output=True, text=True)  # noqa: S603 - our own source
            except (OSError, subprocess.CalledProcessError) as error:
                told = getattr(error, "stderr", "") or str(error)
                self.app.display_warning(f"lpdistill is built without its compiled recursion, and slower: {told}")
                return
            # The new file takes the place of the old one at once, for that may be in use.
            beside = Path(self.root, LIBRARY + ".new")
            shutil.copy(made, beside)
            beside.replace(Path(self.root, LIBRARY))
        build_data["artifacts"].append(LIBRARY)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform()}"


def _platform() -> str:
    """The platform of the wheel."""
    if sys.platform == "darwin":
        return f"macosx_11_0_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
