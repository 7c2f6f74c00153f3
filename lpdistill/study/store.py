"""Results in an SQLite database: kept as they come, found again, and shared by processes that work at once.

A result is final once it is committed.  Before a process computes points it claims them, so that two processes on one
database share the work; the claims of a process that has died count for nothing.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import struct
import threading
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from weakref import WeakValueDictionary, ref

import psutil

from lpdistill.errors import ModelError
from lpdistill.study.outcome import DEFAULT, NUMBERS, RESULTS, Ending, Outcome

APPLICATION: Final = 0x4C504473
"""``application_id`` of these databases: "LPDs"."""

FORMAT: Final = 3
"""``user_version``: what the tables look like."""

WRITER_WAIT: Final = 60.0
"""Seconds to wait for another process that is writing."""

LEASE: Final = 3600.0
"""Seconds for which the claims of a process on another machine are honoured after its last sign of life."""

BEAT: Final = LEASE / 6
"""Seconds between two signs of life, also while one point takes long."""

CLOCKS: Final = 2.0
"""Seconds by which two readings of when a process started may differ."""

STORED_TABLES: Final = {
    "result": """CREATE TABLE result (
    key TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    problem TEXT NOT NULL,
    policy TEXT NOT NULL,
    precision TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    waiting_time REAL,
    lower_bound REAL,
    upper_bound REAL,
    standard_deviation REAL,
    relative_gap REAL,
    levels INTEGER,
    labels INTEGER,
    expected TEXT NOT NULL,
    deadlock TEXT NOT NULL,
    seconds REAL NOT NULL
)""",
    "runner": """CREATE TABLE runner (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started REAL NOT NULL,
    seen REAL NOT NULL
)""",
    "claim": """CREATE TABLE claim (
    key TEXT PRIMARY KEY, runner INTEGER NOT NULL
)""",
}
"""The tables: results with the problem and policy they belong to, processes at work, and what they have claimed."""


class Task(NamedTuple):
    """One point to compute: its key, its problem's description, its policy, the precision of an optimum."""

    key: str
    problem: str
    policy: str
    precision: str = DEFAULT


_open: WeakValueDictionary[tuple[str | None, int], Store] = WeakValueDictionary()
"""The stores that are open in this process, by file and runner: it may outlive one that could not take its leave."""


