"""Upgrade the source, add a memory, or speed up the classical channel? One node's prices, and how far they hold."""

from lpdistill import (
    Budget,
    MaxDistillations,
    Problem,
    forbid,
    increments,
    neighbours,
    regret_curve,
    robust,
    sensitivity,
    solve,
    validity,
    variability,
)

node = Problem(p=0.5, memories=4, f0=0.9, target=0.94)
solution = solve(node)
print(f"{node}")
print(f"waiting time {solution.waiting_time:.6f}")
print()

print("-- derivatives")
worth = sensitivity(solution)
print("parameter            value  d(time)/d(parameter)  elasticity")
for name, slope in worth.derivatives.items():
    print(f"{name:<20}{float(getattr(node, name)):6g}{slope.value:22.6f}{slope.elasticity:12.4f}")
print()

print("-- three offers")
offers = {
    "a source with p = 0.55": node.replace(p="0.55"),
    "one more memory": node.replace(memories=5),
    "a channel 10 % faster": node.replace(distillation_time="1.8"),
}
first_order = {
    "a source with p = 0.55": 0.05 * worth.derivatives["p"].value,
    "a channel 10 % faster": -0.2 * worth.derivatives["distillation_time"].value,
}
print("offer                     first order    solved again")
for offer, changed in offers.items():
    guess = f"{first_order[offer]:.6f}" if offer in first_order else "-"
    print(f"{offer:<26}{guess:>11}{solve(changed).waiting_time - solution.waiting_time:16.6f}")
print()

print("-- whole pieces")
print(increments(solve(node.with_constraints(MaxDistillations(1)))))
print()

print("-- how far the policy holds")
holds = validity(solution)
print("parameter            from          to")
for name, found in holds.ranges.items():
    print(f"{name:<18}{found.lower.value:7.4f}{found.upper.value:12.4f}")
for row in holds.rows():
    if row[0] == "p":
        print("below p:", row[4])
        print("above p:", row[5])
print()

print("-- a budget on generation attempts")
print(neighbours(solve(node.with_constraints(Budget("generation_attempts", "10.2"))), "generation_attempts"))
print(solve(node.with_constraints(Budget("generation_attempts", 20))).budgets["generation_attempts"])
print()

print("-- which decisions matter")
print(solution.explain((3, 0, 0)))
print(forbid(solution, (3, 0, 0), solution.policy[3, 0, 0][0].action))
for slack in (0, "0.001", "0.01"):
    print(variability(solution, slack))
print()

print("-- if p turns out different")
print(regret_curve(solution, "p", span=("0.3", "0.7")))
print(robust(node, ("0.4", "0.6")))
