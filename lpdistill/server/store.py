"""Answers that are kept: a question that was answered once is answered by the same bytes."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from lpdistill.errors import ModelError
from lpdistill.server.worker import Reply
from lpdistill.version import __version__

APPLICATION: Final = 0x4C504161
"""``application_id`` of these databases: "LPAa"."""

FORMAT: Final = 1
"""``user_version``: what the table looks like."""

TABLE: Final = """CREATE TABLE IF NOT EXISTS answer (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    sum INTEGER NOT NULL
)"""


class Store:
    """Answers in an SQLite database, the newest so many bytes of them.

    Parameters
    ----------
    path
        The file, which is made if there is none; None keeps answers in memory.
    most
        Bytes of answers that are kept.

    Raises
    ------
    ModelError
        If the file cannot be written, is no database, is another's, or is damaged; it is left as it is.
    """

    def __init__(self, path: Path | None, most: int) -> None:
        self._most, self._size = most, 0
        with self._explained(path):
            self._database = sqlite3.connect(
                ":memory:" if path is None else path, isolation_level=None, check_same_thread=False, timeout=1.0
            )
            try:
                self._prepare(path)
            except BaseException:
                self._database.close()
                raise

    def _prepare(self, path: Path | None) -> None:
        one = self._database.execute
        ((application,),) = one("PRAGMA application_id")
        ((version,),) = one("PRAGMA user_version")
        ((tables,),) = one("SELECT count(*) FROM sqlite_master")
        if (tables or application) and (application, version) != (APPLICATION, FORMAT):
            raise ModelError("store", "must be a database of answers, or a file that is not there yet", str(path))
        if (sound := one("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise ModelError("store", f"is damaged: {sound}; delete the file, answers are computed again", str(path))
        for pragma in (f"application_id = {APPLICATION}", f"user_version = {FORMAT}", "synchronous = NORMAL"):
            one(f"PRAGMA {pragma}")
        one("PRAGMA journal_mode = WAL")
        one(TABLE)
        ((self._size,),) = one("SELECT coalesce(sum(length(body)), 0) FROM answer")

    def get(self, key: str) -> Reply | None:
        """The answer to what has this digest, if it is kept, and as it was."""
        with self._forgiven():
            row = self._database.execute("SELECT status, body, sum FROM answer WHERE key = ?", (_versioned(key),))
            for status, body, total in row:
                if isinstance(body, bytes) and crc32(body) == total:
                    return Reply(status, body)
        return None

    def put(self, key: str, reply: Reply) -> None:
        """Keep an answer, and let the oldest go if there are more than are kept."""
        if len(reply.body) > self._most:
            return
        with self._forgiven():
            kept = (_versioned(key), reply.status, reply.body, crc32(reply.body))
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.execute(
                    "INSERT OR REPLACE INTO answer (key, status, body, sum) VALUES (?, ?, ?, ?)", kept
                )
                self._size += len(reply.body)
                self._trim()
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _trim(self) -> None:
        """Let the oldest go until the rest is as large as may be."""
        while self._size > self._most:
            oldest = self._database.execute("SELECT place, length(body) FROM answer ORDER BY place LIMIT 1").fetchone()
            if oldest is None:  # another service has let them go
                self._size = 0
                return
            self._database.execute("DELETE FROM answer WHERE place = ?", oldest[:1])
            self._size -= oldest[1]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @contextmanager
    def _explained(self, path: Path | None) -> Iterator[None]:
        """Say of an error of the database what is wrong with its file."""
        try:
            yield
        except sqlite3.Error as error:
            raise ModelError("store", f"cannot be used: {error}; give a file of its own", str(path)) from None

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """Whatever is wrong with the database, answers can be computed."""
        try:
            yield
        except sqlite3.Error as error:
            sys.stderr.write(f"lpdistill: note: the store of answers does not work: {error}\n")


def _versioned(key: str) -> str:
    """Answers of another version are others."""
    return f"{__version__} {key}"
