"""One program, four algorithms and cvxpy: they agree, and the proof does not depend on any of them."""

from lpdistill import Dynamics, Method, OccupationProgram, Problem, solve

problem = Problem(p=0.5, memories=6, f0=0.9, target=0.94)
for method in (Method.SIMPLEX, Method.IPM, Method.PDLP, Method.COLUMNS):
    solution = solve(problem, method=method)
    print(f"{method:<8} HiGHS says {solution.run.objective:.12f}, proved {solution.waiting_time:.12f}")

program = OccupationProgram.of(Dynamics(problem))
print(program)
print(f"cvxpy    says {problem.to_cvxpy().solve().waiting_time:.12f}")
