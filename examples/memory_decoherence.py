"""Memories that forget: brackets of the least waiting time for both conventions, and what is out of reach."""

from lpdistill import Problem, UnreachableTargetError, solve

TIMES = (20, 50, 500, 1000)

for memories in (2, 3):
    for products in ("fresh", "age"):
        print(f"M = {memories}, products {products}")
        for time in TIMES:
            problem = Problem(0.5, memories, 0.9, 0.93, coherence_time=time, products=products)
            try:
                found = solve(problem, within="1e-4")
            except UnreachableTargetError as error:
                print(f"  T_c = {time}: out of reach, fidelities stay below {error.memory_limit:.6f}")
                continue
            print(f"  T_c = {time}: between {found.lower_bound:.5f} and {found.upper_bound:.5f}")
    print(f"  for ever: {solve(Problem(0.5, memories, 0.9, 0.93)).waiting_time:.5f}")
