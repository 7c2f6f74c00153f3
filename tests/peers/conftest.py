"""Other people's solvers: tests of those that are not installed are skipped, unless they are asked for."""

import os
from importlib import import_module

PEERS = ("mdpsolver", "quantecon", "stormpy")

if os.environ.get("LPDISTILL_PEERS"):
    for peer in PEERS:
        import_module(peer)
