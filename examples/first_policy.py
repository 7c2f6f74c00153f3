"""Solve a problem, read its policy, ask what the alternatives cost, and check the proof."""

from lpdistill import Problem, solve

problem = Problem(p=0.5, memories=4, f0=0.75, target=0.79)
solution = solve(problem)
print(solution)
print()

print("What to do with three raw pairs, and how much longer the alternatives take:")
words = solution.policy.wording
for action, regret in solution.regrets[3, 0].items():
    print(f"  {max(regret, 0.0):9.6f}  distil {words.distillation(action)}, generate {words.generation(action)}")
print()

print("Recomputed from the problem alone:", solution.verify())
