"""A node that distils one pair at a time, and whose laser cannot fire meanwhile: what each limitation costs.

Then a budget on generation attempts for that node, and a register whose stored pairs do not survive generation.
"""

from lpdistill import Budget, InfeasibleError, MaxDistillations, NoGenerationWhileDistilling, Problem, Rule, solve

node = Problem(p=0.5, memories=4, f0=0.9, target=0.94)
crosstalk, laser = MaxDistillations(1), NoGenerationWhileDistilling()

# What each rule costs, alone and together.
print("rules      waiting time  slower by  distillations  attempts  memory time")
ideal, times = solve(node), {}
for name, rules in {"none": [], "crosstalk": [crosstalk], "laser": [laser], "both": [crosstalk, laser]}.items():
    solution = solve(node.with_constraints(*rules), least="generation_attempts")  # of the fastest policies
    slower, use = solution.waiting_time / ideal.waiting_time - 1, solution.expected
    times[name] = solution.waiting_time
    print(
        f"{name:<9}{solution.waiting_time:14.6f}{slower:11.1%}{use.distillations:15.3f}"
        f"{use.generation_attempts:10.3f}{use.memory_time:13.3f}"
    )
for lifted, left in (("crosstalk", "laser"), ("laser", "crosstalk")):
    print(f"of both, lifting {lifted} saves {1 - times[left] / times['both']:.1%}")
print()

# The policies, read aloud: everywhere that the node comes, and what a node without limits does there.
limited = node.with_constraints(crosstalk, laser)
best = solve(limited)
words = best.policy.wording
print(f"{'the node holds':<32}{'distils':<25}{'generates':<16}without limits")
for row in best.rows(visited=True):
    action, free = row.decisions[0].action, ideal.policy[row.counts][0].action
    same = "the same" if free == action else "; ".join(part for part in words.action(free) if part != "-")
    print(f"{words.configuration(row.counts):<32}{words.distillation(action):<25}{words.generation(action):<16}{same}")
print()

# A budget: fewer generation attempts than the fastest policy makes, and what one more would be worth.
print("attempts  waiting time  price of one more  holds for limits")
for limit in ("10.6", "10.4", "10.2", "10.1"):
    solution = solve(limited.with_constraints(Budget("generation_attempts", limit)))
    use = solution.budgets["generation_attempts"]
    span = f"{use.valid_from:.3f} to {use.valid_to:.3f}"
    print(f"{limit:>8}{solution.waiting_time:14.6f}{use.price:19.6f}  {span}")
print()

# A register whose stored pairs do not survive generation: a rule of one's own, and its dead end.
register = node.with_constraints(Rule(lambda step: not (step.generate and step.stored), name="empty register only"))
try:
    solve(register)
except InfeasibleError as error:
    print("dead ends:", *error.dead_ends)
discarding = solve(register.replace(discarding=True))
print(f"with discarding: {discarding.waiting_time:.6f}")
for row in discarding.rows(visited=True):
    does = [part for part in words.action(row.decisions[0].action) if part != "-"]
    print(f"{words.configuration(row.counts):<20}{'; '.join(does)}")
print(f"the limited node with discarding: {solve(limited.replace(discarding=True)).waiting_time:.6f}")
