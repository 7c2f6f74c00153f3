"""Other people's solvers: tests of those that are not installed are skipped, unless they are asked for."""

import os
import re
from importlib import import_module
from importlib.metadata import requires

if os.environ.get("LPDISTILL_PEERS"):
    for requirement in requires("lpdistill"):
        if re.search(r"extra == ['\"]peers['\"]", requirement):
            import_module(re.match(r"\w+", requirement)[0])
