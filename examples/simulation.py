"""What policies made for p = 0.5 and f0 = 0.9 are worth when reality differs, memory by memory.

Draws one run, and the waiting times and fidelities in other realities, to the files named on the command line.
"""

import sys

from lpdistill import Deviations, Problem, history, pictures, policy_named, simulate, solve

problem = Problem(p=0.5, memories=4, f0=0.9, target=0.94)
names = ["optimal", "nested", "greedy", "pumping"]
policies = {name: policy_named(problem, name) for name in names}

print("-- as the model has it")
print(simulate(policies["optimal"], 200_000, seed=1))
print()

print("-- when reality differs")
realities = {
    "as the model has it": Deviations(),
    "p = 0.4": Deviations(p="0.4"),
    "f0 = 0.89": Deviations(f0="0.89"),
    "one message in 20 lost": Deviations(message_loss="0.05"),
    "steps vary by 30 %": Deviations(jitter="0.3"),
    "all of this": Deviations(p="0.4", f0="0.89", message_loss="0.05", jitter="0.3"),
}
print(f"{'waiting time':<24}" + "".join(f"{name:>16}" for name in names))
for title, reality in realities.items():
    row = [simulate(policy, 20_000, seed=2, deviations=reality) for policy in policies.values()]
    cells = (f"{found.waiting_time.value:.2f} +- {1.96 * found.waiting_time.error:.2f}" for found in row)
    print(f"{title:<24}" + "".join(f"{cell:>16}" for cell in cells))
print()

print("-- what is delivered if f0 = 0.89")
for name, policy in policies.items():
    found = simulate(policy, 20_000, seed=3, deviations=Deviations(f0="0.89"))
    made = ", ".join(f"{times} x {float(fidelity):.4f}" for fidelity, times in found.fidelities.items())
    print(f"{name:<9}{100 * found.meeting_target.value:6.1f} % meet the target: {made}")
print()

print("-- within a horizon of 12")
for name, policy in policies.items():
    rate = simulate(policy, 20_000, seed=4, horizon=12).success_rate
    print(f"{name:<9}{100 * rate.value:6.1f} % delivered ({100 * rate.lower:.1f} to {100 * rate.upper:.1f})")
print()

print("-- one run")
one = history(policies["optimal"], seed=5)
print(one)

files = dict(enumerate(sys.argv[1:]))
pictures.save(one.plot(), files.get(0, "history.png"))

COLOURS = dict(zip(names, ["#0072B2", "#009E73", "#E69F00", "#D55E00"], strict=True))
MARKERS = dict(zip(names, ["o", "s", "D", "^"], strict=True))


def style(name: str) -> dict:
    """How a policy is drawn."""
    size = 8 if name == "optimal" else 5  # seen where others lie on top
    return {"color": COLOURS[name], "marker": MARKERS[name], "ms": size, "lw": 1.2, "capsize": 2, "label": name}


left, right = pictures.panels(2, width=9.6, height=4.2, about=f"policies made for {problem}")
real_p = [0.3, 0.4, 0.5, 0.6, 0.7]
best = [solve(problem.replace(p=p)).waiting_time for p in real_p]
left.axhline(0, color="0.4", lw=1, label="the best policy for that p")
for name, policy in policies.items():
    runs = [simulate(policy, 20_000, seed=6, deviations=Deviations(p=p)).waiting_time for p in real_p]
    above = [100 * (run.value / least - 1) for run, least in zip(runs, best, strict=True)]
    reach = [196 * run.error / least for run, least in zip(runs, best, strict=True)]
    left.errorbar(real_p, above, reach, **style(name))
left.axvline(0.5, color="0.7", ls=":", lw=1)
left.set(xlabel="real p (the policies are made for 0.5)", ylabel="slower than the best policy, %")
real_f0 = [0.88 + 0.002 * step for step in range(16)]
for name, policy in policies.items():
    shares = [simulate(policy, 2_000, seed=7, deviations=Deviations(f0=round(f0, 3))).meeting_target for f0 in real_f0]
    reach = [[100 * (s.value - s.lower) for s in shares], [100 * (s.upper - s.value) for s in shares]]
    values = [100 * s.value for s in shares]
    right.errorbar(real_f0, values, reach, linestyle="none", **style(name))
right.axvline(0.9, color="0.7", ls=":", lw=1)
right.set(xlabel="real f0 (the policies are made for 0.9)", ylabel="delivered pairs that meet 0.94, %")
figure = pictures.figure_of(left)
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
pictures.save(left, files.get(1, "reality.png"))
