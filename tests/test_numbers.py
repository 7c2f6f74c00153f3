"""Numbers as users write them are kept exactly, and what is no number is refused."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import FinalStep, LpdistillError, ModelError
from lpdistill.numbers import exact, member, whole


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_means_its_shortest_decimal(x):
    """A float is the rational number that its repr spells."""
    assert exact(x, "p") == Fraction(Decimal(repr(x)))


@given(st.fractions())
def test_text_of_a_fraction_means_the_fraction(x):
    """``str`` of a fraction reads back as the same fraction."""
    assert exact(str(x), "p") == x


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_means_itself(x):
    """A Decimal, and its text, are kept digit by digit."""
    assert exact(x, "p") == exact(str(x), "p") == Fraction(x)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (0.1, Fraction(1, 10)),
        (1, Fraction(1)),
        ("3/4", Fraction(3, 4)),
        (" 0.75 ", Fraction(3, 4)),
        ("1e-6", Fraction(1, 10**6)),
        ("1.5/2.5", Fraction(3, 5)),
        ("-3/4", Fraction(-3, 4)),
        (np.float64(0.1), Fraction(1, 10)),
        (np.int64(7), Fraction(7)),
        (Fraction(2, 3), Fraction(2, 3)),
    ],
)
def test_every_spelling_of_a_number_is_accepted(value, meant):
    """Integers, floats, fractions, decimals, numpy scalars and text all mean what they say."""
    assert exact(value, "p") == meant


def test_a_fraction_is_the_plain_type():
    """The result is a plain Fraction of Python integers, even for numpy scalars."""
    assert type(exact(np.int64(7), "p").numerator) is int


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "half",
        "50%",
        "3/4/5",
        "1/0",
        "nan",
        "inf",
        "1/inf",
        float("nan"),
        float("inf"),
        Decimal("nan"),
        Decimal("-inf"),
        1 + 2j,
        [0.5],
        b"0.5",
        "1e1000000",
        "1" * 2000,
        "1e-1000000",
    ],
)
def test_what_is_no_finite_number_is_refused(value):
    """Anything but a finite real number of ordinary size is a ModelError that names the input."""
    with pytest.raises(ModelError) as caught:
        exact(value, "generation_time")
    assert caught.value.where == "generation_time"


def test_a_refused_number_is_carried_by_the_error():
    """The error keeps the value found, and shows it."""
    with pytest.raises(ModelError, match="'half'") as caught:
        exact("half", "p")
    assert caught.value.value == "half"


@given(st.text())
def test_any_text_is_a_number_or_a_model_error(text):
    """No text makes anything but a Fraction or a ModelError."""
    try:
        found = exact(text, "p")
    except ModelError:
        return
    assert isinstance(found, Fraction)


@pytest.mark.parametrize("value", [4, "4", 4.0, "8/2", Fraction(4), np.int64(4)])
def test_whole_numbers_are_integers(value):
    """All spellings of four are the int 4."""
    assert type(whole(value, "memories")) is int
    assert whole(value, "memories") == 4


@pytest.mark.parametrize("value", [4.5, "9/2", True, None, "four"])
def test_what_is_not_whole_is_refused(value):
    """A number of memories that is no integer is a ModelError."""
    with pytest.raises(ModelError, match="memories"):
        whole(value, "memories")


def test_member_finds_a_name():
    """The text of an enumeration member means the member."""
    assert member(FinalStep, "free", "final_step") is FinalStep.FREE


def test_member_lists_what_there_is():
    """An unknown name is a ModelError that lists the known ones."""
    with pytest.raises(ModelError, match="charged, free"):
        member(FinalStep, "cheap", "final_step")


def test_model_error_is_a_value_error():
    """A wrong input can be caught as ValueError, and as an error of the package."""
    assert issubclass(ModelError, ValueError)
    assert issubclass(ModelError, LpdistillError)


def test_a_short_float_means_its_own_shortest_decimal():
    """A float of single precision means the shortest decimal of that precision."""
    assert exact(np.float32(0.1), "p") == Fraction(1, 10)


@pytest.mark.parametrize(
    "value", ["1e400", "-1e400", "1e-400", 10**400, Fraction(1, 10**400), "1e400/3", f"1/{'9' * 900}"]
)
def test_numbers_that_floating_point_has_not_are_refused(value):
    """What no computation could take is refused by name, and not where it is computed with."""
    with pytest.raises(ModelError, match=r"^limit: is beyond 1e300, or nearer to 0 than 1e-300"):
        exact(value, "limit")


def test_numbers_near_one_may_be_as_long_as_numbers_are():
    """A long number of ordinary size is kept exactly."""
    assert exact("0." + "9" * 900, "f0") == 1 - Fraction(1, 10**900)
    assert exact(5e-324, "bound") == Fraction(5, 10**324)
