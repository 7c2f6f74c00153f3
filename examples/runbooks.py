"""An hour of a link with a fault, simulated memory by memory: which alerts hear it.

The link is that of ``examples/problem.toml``, with steps of 0.1 s.  What it counts is held against the weights and
limits that stand in the rules of ``lpdistill deploy``.
"""

import numpy as np

from lpdistill import Deviations, Problem, deploy, simulate, solve
from lpdistill.deployment.alerts import Alerts
from lpdistill.deployment.evidence import evidence
from lpdistill.deployment.recorded import Recorded

PROBLEM = Problem("0.5", 4, "3/4", "0.79")
SECONDS = 0.1
HOUR, DAY = 3600 / SECONDS, 86400 / SECONDS

found = deploy(PROBLEM, link="delft", unit_time="100ms")
told, alerts = found.expectation, Alerts(found.expectation, Recorded("delft"), SECONDS)
policy = solve(PROBLEM).policy
distilled = sum(one.rate for one in told.distilled)
success = sum(one.rate * one.success for one in told.distilled) / distilled

FAULTS = {
    "no fault": Deviations(),
    "p is 0.49": Deviations(p="0.49"),
    "p is 0.45": Deviations(p="0.45"),
    "raw pairs of 0.68": Deviations(f0="0.68"),
    "1 message in 4 lost": Deviations(message_loss="0.25"),
    "3 messages in 5 lost": Deviations(message_loss="0.6"),
    "durations vary by half": Deviations(jitter="0.5"),
}


def hour(deviations):
    """What a link counts in an hour: deliveries, late ones, attempts, distillations, and those that succeed."""
    runs = simulate(policy, round(1.5 * told.gain * HOUR), seed=1, deviations=deviations)
    ended = runs.samples.cumsum() <= HOUR
    done = int(ended.sum())
    totals = {name: estimate.value * done for name, estimate in runs.expected.items()}
    late = int((runs.samples[ended] > told.window.time).sum())
    generated = totals["generation_attempts"], totals["raw_pairs"]
    return done, late, *generated, totals["distillations"], totals["distillations"] - totals["failed_distillations"]


def heard(counts):
    """The alerts over an hour in which so much is counted; distillations of all levels as one."""
    done, late, attempts, generated, begun, made = counts
    distilling = evidence(alerts.tolerated(success), distilled * HOUR, alerts.alpha)
    return {
        "LinkYieldLow": alerts.generated("1h")[0].alarms(generated, attempts - generated),
        "LinkDistillationLow": distilling.alarms(made, begun - made),
        "LinkThroughputLow": done / HOUR < alerts.fewest("1h"),
        "LinkLate": late / done > 14.4 * told.window.budget,
    }


print(f"{'fault':<24}yield   distil  late    a unit   alerts over an hour")
for name, fault in FAULTS.items():
    counts = hour(fault)
    done, late, attempts, generated, begun, made = counts
    shares = f"{generated / attempts:.4f}  {made / begun:.4f}  {late / done:.4f}  {done / HOUR:.5f}"
    names = ", ".join(alert for alert, there in heard(counts).items() if there) or "-"
    print(f"{name:<24}{shares}  {names}")

random, pairs = np.random.default_rng(1), round(float(told.objective.tested) * told.gain * DAY / 3)
single = evidence(alerts.tolerated(told.pass_probability), pairs, alerts.alpha)
print(f"\nreadout                 XX      YY      ZZ      a day of {pairs} test pairs in each basis")
for name, rights in {"right": (1, 1, 1), "0.75 right in ZZ": (1, 1, 0.75), "0.85 right": (0.85, 0.85, 0.85)}.items():
    chances = [(1 + (2 * right - 1) * (2 * told.pass_probability - 1)) / 2 for right in rights]
    passes = random.binomial(pairs, chances)
    bases = [basis for basis, k in zip(("XX", "YY", "ZZ"), passes, strict=True) if single.alarms(k, pairs - k)]
    together = evidence(alerts.tolerated(told.pass_probability), 3 * pairs, alerts.alpha)
    names = [f"LinkReadoutBias {basis}" for basis in bases]
    names += ["LinkFidelityLow"] if together.alarms(passes.sum(), 3 * pairs - passes.sum()) else []
    print(f"{name:<24}{'  '.join(f'{k / pairs:.4f}' for k in passes)}  {', '.join(names) or '-'}")

print(f"\nnothing delivered for {told.silence(alerts.alpha):g} units of time: LinkStarved")