class Store:
    """Results in a database; other processes may use it at the same time.

    Parameters
    ----------
    path
        The file; it is made if there is none.  None keeps results in memory.

    Raises
    ------
    ModelError
        If the file cannot be written, is no database or not one of sweeps, was made by another version, or is
        damaged; it is left as it is.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.path = None if path is None else Path(path)
        self._file = None if path is None else os.path.realpath(path)
        self._lock = threading.Lock()
        if self.path is not None:
            _require(self.path)
        with self._explained():
            if self._file is not None and Path(f"{self._file}-wal").exists():
                # To open it for writing, and close it, would move the journal into a file that may not be ours.
                with closing(
                    sqlite3.connect(f"{Path(self._file).as_uri()}?mode=ro", timeout=WRITER_WAIT, uri=True)
                ) as found:
                    self._require_sound(found)
            self._database = sqlite3.connect(
                self._file or ":memory:",
                timeout=WRITER_WAIT,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with self._explained():
                self._prepare()
                self._runner = self._enlist()
        except BaseException:
            self._database.close()
            raise
        _open[self._file, self._runner] = self
        self._closed = threading.Event()
        if self.path is not None:
            threading.Thread(target=_beat, args=(ref(self), self._closed), name="lpdistill-store", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._explained(), self._lock, self._writing():
                self._database.execute("DELETE FROM claim WHERE runner = ?", (self._runner,))
                self._database.execute("DELETE FROM runner WHERE id = ?", (self._runner,))
        except ModelError:
            if kind is None:
                raise
        finally:
            _open.pop((self._file, self._runner), None)
            self._closed.set()
            with self._lock:
                self._database.close()

    def find(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """The results that are there already, by key."""
        with self._explained(), self._lock:
            return self._find(keys)

    def claim(self, keys: Sequence[str], again: Container[Ending] = ()) -> tuple[list[str], dict[str, Outcome]]:
        """Claim points for this process.

        Parameters
        ----------
        keys
            The points.
        again
            Endings that are not final.

        Returns
        -------
        tuple
            The points that are claimed, now or before, and the results that are there by now.  The others are claimed
            by processes that live.
        """
        with self._explained(), self._lock, self._writing():
            self._seen()
            self._bury()
            there = {key: outcome for key, outcome in self._find(keys).items() if outcome.ending not in again}
            rows = self._database.execute(
                "SELECT key FROM claim WHERE runner <> ? AND key IN (SELECT value FROM json_each(?))",
                (self._runner, json.dumps(keys)),
            )
            others = {row[0] for row in rows}
            mine = [key for key in keys if key not in others and key not in there]
            self._database.executemany(
                "INSERT OR REPLACE INTO claim VALUES (?, ?)", [(key, self._runner) for key in mine]
            )
        return mine, there

    def _find(self, keys: Sequence[str]) -> dict[str, Outcome]:
        rows = self._database.execute(
            f"SELECT key, status, message, {', '.join(NUMBERS)}, expected, deadlock, seconds FROM result "  # noqa: S608 - ours
            "WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(keys),),
        )
        return {row[0]: _outcome(row[1:]) for row in rows}

    def keep(self, results: Iterable[tuple[Task, Outcome]]) -> None:
        """Keep results for good, in one transaction, and give up the claims on their points."""
        rows = [(*task, outcome) for task, outcome in results]
        with self._explained(), self._lock, self._writing():
            self._seen()
            self._database.executemany(
                "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        key,
                        RESULTS,
                        problem,
                        policy,
                        precision,
                        str(one.ending),
                        one.message,
                        *(getattr(one, name) for name in NUMBERS),
                        json.dumps(dict(one.expected)),
                        json.dumps(one.deadlock),
                        one.seconds,
                    )
                    for key, problem, policy, precision, one in rows
                ],
            )
            self._drop([row[0] for row in rows])

    def _drop(self, keys: Sequence[str]) -> None:
        self._database.executemany(
            "DELETE FROM claim WHERE key = ? AND runner = ?", [(key, self._runner) for key in keys]
        )

    def _prepare(self) -> None:
        """Make the tables, or check them."""
        with self._writing():
            if not _tables(self._database):
                for statement in STORED_TABLES.values():
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA application_id = {APPLICATION}")
                self._database.execute(f"PRAGMA user_version = {FORMAT}")
        self._require_sound(self._database)
        self._write_ahead()

    def _require_sound(self, database: sqlite3.Connection) -> None:
        if _tables(database) != STORED_TABLES:
            raise self._refusal("has other tables than those of sweeps; take another file", None)
        ((sound, *_), *_) = database.execute("PRAGMA quick_check(1)").fetchall()
        if sound != "ok":
            raise self._refusal("is damaged; restore it from a copy, or take another file", None)

    def _write_ahead(self) -> None:
        """Let commits be appended to a journal: they survive the death of the process, and cost microseconds."""
        until = time.monotonic() + WRITER_WAIT
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # Another process is doing the same just now, and SQLite does not wait for it by itself.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                break
        self._database.execute("PRAGMA synchronous = NORMAL")

    def _enlist(self) -> int:
        """Enter this process among those at work."""
        with self._writing():
            added = self._database.execute(
                "INSERT INTO runner (host, pid, started, seen) VALUES (?, ?, ?, ?)", _this_process()
            )
        assert added.lastrowid is not None  # noqa: S101 - SQLite numbers rows
        return added.lastrowid

    def _seen(self) -> None:
        """Give a sign of life; a process that was taken for dead is back, with the number that nobody else has had."""
        self._database.execute(
            "INSERT INTO runner VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET seen = excluded.seen",
            (self._runner, *_this_process()),
        )

    def sign(self) -> None:
        """Give a sign of life while nothing else is written."""
        with self._explained(), self._lock, self._writing():
            self._seen()

    def _bury(self) -> None:
        """Forget the processes that have died, and the claims of all that are not at work."""
        rows = self._database.execute("SELECT id, host, pid, started, seen FROM runner").fetchall()
        dead = [(number,) for number, *process in rows if not self._at_work(number, *process)]
        self._database.executemany("DELETE FROM runner WHERE id = ?", dead)
        self._database.execute("DELETE FROM claim WHERE runner NOT IN (SELECT id FROM runner)")

    def _at_work(self, number: int, host: str, pid: int, *times: float) -> bool:
        if (host, pid) == (platform.node(), os.getpid()) and (self._file, number) not in _open:
            return False
        return number == self._runner or _alive(host, pid, *times)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction: all of it happens, or nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what is wrong with the database as an error of the input."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._refusal("cannot be used", error) from None

    def _refusal(self, problem: str, error: Exception | None) -> ModelError:
        return ModelError("store", problem + (f": {error}" if error else ""), str(self.path))


def _require(path: Path) -> None:
    """Raise ModelError, without opening the database, unless a file is one of sweeps, or may become one."""
    where = str(path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ModelError("store", "must be a file", where)
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise ModelError("store", "must lie in a folder that exists", where) from None
        header = b""
    except OSError as error:
        raise ModelError("store", f"cannot be opened: {error.strerror}", where) from None
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ModelError("store", "cannot be written; take another file", where)
    if not header:
        return
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise ModelError("store", "is no SQLite database; take another file", where)
    version, application = struct.unpack(">60xI4xI", header[:72])
    if application != APPLICATION:
        raise ModelError("store", "is a database of another program; take another file", where)
    if version != FORMAT:
        raise ModelError(
            "store", f"has format {version}, and this version knows format {FORMAT} only; take another file", where
        )


def _tables(database: sqlite3.Connection) -> dict[str, str]:
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'")
    return dict(rows.fetchall())


def _alive(host: str, pid: int, started: float, seen: float) -> bool:
    """Whether a process that entered the database is still at work, as far as can be known."""
    if host != platform.node():
        return time.time() - seen < LEASE
    try:
        process = psutil.Process(pid)
        return abs(_started(process) - started) < CLOCKS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _started(process: psutil.Process) -> float:
    """Seconds from the start of the machine to that of a process: no change of the clock alters them."""
    return process.create_time() - psutil.boot_time()


def _this_process() -> tuple[str, int, float, float]:
    """Host, number, start and sign of life of this process."""
    return platform.node(), os.getpid(), _start_of(os.getpid()), time.time()


@cache
def _start_of(pid: int) -> float:
    """When a process that lives started, asked for once."""
    return _started(psutil.Process(pid))


def _beat(reference: ref[Store], closed: threading.Event) -> None:
    """Give signs of life until a store is closed, or forgotten."""
    while not closed.wait(BEAT):
        store = reference()
        if store is None:
            return
        with suppress(ModelError):  # who computes will meet the same error
            store.sign()
        del store


def _outcome(row: Sequence[Any]) -> Outcome:
    ending, message, *numbers, totals, deadlock, seconds = row
    trapped = tuple(tuple(counts) for counts in json.loads(deadlock))
    named = dict(zip(NUMBERS, numbers, strict=True))
    return Outcome(Ending(ending), message, **named, expected=json.loads(totals), deadlock=trapped, seconds=seconds)
