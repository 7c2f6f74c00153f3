"""A simulated link that drifts, watched week by week; how rare false alarms are, and what is found of which fault.

Draws the drift to the first file named, and all records together to the second.
"""

import sys
from fractions import Fraction

from lpdistill import Deviations, Link, Problem, pictures, simulated_telemetry, solve, watch
from lpdistill.telemetry.look import Look

link = Link.of(solve(Problem(p="1/2", memories=4, f0="3/4", target="79/100")).policy)

WEEKS = [(week, max(Fraction(1, 2) - Fraction(week - 4, 100), Fraction(44, 100))) for week in range(5, 13)]
records = list(simulated_telemetry(link.policy, 300, 4, seed=1))
for week, p in WEEKS:
    records += simulated_telemetry(link.policy, 300, seed=week, deviations=Deviations(p=p))
drifting = watch(link, records, each=True)
print("week  attempts  successes     p  estimate  alpha     verdict")
for week, look in enumerate(drifting.looks, start=1):
    seen, (verdict, *_) = look.record, (text.partition(":")[0] for text in look.told())
    real, found = Fraction(1, 2) if week < 5 else WEEKS[week - 5][1], float(look.estimated)
    counts = f"{seen.attempts:8,}  {seen.successes:9,}"
    print(f"{week:4}  {counts}  {float(real):.2f}  {found:.4f}    {float(look.alpha):<8.2g}  {verdict}")

print("\nfault             found in 200 weeks of 300 deliveries, alpha 0.01")
for name, fault in {
    "none": Deviations(),
    "p = 0.46": Deviations(p="0.46"),
    "f0 = 0.7": Deviations(f0="0.7"),
    "10 % lost": Deviations(message_loss="0.1"),
    "jitter 0.3": Deviations(jitter="0.3"),
}.items():
    weeks = simulated_telemetry(link.policy, 300, 200, seed=4, deviations=fault)
    looks = [Look.of(link, one, Fraction(1, 100), Fraction(8, 100)) for one in weeks]
    counts: dict[str, int] = {}
    for look in looks:
        for finding in look.findings:
            counts[str(finding)] = counts.get(str(finding), 0) + 1
    print(f"{name:16}  " + ", ".join(f"{finding}: {count}" for finding, count in sorted(counts.items())))
    if name == "p = 0.46":
        power = sum(one.power for look in looks for one in look.checks if one.what == "p") / len(looks)
        print(f"{'':16}  predicted of p: {200 * power:.0f}")

weeks = simulated_telemetry(link.policy, 20, 2000, seed=7)
alarms = sum(Look.of(link, one, Fraction(1, 100), Fraction(0)).alarm for one in weeks)
print(f"\n{alarms} false alarms in 2,000 weeks of 20 deliveries, alpha 0.01")

files = [*sys.argv[1:], "alarms.png", "alarms_together.png"][:2] if len(sys.argv) < 3 else sys.argv[1:3]
pictures.save(drifting.plot(), files[0])
pictures.save(watch(link, records[-4:]).plot(), files[1])
