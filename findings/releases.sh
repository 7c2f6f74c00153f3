#!/usr/bin/env bash
# highspy 1.16.0: the constructor of Highs writes to the process's standard output, and no option set on it can prevent it.
#
# Expected: as with 1.15.1, a Highs object is made silently, so that "output_flag" can be set to False before anything is
# written.
# Seen: the first Highs() of a process writes the banner and a line about third-party software.  It is not the object that
# does so but the registration of its callbacks (Highs.__init__ calls enableCallbacks, that calls setCallback): an object of
# the class beneath, _Highs, is made silently, and a subclass that sets the option in enableCallbacks is silent as well.
# The banner is written once a process, also where "log_to_console" is off and nobody sees it, but not counted as written
# where "output_flag" is off: then the next plain Highs() writes it.
#
# Exits with 0 while this is so, and with 1 when it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/made.py" <<'PYTHON'
import sys

import highspy
from highspy._core import _Highs


def quiet(option):
    class Quiet(highspy.Highs):
        def enableCallbacks(self):
            self.setOptionValue(option, False)
            super().enableCallbacks()

    return Quiet


KINDS = {"plain": highspy.Highs, "beneath": _Highs, "flag": quiet("output_flag"), "console": quiet("log_to_console")}
for kind in sys.argv[1:]:
    KINDS[kind]()
PYTHON

# written VERSION KIND...: how often the banner is written when these objects are made, one after the other.
written() {
  "$folder/$1/bin/python" "$folder/made.py" "${@:2}" > "$folder/output.txt" || return 1
  grep -c "^Running HiGHS" "$folder/output.txt" || true
}

for version in 1.15.1 1.16.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "highspy==$version" "numpy==2.4.6"
done

fine=true
check() {
  local found
  found=$(written "${@:2}")
  echo "highspy $2, made: ${*:3}: banner written $found times"
  [ "$found" = "$1" ] || fine=false
}
check 0 1.15.1 plain
check 1 1.16.0 plain
check 1 1.16.0 plain plain
check 0 1.16.0 beneath
check 0 1.16.0 flag
check 1 1.16.0 flag plain
check 0 1.16.0 console
check 0 1.16.0 console plain
$fine || { echo "highspy does something else now: see what has changed" >&2; exit 1; }
