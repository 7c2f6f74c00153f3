"""``python -m lpdistill.schemas FOLDER``: write all schemas as files."""

from __future__ import annotations

import sys
from pathlib import Path

from lpdistill.schemas import write_schemas

if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
