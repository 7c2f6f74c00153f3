"""What the documentation shows is real: its Python examples run, and quoted output is what examples print.

A ``text`` block is quoted output if a comment above it names where it comes from, an example or a command::

    <!-- examples/crosstalk.py -->
    <!-- lpdistill solve examples/crosstalk.toml -->

Its lines stand together, in this order, in what that prints.
"""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from lpdistill.cli.app import main

ROOT = Path(__file__).parents[1]
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
DIALOGUE = re.compile(r"^```pycon\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
QUOTED = re.compile(
    r"^<!-- (?P<source>(?:examples/|lpdistill ).*?) -->\n```text\n(?P<shown>.*?)^```$", flags=re.DOTALL | re.MULTILINE
)
TIMED = re.compile(r"[\d,]+ HiGHS iterations|\d+\.\d+ s$", flags=re.MULTILINE)
"""What differs from run to run: how HiGHS went about it, and how long it took."""

QUOTES = [(name, found["source"], found["shown"]) for name, page in PAGES.items() for found in QUOTED.finditer(page)]


def example(name: str) -> str:
    """What an example prints, as ``test_examples.py`` holds it to be."""
    return (ROOT / "docs" / "output" / f"{Path(name).stem}.txt").read_text(encoding="utf-8")


def command(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints, run in the repository."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(
            "lpdistill.cli.output.SILENT_FOR", 1e6
        )  # what is quoted does not depend on how quick the machine is
        patch.setattr("sys.argv", shlex.split(line))
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main()
    printed = capsys.readouterr()
    return printed.out + printed.err


def lines(text: str) -> list[str]:
    """Lines without what differs from run to run."""
    return [line.rstrip() for line in TIMED.sub("*", text).strip("\n").splitlines()]


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if DIALOGUE.search(page)])
def test_python_examples_run(name, tmp_path, monkeypatch):
    """The Python examples of a page, run one after the other, print what the page shows."""
    monkeypatch.chdir(tmp_path)
    page = PAGES[name]
    # Everything else becomes empty lines, so that a failure names the line of the page.
    kept = [""] * (page.count("\n") + 1)
    for found in DIALOGUE.finditer(page):
        first = page.count("\n", 0, found.start(1))
        dialogue = found[1].splitlines()
        kept[first : first + len(dialogue)] = dialogue
    test = doctest.DocTestParser().get_doctest("\n".join(kept), {}, name, name, 0)
    report: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append).failed
    assert not failed, "".join(report)


@pytest.mark.parametrize(("page", "source", "shown"), QUOTES, ids=[f"{page}: {source}" for page, source, _ in QUOTES])
def test_quoted_output_is_printed(page, source, shown, tmp_path, monkeypatch, capsys):  # noqa: PLR0917 - fixtures
    """Quoted lines stand together in what their example or command prints."""
    monkeypatch.chdir(tmp_path)
    printed = lines(example(source) if source.startswith("examples/") else command(source, capsys))
    wanted = lines(shown)
    starts = range(len(printed) - len(wanted) + 1)
    assert any(printed[start : start + len(wanted)] == wanted for start in starts), "\n".join([page, *printed])


def test_every_comment_that_names_a_source_has_its_output():
    """No comment that names an example or a command is without a block that is compared."""
    for name, page in PAGES.items():
        comments = re.findall(r"<!-- (?:examples/|lpdistill )", page)
        assert len(comments) == len(QUOTED.findall(page)), name
