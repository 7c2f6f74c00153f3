#!/usr/bin/env bash
# stormpy 2.0.0: a multi-objective question over the rationals, in the exact environment, is answered 5e-5 beside the optimum.
#
# A process with one decision: "slow" ends with probability 1/3 and uses 1 unit of fuel, "fast" with 1/2 and uses 3; each
# takes 1 unit of time.  The least expected time with at most 5 units of fuel is 7/3 (once slow, 4/3 times fast).
#
# Expected: model and environment are exact, so the value is 7/3, as for a question with one objective (least time: 2).
# Seen: a rational number that is 5e-5 greater.  The precision of the multi-objective engine, 1e-4, holds in the exact
# environment too, and the middle of an interval that long is returned as the value, as a fraction and without bounds.
# Setting that precision to 0 gives 7/3.
#
# Exits with 0 while this is so, and with 1 when it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check "stormpy==2.0.0"

cat > "$folder/process.drn" <<'DRN'
@type: MDP
@value_type: rational
@parameters

@reward_models
time fuel
@nr_states
2
@nr_choices
3
@model
state 0 [0, 0] init
	action slow [1, 1]
		0 : 2/3
		1 : 1/3
	action fast [1, 3]
		0 : 1/2
		1 : 1/2
state 1 [0, 0] end
	action done [0, 0]
		1 : 1
DRN

cat > "$folder/asked.py" <<'PYTHON'
import sys
from fractions import Fraction

import stormpy

model = stormpy.build_model_from_drn[stormpy.Rational](sys.argv[1])


def answer(query, precision=None):
    environment = stormpy.environments.exact()
    settings = environment.modelchecker().multi()
    if precision is not None:
        settings.precision = type(settings.precision)(precision)
    (formula,) = stormpy.parse_properties(query)
    found = stormpy.model_checking(model, formula, environment=environment, only_initial_states=True)
    return Fraction(str(found[0].value))


WITHIN = 'multi(R{"time"}min=? [F "end"], R{"fuel"}<=5 [F "end"])'
alone, within, sharp = answer('R{"time"}min=? [F "end"]'), answer(WITHIN), answer(WITHIN, 0)
print(f"stormpy 2.0.0, exactly: least time {alone}; with fuel <= 5 {within}, that is 7/3 + {float(within - Fraction(7, 3)):.3g}")
print(f"the same at precision 0: {sharp}")
same = alone == 2 and sharp == Fraction(7, 3) and abs(float(within - Fraction(7, 3)) - 5e-5) < 1e-9
sys.exit(0 if same else "stormpy does something else now: see what has changed")
PYTHON

"$folder/environment/bin/python" "$folder/asked.py" "$folder/process.drn"
