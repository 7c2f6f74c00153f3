#!/usr/bin/env bash
# scipy 1.17.1: the exact (Clopper-Pearson) interval of a rare event has an absolute error, so a small end is wrong in its leading digits.
#
# One success in n trials, at a confidence of 99 %: the lower end solves 1 - (1 - x)**n = 0.005, which has the closed form
# x = -expm1(log1p(-0.005) / n), about 0.0050125 / n.
#
# Expected: an exact interval to the precision of doubles, as scipy.special.betaincinv(1, n, 0.005) gives it, the same
# equation in another form.
# Seen: binomtest(1, n).proportion_ci(0.99, "exact").low searches its root with the default absolute tolerance, 2e-12.  Its
# relative error grows with n: about 5e-5 for a million trials, 9e-4 for a thousand million.  No warning is given.
#
# Exits with 0 while this is so, and with 1 when it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check "scipy==1.17.1" "numpy==2.4.6"

"$folder/environment/bin/python" - <<'PYTHON'
from math import expm1, log1p

from scipy.special import betaincinv
from scipy.stats import binomtest

errors = {}
for n in (10**4, 10**6, 10**9):
    exact = -expm1(log1p(-0.005) / n)
    found = binomtest(1, n).proportion_ci(0.99, "exact").low
    other = float(betaincinv(1, n, 0.005))
    errors[n] = abs(found / exact - 1)
    print(f"n = {n:>10}: exact {exact:.12e}, binomtest {found:.12e} ({errors[n]:.1e} off), betaincinv {other:.12e}")
    assert abs(other / exact - 1) < 1e-14
changed = not (errors[10**4] < 1e-8 and 1e-5 < errors[10**6] < 1e-3 and 1e-4 < errors[10**9] < 1e-1)
print("changed" if changed else "as described")
raise SystemExit(changed)
PYTHON
