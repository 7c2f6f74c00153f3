"""An hour of a link with a fault, simulated memory by memory: which alerts hear it.

The link is that of ``examples/problem.toml``, with steps of 0.1 s.  What it counts is held against the weights and
limits that stand in the rules of ``lpdistill deploy``.
"""

import numpy as np

from lpdistill import Deviations, Problem, deploy, simulated_telemetry, solve, watch
from lpdistill.deployment.alerts import Alerts
from lpdistill.deployment.evidence import evidence
from lpdistill.deployment.recorded import Recorded
from lpdistill.telemetry.metrics import levels_label

PROBLEM = Problem("0.5", 4, "3/4", "0.79")
SECONDS = 0.1
HOUR, DAY = 3600 / SECONDS, 86400 / SECONDS

found = deploy(PROBLEM, link="delft", unit_time="100ms")
told, alerts = found.expectation, Alerts(found.expectation, Recorded("delft"), SECONDS)
policy = solve(PROBLEM).policy

FAULTS = {
    "no fault": Deviations(),
    "p is 0.49": Deviations(p="0.49"),
    "p is 0.45": Deviations(p="0.45"),
    "raw pairs of 0.68": Deviations(f0="0.68"),
    "1 message in 4 lost": Deviations(message_loss="0.25"),
    "3 messages in 5 lost": Deviations(message_loss="0.6"),
    "durations vary by half": Deviations(jitter="0.5"),
}


def heard(record):
    """The alerts over an hour in which so much is counted."""
    weights = alerts.distilled("1h")
    distilling = sum(
        weights[levels_label(levels)].success * done + weights[levels_label(levels)].failure * (tried - done)
        for levels, (tried, done) in record.distillations.items()
    )
    return {
        "LinkYieldLow": alerts.generated("1h")[0].alarms(record.successes, record.attempts - record.successes),
        "LinkDistillationLow": distilling > weights["0,0"].threshold,
        "LinkThroughputLow": record.waits.count / record.waits.total < alerts.fewest("1h"),
        "LinkLate": late(record) > 14.4 * told.window.budget,
    }


def late(record):
    """The share of deliveries that took longer than the window."""
    return 1 - record.waits.at_most(told.window.time) / record.waits.count


print(f"{'fault':<24}yield   distil  late    a unit   alerts over an hour; verdict of watch")
for name, fault in FAULTS.items():
    (record,) = simulated_telemetry(policy, round(told.gain * HOUR), seed=1, deviations=fault)
    tried, done = (sum(counts) for counts in zip(*record.distillations.values(), strict=True))
    shares = record.successes / record.attempts, done / tried, late(record)
    names = ", ".join(alert for alert, there in heard(record).items() if there) or "-"
    (verdict, *_) = (text.partition(":")[0] for text in watch(policy, [record]).last.told())
    print(f"{name:<24}{'  '.join(f'{share:.4f}' for share in shares)}", end="  ")
    print(f"{record.waits.count / record.waits.total:.5f}  {names}; {verdict}")

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
