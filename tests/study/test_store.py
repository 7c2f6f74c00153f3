"""The database: results come back as they were, claims are the living's, and what is no store is left alone."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from hanging import HANGING

from lpdistill import ModelError
from lpdistill.study import store as room
from lpdistill.study.outcome import AGAIN, Ending, Outcome
from lpdistill.study.store import APPLICATION, FORMAT, Store, Task

TASKS = [Task(f"key{i}", f'{{"p":"1/{i + 2}"}}', "optimal") for i in range(6)]
KEYS = [task.key for task in TASKS]
DONE = Outcome(
    Ending.DONE,
    "",
    1 / 3,
    0.1,
    5e-324,
    1e300,
    levels=2,
    expected={"steps": 0.1 + 0.2, "raw_pairs": 7.0},
    seconds=1.2345678901234567e-3,
)
TRAPPED = Outcome(Ending.IMPROPER, "runs may be trapped", deadlock=((1, 1), (0, 3)), levels=2, seconds=0.5)
FAILED = Outcome(Ending.ERROR, "no luck", seconds=0.25)


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "sweep.sqlite"


def test_results_come_back_as_they_were(file):
    """Every number of an outcome comes back with all its bits, also when the database is opened again."""
    results = list(zip(TASKS, (DONE, TRAPPED, FAILED), strict=False))
    with Store(file) as store:
        store.keep(results)
        assert store.find(KEYS) == {task.key: outcome for task, outcome in results}
    with Store(file) as store:
        assert store.find(KEYS) == {task.key: outcome for task, outcome in results}
        assert store.find(["key1"]) == {"key1": TRAPPED}


def test_without_a_file_results_are_kept_in_memory(tmp_path, monkeypatch):
    """A store without a path keeps results, and no file."""
    monkeypatch.chdir(tmp_path)
    with Store(None) as store:
        store.keep([(TASKS[0], DONE)])
        assert store.find(KEYS) == {"key0": DONE}
    assert not list(tmp_path.iterdir())


def test_a_store_says_what_it_is(file):
    """The header has the application and the format; problems and policies can be read beside their results."""
    with Store(file) as store:
        store.keep([(TASKS[0], DONE)])
    database = sqlite3.connect(file)
    assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    assert database.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    row = database.execute("SELECT problem, policy, status, waiting_time FROM result").fetchone()
    assert row == ('{"p":"1/2"}', "optimal", "done", 1 / 3)
    database.close()


def test_claims_exclude_each_other(file):
    """What one process has claimed another leaves out, until it is done, given up, or known."""
    with Store(file) as one, Store(file) as other:
        assert one.claim(KEYS[:3]) == (KEYS[:3], {})
        assert other.claim(KEYS) == (KEYS[3:], {})
        one.keep([(TASKS[0], DONE)])
        assert other.claim(KEYS[:3]) == ([], {"key0": DONE})
        assert other.find(KEYS) == {"key0": DONE}
    with Store(file) as later:
        assert later.claim(KEYS) == (KEYS[1:], {"key0": DONE})


def test_claims_end_with_their_store(file):
    """A store that is closed, for whatever reason, holds no claims."""
    with Store(file) as other:

        def interrupted():
            with Store(file) as one:
                one.claim(KEYS)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert other.claim(KEYS)[0] == KEYS


def test_failures_may_be_claimed_again(file):
    """Results whose endings are not final are claimed once more; others are not."""
    with Store(file) as store:
        store.keep([(TASKS[0], DONE), (TASKS[1], FAILED)])
        assert store.claim(KEYS[:2]) == ([], {"key0": DONE, "key1": FAILED})
        assert store.claim(KEYS[:2], AGAIN) == (["key1"], {"key0": DONE})
        store.keep([(TASKS[1], DONE)])
        assert store.find(["key1"]) == {"key1": DONE}


def test_claims_of_the_dead_count_for_nothing(file):
    """The claims of a process that was killed are free at once, also while its parent has not noticed."""
    code = (
        "import sys, time\nfrom lpdistill.study.store import Store\n"
        f"Store({str(file)!r}).claim({KEYS[:4]!r})\nprint('claimed', flush=True)\ntime.sleep(3600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        assert process.stdout.readline() == "claimed\n"
        with Store(file) as store:
            assert store.claim(KEYS)[0] == KEYS[4:]
            process.send_signal(signal.SIGKILL)
            deadline = time.monotonic() + HANGING
            while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
                time.sleep(0.01)
            assert store.claim(KEYS[:4])[0] == KEYS[:4]
    finally:
        process.kill()
        process.communicate()


def test_claims_of_another_machine_are_leased(file, monkeypatch):
    """Of a process elsewhere nothing can be seen but its signs of life: its claims last for a lease after the last."""
    with Store(file) as far:
        far.claim(KEYS[:2])
        monkeypatch.setattr(room.platform, "node", lambda: "another machine")
        with Store(file) as near:
            assert near.claim(KEYS)[0] == KEYS[2:]
            monkeypatch.setattr(room, "LEASE", -1.0)
            assert near.claim(KEYS[:2])[0] == KEYS[:2]


def test_a_process_that_was_taken_for_dead_is_back(file, monkeypatch):
    """One that lives although another has buried it keeps its number, and its later claims; they end with it."""
    alive = room._alive  # noqa: SLF001 - a misjudgement is made here
    slow = Store(file)
    slow.claim(KEYS[:2])
    monkeypatch.setattr(room, "_alive", lambda *_: False)
    with Store(file) as hasty:
        assert hasty.claim(KEYS[:1])[0] == KEYS[:1]
    monkeypatch.setattr(room, "_alive", alive)
    assert slow.claim(KEYS[2:4])[0] == KEYS[2:4]
    with Store(file) as third:
        assert third.claim(KEYS[2:4])[0] == []
        slow.__exit__(None, None, None)
        assert third.claim(KEYS)[0] == KEYS


def test_claims_without_a_process_count_for_nothing(file):
    """Claims of a number that no process has are free, and no number is given twice."""
    with Store(file) as one:
        one.claim(KEYS[:2])
        with sqlite3.connect(file) as database:
            database.execute("DELETE FROM runner")
        database.close()
        with Store(file) as other:
            assert other.claim(KEYS[:2])[0] == KEYS[:2]
            with sqlite3.connect(file) as database:
                assert database.execute("SELECT id FROM runner").fetchall() == [(2,)]
            database.close()


def test_claims_may_be_claimed_again_by_their_process(file):
    """What a process has claimed it may claim again: work that was handed back is its own."""
    with Store(file) as store:
        assert store.claim(KEYS[:2])[0] == KEYS[:2]
        assert store.claim(KEYS[:3])[0] == KEYS[:3]


def test_a_store_that_could_not_take_its_leave_claims_nothing(file, monkeypatch):
    """Where the end of a store could not be written, as on a full disk, the next one of this process is not held up."""

    def full(_):
        raise sqlite3.OperationalError("database or disk is full")

    def interrupted():
        with Store(file) as store:
            store.claim(KEYS)
            monkeypatch.setattr(Store, "_writing", full)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    monkeypatch.undo()
    with Store(file) as store:
        assert store.claim(KEYS)[0] == KEYS


def test_a_change_of_the_clock_kills_nobody(file, monkeypatch):
    """Whether a process lives does not depend on the time of day: boot and start move together with the clock."""
    with Store(file) as one, Store(file) as other:
        one.claim(KEYS[:2])
        boot, created = psutil.boot_time, psutil.Process.create_time
        monkeypatch.setattr(psutil, "boot_time", lambda: boot() + 4000)
        monkeypatch.setattr(psutil.Process, "create_time", lambda process: created(process) + 4000)
        assert other.claim(KEYS)[0] == KEYS[2:]


def test_signs_of_life_are_given_while_a_point_takes_long(file, monkeypatch):
    """A store that nobody speaks to signs on its own, until it is closed."""
    monkeypatch.setattr(room, "BEAT", 0.001)
    signed = threading.Event()
    monkeypatch.setattr(Store, "sign", lambda _: signed.set())
    with Store(file):
        assert signed.wait(20)
    for thread in threading.enumerate():
        if thread.name == "lpdistill-store":
            thread.join(20)
            assert not thread.is_alive()


def test_a_sign_of_life_is_seen(file):
    """A sign of life moves the time at which a process was seen."""
    with Store(file) as store, sqlite3.connect(file) as database:
        database.execute("UPDATE runner SET seen = 0")
        database.commit()
        store.sign()
        assert database.execute("SELECT seen > 1e9 FROM runner").fetchall() == [(1,)]
    database.close()


def test_names_that_sqlite_reads_otherwise_are_files(tmp_path, monkeypatch):
    """``:memory:`` is a file like any other, and a pipe is refused rather than waited for."""
    monkeypatch.chdir(tmp_path)
    with Store(":memory:") as store:
        store.keep([(TASKS[0], DONE)])
    assert (tmp_path / ":memory:").is_file()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="must be a file"):
        Store(tmp_path / "pipe")


def made(file: Path) -> Path:
    """A store with results enough to fill several pages."""
    with Store(file) as store:
        store.keep((Task(f"{i:064}", '{"p":"1/2"}' * 20, "optimal"), DONE) for i in range(200))
    return file


def foreign(file: Path) -> Path:
    """A database of another program."""
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE result (key TEXT)")
    database.close()
    return file


def altered(statement: str):
    """A store on which a statement was executed."""

    def build(file: Path) -> Path:
        with sqlite3.connect(made(file)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute(statement)
        database.close()
        return file

    return build


def overwritten(start: int, content: bytes, length: int | None = None):
    """A store with some bytes changed, and perhaps cut off."""

    def build(file: Path) -> Path:
        whole = bytearray(made(file).read_bytes())
        whole[start : start + len(content)] = content
        file.write_bytes(whole[:length])
        return file

    return build


def written(content: bytes):
    """A file with some content."""

    def build(file: Path) -> Path:
        file.write_bytes(content)
        return file

    return build


REFUSED = {
    "text": (written(b"p = 0.5\n" * 100), "no SQLite database"),
    "short": (written(b"SQLite format 3\0"), "no SQLite database"),
    "foreign": (foreign, "another program"),
    "later format": (altered("PRAGMA user_version = 7"), "format 7"),
    "another application": (altered("PRAGMA application_id = 5"), "another program"),
    "other table": (altered("CREATE TABLE more (x)"), "other tables"),
    "other columns": (altered("ALTER TABLE result ADD COLUMN more"), "other tables"),
    "missing table": (altered("DROP TABLE claim"), "other tables"),
    "index": (altered("CREATE INDEX more ON result (policy)"), "other tables"),
    "damaged pages": (overwritten(8192, b"\xff" * 6000), "damaged|malformed"),
    "damaged schema": (overwritten(100, b"\xff" * 2000), "malformed"),
    "cut off": (overwritten(0, b"", 20_000), "damaged|malformed"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_is_no_store_is_refused_and_left_alone(case, file):
    """A file that is no sound store is one clear error, and stays byte by byte what it was, with nothing beside it."""
    build, word = case
    before = build(file).read_bytes()
    with pytest.raises(ModelError, match=word) as caught:
        Store(file)
    assert (caught.value.where, caught.value.value) == ("store", str(file))
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_refused_store_keeps_its_journal(file, tmp_path):
    """A file that is refused for what its journal has keeps both, byte by byte."""
    writer = sqlite3.connect(made(file))
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE more (x)")
    writer.commit()
    copies = tmp_path / "copy.sqlite", tmp_path / "copy.sqlite-wal"
    contents = [file.read_bytes(), Path(f"{file}-wal").read_bytes()]
    for copy, content in zip(copies, contents, strict=True):
        copy.write_bytes(content)
    writer.close()
    with pytest.raises(ModelError, match="other tables"):
        Store(copies[0])
    assert [copy.read_bytes() for copy in copies] == contents


@pytest.mark.parametrize(
    ("path", "word"),
    [(".", "directory"), ("nowhere/sweep.sqlite", "folder"), ("file/sweep.sqlite", "directory|folder")],
    ids=["directory", "no folder", "below a file"],
)
def test_paths_where_no_file_can_be_are_refused(tmp_path, path, word):
    """A directory, a folder that does not exist and a path below a file are refused, and nothing is made."""
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ModelError, match=word) as caught:
        Store(tmp_path / path)
    assert caught.value.where == "store"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_what_may_not_be_written_is_refused(file, monkeypatch):
    """A store without permission to write is refused before it is opened."""
    made(file)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ModelError, match="cannot be written"):
        Store(file)


def test_an_empty_file_becomes_a_store(file):
    """An empty file, as one that was killed while making a store may leave it, becomes one."""
    file.touch()
    made(file)
    with Store(file) as store:
        assert len(store.find([f"{i:064}" for i in range(200)])) == 200


def test_a_store_that_was_being_made_is_made_again(file):
    """All pages of a new store with the journal still there, as a kill just before the commit leaves it, is no harm."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA cache_size = 1")
    database.execute("BEGIN IMMEDIATE")
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    database.execute(f"PRAGMA user_version = {FORMAT}")
    database.execute("CREATE TABLE unfinished (x)")
    database.executemany("INSERT INTO unfinished VALUES (?)", [("x" * 4000,)] * 50)
    journal = Path(f"{file}-journal").read_bytes()
    database.execute("COMMIT")
    database.close()
    Path(f"{file}-journal").write_bytes(journal)
    with Store(file) as store:
        store.keep([(TASKS[0], DONE)])
        assert store.find(KEYS) == {"key0": DONE}


def test_damage_while_working_is_an_error_of_the_store(file):
    """What SQLite cannot do later on is the same kind of error, with the path."""
    with Store(file) as store:
        with sqlite3.connect(file) as database:
            database.execute("DROP TABLE result")
        database.close()
        with pytest.raises(ModelError, match="no such table") as caught:
            store.keep([(TASKS[0], DONE)])
    assert (caught.value.where, caught.value.value) == ("store", str(file))
