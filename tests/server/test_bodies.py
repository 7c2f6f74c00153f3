"""Bodies from strangers are bounded before anything in them is expanded."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from lpdistill.errors import ModelError
from lpdistill.server.asking import answered
from lpdistill.server.bodies import DEEPEST, digest, document_of, told
from lpdistill.server.refusals import RefusedError

SMALL = {"p": "1/2", "memories": 2, "f0": "3/4", "target": "79/100"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[1]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (b'{"p": NaN}', "has NaN, which JSON has not"),
        (b'{"p": -Infinity}', "has -Infinity"),
        (b'{"p": 1, "p": 2}', "has a key twice: 'p'"),
        (b'{"a": ' + b"[" * 500_000 + b"]" * 500_000 + b"}", f"more than {DEEPEST} deep"),
        (b'{"a": ' * 500_000, f"more than {DEEPEST} deep"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), f"more than {DEEPEST} deep"),
    ],
    ids=range(11),
)
def test_what_is_no_body_is_refused(body, told):
    """What is no JSON object, or no flat one, is malformed."""
    with pytest.raises(RefusedError, match=r"^body: ") as refused:
        document_of(body)
    assert told in str(refused.value)
    assert refused.value.status == 400


def test_the_deepest_body_is_read():
    """Depth is refused beyond the limit, and not at it."""
    assert document_of(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST)


@pytest.mark.parametrize(
    "number", ["1e999999999", "-1e-999999999", "1" * 1001, "0." + "1" * 1000, "1e99999999999999999999"]
)
@pytest.mark.parametrize("form", ["{}", '"{}"'], ids=["number", "text"])
@pytest.mark.parametrize("key", ["p", "memories", "target", "gate", "coherence_time", "distance"])
def test_numbers_beyond_reason_are_refused_before_they_are_expanded(number, form, key):
    """Whether number or text, and whatever it is for, a number of a million digits costs nobody a second."""
    began = time.process_time()
    with pytest.raises(ModelError):
        answered(
            "solve",
            document_of(
                json.dumps({"problem": {**SMALL, key: 0}})
                .replace(f'"{key}": 0', f'"{key}": {form.format(number)}')
                .encode()
            ),
            seconds=30,
        )
    assert time.process_time() - began < 0.5


def test_what_is_asked_is_the_same_however_it_is_written():
    """Spaces and order make no other question, and numbers none of text."""
    one, other = document_of(b'{"a": 0.5, "b": {"c": 1, "d": 2}}'), document_of(b'{"b":{"d":2,"c":1},"a":0.5}')
    assert digest("solve", one) == digest("solve", other)
    assert digest("solve", one) != digest("compare", one)
    assert digest("solve", one) != digest("solve", document_of(b'{"a": "0.5", "b": {"c": 1, "d": 2}}'))
    assert digest("solve", {"a": Decimal(1)}) != digest("solve", {"a": {"": "1"}, "b": None})


def test_numbers_of_graphs_are_in_told_point():
    """State graphs have probabilities, which are no fractions."""
    assert told({"a": [Decimal("0.5"), 1, "x", True]}, float) == {"a": [0.5, 1, "x", True]}
