"""What problems have in common is made once, is never that of another, and is forgotten in time."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from threading import Barrier

import pytest
from cases import Additive
from toy_maps import Sided, Threefold

from lpdistill import LimitError, MaxDistillations, Problem
from lpdistill.hardware import recipes
from lpdistill.physics import closure
from lpdistill.physics.levels import Levels
from lpdistill.physics.maps import Combination
from lpdistill.physics.werner import Werner, WernerPair
from lpdistill.shared import Shared, by_value

ONE = Problem("1/2", 4, "3/4", "79/100")


@pytest.mark.parametrize(
    "other",
    [
        Problem(0.3, 4, 0.75, gap=0.04),
        Problem(0.5, 6, 0.75, 0.79),
        Problem(0.5, 4, 0.75, 0.79, generation_time=3, distillation_time="1/7", final_step="free"),
        Problem(0.5, 4, 0.75, 0.79, rules=MaxDistillations(1)),
        Problem(0.5, 4, 0.75, 0.79, distillation=Werner()),
        pickle.loads(pickle.dumps(Problem(0.5, 4, 0.75, 0.79))),  # noqa: S301 - our own
    ],
    ids=["p", "memories", "times", "rules", "map", "pickled"],
)
def test_levels_and_recipes_are_those_of_every_problem_with_the_same_ones(other):
    """What shapes no level, and how numbers are written, makes no difference: the objects are the same."""
    assert other.levels is ONE.levels
    assert all(one is another for one, another in zip(other.recipes, ONE.recipes, strict=True))


@dataclass(frozen=True)
class Gaining(Additive):
    """A map under which success gives what its parameter says."""

    gain: object = Fraction(1, 10)

    def combine(self, a, b):
        """Distil ``a`` with ``b``."""
        gain = self.gain[0] if isinstance(self.gain, list) else self.gain
        return Combination(WernerPair(max(a.fidelity, b.fidelity) + gain), Fraction(1, 2))


def levels_of(distillation, target="0.95"):
    """The levels of a map from 0.6."""
    return Problem(0.5, 4, "0.6", target, distillation=distillation).levels


def test_equal_maps_have_the_same_levels():
    """Maps made of equal values are one map."""
    assert levels_of(Gaining()) is levels_of(Gaining(gain=Fraction(1, 10)))


def test_different_maps_have_their_own_levels():
    """Maps that differ in a value, or in their class alone, have nothing in common."""

    @dataclass(frozen=True)
    class Heir(Gaining):
        def combine(self, a, b):
            """Distil ``a`` with ``b``."""
            return Combination(super().combine(a, b).state, Fraction(1, 3))

    found = [levels_of(one) for one in (Gaining(), Gaining(gain=Fraction(1, 5)), Heir())]
    assert [len(levels) for levels in found] == [4, 2, 4]
    assert [levels.combinations[0, 0].success for levels in found] == [Fraction(1, 2), Fraction(1, 2), Fraction(1, 3)]
    ours = [recipes.distillations(levels) for levels in found]
    assert [one[0].success for one in ours] == [Fraction(1, 2), Fraction(1, 2), Fraction(1, 3)]


def test_equal_values_of_different_types_are_told_apart():
    """A map with 1/2 as a fraction and one with 0.5 as a float are equal, but need not make equal pairs."""
    assert Gaining(gain=Fraction(1, 2)) == Gaining(gain=0.5)
    assert levels_of(Gaining(gain=Fraction(1, 2))) is not levels_of(Gaining(gain=0.5))


class Undeclared(Gaining):
    """A class that inherits from a frozen dataclass and is none: it may have other attributes."""


@pytest.mark.parametrize(
    "distillation",
    [Undeclared(), Gaining(gain=[Fraction(1, 10)])],
    ids=["attributes", "unhashable"],
)
def test_a_map_that_may_change_shares_nothing(distillation):
    """What may have attributes that nobody declared, or cannot be hashed, is asked again."""
    assert levels_of(distillation) is not levels_of(distillation)
    assert levels_of(distillation) == levels_of(distillation)


def test_a_map_that_changes_is_asked_again():
    """A map whose list, or attribute, is changed between two problems has other levels then."""
    distillation, attribute = Gaining(gain=[Fraction(1, 10)]), Undeclared()
    before = len(levels_of(distillation)), len(levels_of(attribute))
    distillation.gain[0] = Fraction(1, 5)
    vars(attribute)["gain"] = Fraction(1, 5)
    assert (before, len(levels_of(distillation)), len(levels_of(attribute))) == ((4, 4), 2, 2)


def test_known_levels_are_refused_where_they_are_too_many():
    """Levels that another problem has found are too many for fifty memories all the same, in the same words."""
    target = Fraction("0.82569")
    few = {"most": 4, "memories": 50}
    with pytest.raises(LimitError) as first:
        closure.closure(Werner(), Fraction(3, 4), target, **few)
    assert len(closure.closure(Werner(), Fraction(3, 4), target, most=200, memories=2)) > 4
    with pytest.raises(LimitError) as second:
        closure.closure(Werner(), Fraction(3, 4), target, **few)
    assert (str(second.value), second.value.size) == (str(first.value), first.value.size)


def test_as_many_levels_are_kept_as_there_is_room_for():
    """However many problems there are, a bounded number of sets of levels and of their recipes is kept."""
    for n in range(closure.MOST_SHARED + 10):
        assert len(Problem(0.5, 2, Fraction(3, 4) + Fraction(1, 10**6 + n), "0.76").recipes) == 1
    assert len(closure.SHARED) == closure.MOST_SHARED
    assert len(recipes.SHARED) == recipes.MOST_SHARED


def test_sets_of_levels_are_not_compared(monkeypatch):
    """Recipes are found without comparing sets of levels, of which many have the same target and are alike."""
    monkeypatch.setattr(Levels, "__eq__", lambda *_: pytest.fail("compared"))
    for n in range(3):
        assert Problem(0.5, 2, Fraction(3, 4) + Fraction(1, 10**7 + n), "0.76").recipes


def test_problems_do_not_carry_what_is_shared():
    """A pickled problem with levels says as much as one that has been asked nothing, and its levels."""
    fresh, asked = Problem(0.5, 4, 0.75, 0.79), Problem(0.5, 4, 0.75, 0.79)
    assert asked.recipes
    assert len(pickle.dumps(asked)) <= len(pickle.dumps(fresh)) + len(pickle.dumps((asked.levels, asked.reach)))


@pytest.mark.parametrize("distillation", [Sided(), Threefold()])
def test_maps_of_many_kinds_are_plain(distillation):
    """Maps with sides, and of three pairs, are made of plain values, and have keys."""
    assert by_value(distillation) == by_value(type(distillation)())


@dataclass(frozen=True)
class Holder:
    """A frozen dataclass with a field of any kind."""

    held: object = field(default=None)


@pytest.mark.parametrize(
    "held", [[1], object(), print, lambda: 1, Undeclared(), (1, [2])], ids=lambda held: type(held).__name__
)
def test_what_may_change_has_no_key(held):
    """A value that holds anything but plain values has no key, however deep it is held."""
    assert by_value(Holder(Holder(held))) is None


def test_keys_tell_types_apart():
    """1, 1.0 and True are equal, and have different keys."""
    assert len({by_value(Holder(one)) for one in (1, 1.0, True, Fraction(1))}) == 4


def test_what_was_asked_for_last_is_kept():
    """Of three things, in a room for two, the one is forgotten that was not asked for."""
    shared, made = Shared[str](2, largest=9), []

    def ask(key):
        return shared.of(key, lambda: made.append(key) or str(key))

    for key in (1, 2, 1, 3, 1, 2):
        assert ask(key) == str(key)
    assert made == [1, 2, 3, 2]


def test_what_is_too_large_is_made_for_whoever_asks():
    """A thing above the greatest size is not kept."""
    shared = Shared[list](2, largest=2)
    assert shared.of(1, lambda: [1, 2, 3]) is not shared.of(1, lambda: [1, 2, 3])
    assert len(shared) == 0


def test_what_cannot_be_made_leaves_nothing():
    """An error is whoever asks's; the next one may succeed."""
    shared = Shared[str](2, largest=9)
    with pytest.raises(ZeroDivisionError):
        shared.of(1, lambda: str(1 / 0))
    assert shared.of(1, lambda: "one") == "one"


def test_threads_get_the_same_thing():
    """Two threads that make the same thing at once get one of the two, both of them."""
    shared, both = Shared[list](2, largest=9), Barrier(2)

    def make():
        both.wait(10)
        return []

    with ThreadPoolExecutor(2) as threads:
        one, another = threads.map(lambda _: shared.of(1, make), range(2))
    assert one is another


def test_what_is_kept_has_a_size():
    """What was asked for first goes where all together are too large, and the last one stays however large it is."""
    words = Shared[str](10, largest=5, total=6)
    for word in ("one", "two", "three"):
        words.of(word, word.upper)
    assert len(words) == 1
    assert words.of("three", str) == "THREE"
