"""The optimum and its baselines over p and the number of memories, drawn to the file named on the command line."""

import sys
import tempfile
from pathlib import Path

from lpdistill import Grid, pictures, sweep

grid = Grid(p="0.1:1:0.1", memories="2:8", f0="3/4", gap="0.04")
policies = ("optimal", "pumping", "nested", "greedy")

with tempfile.TemporaryDirectory() as folder:
    store = Path(folder) / "sweep.sqlite"
    found = sweep(grid, policies, store=store)
    again = sweep(grid, policies, store=store)

print(found)
print(f"again: {again.computed} computed, {again.reused} from the store")
for policy in policies[1:]:
    row = max((row for row in found[policy] if row.advantage is not None), key=lambda row: row.advantage)
    print(f"{policy:<8} the optimum saves up to {100 * row.advantage:.2f} %, at {found.coordinates(row)}")

times = found.to_frame().pivot_table(index="p", columns=["policy", "memories"], values="waiting_time")
print(times["optimal"][[2, 4, 8]].iloc[[0, 4, 9]].round(6).to_string())

pictures.save(found.plot(quantity="advantage", policy="greedy"), sys.argv[1] if len(sys.argv) > 1 else "sweep.png")
