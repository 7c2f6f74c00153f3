"""The compiled functions: found, or left out."""

from __future__ import annotations

import pytest

from lpdistill import library as home
from lpdistill.library import library


@pytest.fixture(autouse=True)
def _asked_again():
    """Whatever a test finds is forgotten after it."""
    library.cache_clear()
    yield
    library.cache_clear()


def test_another_interface_is_not_used(monkeypatch):
    """A library that was built for other functions is as if it were not there."""
    monkeypatch.setattr(home, "INTERFACE", home.INTERFACE + 1)
    assert library() is None


def test_what_is_no_library_is_not_used(monkeypatch, tmp_path):
    """Nor is a file that is no library, or none at all."""
    monkeypatch.setattr(home, "LIBRARY", tmp_path / "none.so")
    assert library() is None
    (tmp_path / "none.so").write_text("not compiled")
    library.cache_clear()
    assert library() is None


def test_it_is_left_out_where_that_is_wanted(monkeypatch):
    """An environment variable leaves it out."""
    monkeypatch.setenv(home.WITHOUT, "1")
    assert library() is None
