"""Waiting times as formulas: in p, in p and f0, their variance, limits and series."""

from lpdistill import Problem
from symbolic import variance_in_p, waiting_time, waiting_time_in_p, waiting_time_in_p_and_f0

one_round = Problem(p="1/2", memories=2, f0="3/4", target="31/40")
time = waiting_time_in_p(one_round)
print("two memories, one round:     T(p)     =", time)
print("  variance                   Var(p)   =", variance_in_p(one_round))
print("  in p and f0                T(p, f0) =", waiting_time_in_p_and_f0(one_round))
order, terms = time.series(0, terms=3)
print("  as p -> 0                  T        =", " + ".join(f"{c} p^{order + i}" for i, c in enumerate(terms)), "+ ...")
print("  at p = 1                   T        =", time.limit(1), "and dT/dp =", time.derivative()(1))

two_rounds = Problem(p="1/2", memories=2, f0="3/4", target="79/100", final_step="free")
print("\ntwo memories, two rounds:    T(p)     =", waiting_time_in_p(two_rounds), "(last step free)")
for memories in (2, 3, 4):
    found = waiting_time(Problem("9/10", memories, "3/4", "79/100", final_step="free"))
    print(f"  p = 9/10, M = {memories}:            T        =", found)

three = Problem(p="1/2", memories=3, f0="3/4", target="31/40")
print("\nthree memories, one round:   T(p)     =", waiting_time_in_p(three))
