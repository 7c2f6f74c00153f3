"""What running a link takes: files, and the alerts among them, each with what it finds and how often it is false."""

import sys

from lpdistill import LinkObjective, Problem, deploy, pictures

problem = Problem("0.5", 4, "3/4", "0.79")
found = deploy(problem, LinkObjective(window=30), link="delft", unit_time="100ms")
found.write("deployment")
print("\n".join(found.files))
print()
for line in found.summary().aligned():
    print(line)
print()
print(f"{'alert':<21}{'over':<6}{'':<8}{'predicted':<11}{'detects':<10}false at a look")
for alert in found.alerts:
    numbers = (f"{number:.4g}" if number is not None else "-" for number in (alert.predicted, alert.detects))
    false = "-" if alert.false_alarm is None else f"{alert.false_alarm:.1e}"
    print(f"{alert.name:<21}{alert.over:<6}{alert.severity:<8}{'{:<11}{:<10}'.format(*numbers)}{false}")
print()
first = found.alerts[0]
print(first.name, "over", first.over)
print(first.expression.replace(" + ", "\n  + ").replace(" > ", "\n  > "))

pictures.save(found.plot(), sys.argv[1] if len(sys.argv) > 1 else "deploying.png")
