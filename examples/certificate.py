"""Prove an optimum in rational arithmetic, keep the proof, have it checked, and see a forgery rejected."""

import json
import tempfile
from pathlib import Path

from lpdistill import NotCertifiedError, Problem, solve
from symbolic import certify, check, policy_map

problem = Problem(p="1/2", memories=4, f0="3/4", target="79/100")
proof = certify(solve(problem))
print(proof)

print("\nWith four raw pairs, each action costs this much more than the best:")
for action, cost in proof.reduced_costs[4, 0].items():
    print(f"  {cost!s:<32} {'distil ' + str(action.distil) if action.distil else 'wait'}")

path = Path(tempfile.mkdtemp()) / "certificate.json"
proof.save(path)
print(f"\nThe checker, from the file alone: {check(path)}")
document = json.loads(path.read_text())
document["exact"][7]["value"] = document["exact"][7]["value"].replace("3", "8", 1)
try:
    check(document)
except NotCertifiedError as error:
    print(f"With one digit changed: {error}")

tie = policy_map(problem, axis="tau_d/tau_g").breakpoints[1].value.low
print(f"\nIf distilling takes {tie} times as long as generating, two policies are optimal:")
print(certify(solve(problem.replace(distillation_time=tie))).ties)
