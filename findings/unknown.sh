#!/usr/bin/env bash
# HiGHS 1.16.0: with small_matrix_value at its least, a linear program whose entries are all above .02 ends as "Unknown".
#
# Ten rows and twelve columns, cut down from a program of rates with a limit that cannot be met.  No entry is anywhere
# near the option's default, 1e-9, so that 1e-12 keeps the same matrix.  The multipliers below prove in fractions that
# nothing is feasible: they take every column to below zero, and the right-hand sides to above.
#
# Expected: "Infeasible" with both values of the option, as the simplex method says with the default.
# Seen: "Unknown" with 1e-12, with presolve and without; the same file, and no other option set.  Interior points say
# "Infeasible" with both.
#
# Exits with 0 while this is so, and with 1 when it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check "highspy==1.16.0"

"$folder/environment/bin/python" - "$folder/model.mps" <<'PYTHON'
import sys
from fractions import Fraction
from pathlib import Path

import highspy

ROWS = [  # sense, right-hand side, and the entries of columns
    ("E", 0, {0: "1", 3: "-0.02777777777777778", 8: "-1"}),
    ("E", 0, {0: "-0.027", 2: "1", 3: "-0.25", 5: "-0.2777777777777778", 6: "-1"}),
    ("E", 0, {4: "-0.7", 9: "1"}),
    ("E", 0, {0: "-0.24", 2: "-0.18181818181818185", 3: "1", 6: "1", 7: "-1"}),
    ("E", 0, {1: "-1", 4: "1"}),
    ("E", 0, {0: "-0.73", 2: "-0.82", 5: "1", 7: "1"}),
    ("L", 1, {0: "1.001001001001001", 1: "1", 2: "1", 3: "2", 4: "2", 5: "2"}),
    ("G", 0, {7: "1", 10: "-1"}),
    ("G", 0, {8: "1", 9: "1", 11: "-1"}),
    ("G", 1, {11: "1"}),
]
COST = {10: "-1"}
MULTIPLIERS = [2337, Fraction(411, 100), -10000, Fraction(311, 100), -2333, Fraction(111, 100), -2334, 1, 2336, 2335]

for column in range(12):  # columns are not negative
    total = sum(y * Fraction(entries.get(column, 0)) for y, (_, _, entries) in zip(MULTIPLIERS, ROWS))
    assert total <= -Fraction(999, 1000), (column, total)
assert all(y <= 0 if sense == "L" else y >= 0 for y, (sense, _, _) in zip(MULTIPLIERS, ROWS) if sense != "E")
assert sum(y * right for y, (_, right, _) in zip(MULTIPLIERS, ROWS)) == 1
print("proved in fractions: nothing is feasible")

lines = ["NAME rates", "ROWS", " N cost", *(f" {sense} r{row}" for row, (sense, _, _) in enumerate(ROWS)), "COLUMNS"]
for column in range(12):
    if column in COST:
        lines.append(f" c{column} cost {COST[column]}")
    lines += [f" c{column} r{row} {entries[column]}" for row, (_, _, entries) in enumerate(ROWS) if column in entries]
lines += ["RHS", *(f" rhs r{row} {right}" for row, (_, right, _) in enumerate(ROWS) if right), "ENDATA", ""]
Path(sys.argv[1]).write_text("\n".join(lines), encoding="utf-8")


def status(**options):
    """How HiGHS ends on the file."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.readModel(sys.argv[1])
    solver.run()
    return solver.modelStatusToString(solver.getModelStatus())


changed = False
for solver in ("simplex", "ipm"):
    for presolve in ("choose", "off"):
        found = [status(solver=solver, presolve=presolve, small_matrix_value=least) for least in (1e-9, 1e-12)]
        print(f"{solver}, presolve {presolve}: {found[0]} with the default, {found[1]} with 1e-12")
        changed |= found != ["Infeasible", "Unknown" if solver == "simplex" else "Infeasible"]
print("changed" if changed else "as described")
raise SystemExit(changed)
PYTHON
