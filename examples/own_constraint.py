"""Constraints that no budget can express, through cvxpy: a duty cycle, and a policy as random as it may be."""

import cvxpy as cp
import numpy as np
from scipy import sparse

from lpdistill import Problem

node = Problem(p=0.5, memories=4, f0=0.9, target=0.94)
program = node.to_cvxpy()


# A laser that may fire for a given share of the time only: a ratio of two expectations.
fires = program.sum_over(lambda _, action: (2 if action.distil else 1) * (action.generate > 0))


def within(share):
    """The fastest policy whose laser fires for a share of the time at most, and the constraint."""
    duty = fires - share * program.time <= 0
    return program.solve([duty]), duty


free = program.solve()
print(
    f"without a limit the laser fires for {fires.value / program.time.value:.1%} of the time, {free.waiting_time:.6f}"
)
print("share at most  waiting time       price  d(time)/d(share)  difference quotient")
for share in (0.8, 0.6, 0.5, 0.4, 0.35):
    solution, duty = within(share)
    price = program.price(duty)
    slope = price * solution.waiting_time
    steeper, gentler = within(share - 1e-5)[0].waiting_time, within(share + 1e-5)[0].waiting_time
    quotient = (gentler - steeper) / 2e-5
    assert abs(quotient / slope - 1) < 1e-6  # noqa: S101 - the example fails when the sign or the scale changes
    print(f"{share:13} {solution.waiting_time:13.6f} {price:11.6f} {slope:17.6f} {quotient:20.6f}")
print()

# The most random policy that is at most a given share slower than the optimum: how much of the optimum is arbitrary.
choice = program.program.choice
ones, uses = np.ones(len(choice.columns)), np.arange(len(choice.columns))
to_own = sparse.csr_array((ones, (choice.configuration, uses)))  # uses of columns to visits of configurations
entropy = -cp.sum(cp.rel_entr(program.occupation, to_own.T @ (to_own @ program.occupation)))
waits = program.sum_over(lambda _, action: not (action.distil or action.generate))
print("slower by at most  bits a run  more for one more unit of time")
for share in (0.001, 0.01, 0.1):
    slack = program.time <= (1 + share) * free.waiting_time
    program.solve([slack, waits == 0], objective=-entropy)
    bits, slope = entropy.value / np.log(2), -program.price(slack) / np.log(2)
    print(f"{share:17.1%} {bits:11.3f} {slope:30.3f}")
