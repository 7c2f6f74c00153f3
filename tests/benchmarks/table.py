"""Write the record of a benchmark run as Markdown: ``python tests/benchmarks/table.py FILE > docs/benchmarks.md``."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

OPENING = """# Benchmarks

Reproduce with `pip install -e ".[test,peers]"`, then
`pytest tests/benchmarks --benchmark-only --benchmark-json=FILE`, then
`python tests/benchmarks/table.py FILE > docs/benchmarks.md`.
"""

SECTIONS = {
    "test_solve.py": "From parameters to a verified optimum",
    "test_operations.py": "Noise and Bell-diagonal pairs",
    "test_methods.py": "Methods, by size of the program",
    "test_peers.py": "Beside other solvers, on the same decision process",
    "test_rates.py": "The steady state",
    "test_symbolic.py": "Exact results",
    "test_policies.py": "Policies at work",
    "test_constraints.py": "Rules, budgets, frontiers and state graphs",
    "test_sweep.py": "Sweeps, on one and on two cores",
    "test_startup.py": "Starting the command",
}
"""Titles by the file that holds the benchmarks."""

NOTES = {
    "test_solve.py": (
        "`processor` is the time of all cores together: large problems are priced by a thread for each of them."
    ),
    "test_constraints.py": (
        "Under a budget on attempts the program has every number of attempts. The ratio is to column generation."
    ),
    "test_sweep.py": (
        "All policies of one problem and its neighbours, results kept in a new database on disk. The worker processes "
        "have been started before: that takes about as long as importing lpdistill, once. The ratio is to one process."
    ),
    "test_startup.py": (
        "Processor time (user and system) of whole processes; the ratio is to a Python that does nothing. `solve` is "
        "that of the README."
    ),
    "test_operations.py": (
        "The ratio is to perfect hardware. With as many levels other operations take as long; towards one target noise "
        "may need a level more, which with twenty memories means thirty times as many columns."
    ),
    "test_rates.py": (
        "Howard's method prices all columns, and proves its gain; HiGHS has them written out, for its simplex method. "
        "The ratio is to Howard's method; `>` where HiGHS was stopped."
    ),
    "test_methods.py": "The ratio is to the method that `auto` chooses.",
    "test_peers.py": (
        "The ratio is to lpdistill in the same group. lpdistill's answer comes with proved bounds, and `storm, "
        "rational` is exact; the other tools report a value. MDPSolver and QuantEcon discount by 1 - 1e-12 a step. "
        "`From parameters` includes writing all transitions out for the tools that need it, from lpdistill's columns; "
        "`solving alone` starts with each tool's model in memory."
    ),
}

HEADINGS = ("benchmark", "columns", "median", "min", "processor", "rounds", "ratio", "error", "peak memory")


def main(path: str) -> None:
    """Print the record in a file."""
    record = json.loads(Path(path).read_text(encoding="utf-8"))
    sys.stdout.write("\n".join([OPENING, *machine(record["machine_info"]), *tables(record["benchmarks"])]) + "\n")


def machine(info: dict[str, Any]) -> list[str]:
    """What the benchmarks ran on."""
    cpu = info.get("cpu", {})
    processor = cpu.get("brand_raw") or info.get("processor") or "an unknown processor"
    packages = ", ".join(f"{name} {version}" for name, version in info.get("packages", {}).items())
    return [
        f"Measured on {processor}, {cpu.get('count', '?')} cores, {info['system']}, Python {info['python_version']};",
        f"{packages}.",
        "",
        "Times are wall-clock. Every answer is checked before it is timed; `error` is its distance from the reference.",
    ]


def tables(benchmarks: list[dict[str, Any]]) -> list[str]:
    """One section per file, one table per group."""
    lines: list[str] = []
    for file, title in SECTIONS.items():
        ours = [entry for entry in benchmarks if Path(entry["fullname"].split("::")[0]).name == file]
        if not ours:
            continue
        lines += ["", f"## {title}", *(["", NOTES[file]] if file in NOTES else [])]
        ours.sort(key=lambda entry: entry["extra_info"].get("columns", 0) if file != "test_solve.py" else 0)
        groups = dict.fromkeys(entry["group"] for entry in ours)
        ours.sort(key=lambda entry: list(groups).index(entry["group"]))
        for group, entries in groupby(ours, key=lambda entry: entry["group"]):
            lines += ["", f"### {group}", "", *table(list(entries))]
    return lines


def table(entries: list[dict[str, Any]]) -> list[str]:
    """The table of one group."""
    reference = next((e["stats"]["median"] for e in entries if e["extra_info"].get("reference")), None)
    rows = []
    for entry in entries:
        stats, extra = entry["stats"], entry["extra_info"]
        rows.append(
            (
                name(entry),
                f"{extra['columns']:,}" if "columns" in extra else "",
                duration(stats["median"]),
                duration(stats["min"]),
                duration(extra["processor"]) if "processor" in extra else "",
                str(stats["rounds"]),
                f"{'> ' * ('stopped' in extra)}{stats['median'] / reference:.3g}" if reference else "",
                f"{extra['error']:.1e}" if "error" in extra else "",
                f"{extra['peak_bytes'] / 1e6:,.0f} MB" if "peak_bytes" in extra else "",
            )
        )
    used = [column for column in range(len(HEADINGS)) if any(row[column] for row in rows)]
    rule = ("---", *["---:"] * (len(HEADINGS) - 1))
    return ["| " + " | ".join(row[column] for column in used) + " |" for row in (HEADINGS, rule, *rows)]


def name(entry: dict[str, Any]) -> str:
    """What a benchmark is called in its group."""
    extra, parameters = entry["extra_info"], entry.get("params") or {}
    if "tool" in extra:
        return str(extra["tool"])
    for key in ("method", "name"):
        if key in parameters:
            return str(parameters[key])
    return str(entry["name"]).removeprefix("test_").replace("_", " ")


def duration(seconds: float) -> str:
    """A time with three digits and a unit.

    >>> duration(0.00012345), duration(0.0371), duration(11.62)
    ('123 us', '37.1 ms', '11.6 s')
    """
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


if __name__ == "__main__":
    main(sys.argv[1])
