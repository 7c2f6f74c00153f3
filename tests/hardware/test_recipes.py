"""Recipes of every form, from the map to the proof, against enumeration."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from toy_maps import STEP, TOYS, Graded, Toy, Twins, enumerated, states_of

from lpdistill import (
    Dynamics,
    ModelError,
    NotCertifiedError,
    Problem,
    RawPairOnly,
    Rule,
    baseline,
    history,
    read_policy,
    sensitivity,
    simulate,
    solve,
    write_policy,
)
from lpdistill.export.graphs import draw
from lpdistill.export.models import written_out
from lpdistill.hardware.actions import word
from lpdistill.hardware.recipes import Duration, Outcome, Recipe
from lpdistill.physics.maps import Combination
from lpdistill.process.factored.size import Size
from lpdistill.solution.level_picture import draw_levels
from lpdistill.solution.wording import words_of
from symbolic import certify, check, waiting_time

toys = pytest.mark.parametrize("name", TOYS)


@toys
def test_optimum_is_that_of_the_enumeration(name):
    """Recipes of two and three pairs, of several outcomes and in either order have the optimum of brute force."""
    problem = TOYS[name]
    solution, chain = solve(problem), enumerated(problem)
    exact = certify(solution).waiting_time
    assert exact == chain.time
    assert solution.lower_bound <= exact <= solution.upper_bound
    assert waiting_time(problem, solution.policy) == exact


@toys
def test_values_are_those_of_the_enumeration(name):
    """So are the values of all configurations; each level is the state that brute force has at its place."""
    problem = TOYS[name]
    assert [level.state for level in problem.levels] == states_of(problem)
    solution = solve(problem)
    for counts, value in enumerated(problem).optimum[1].items():
        assert solution.values[counts] == pytest.approx(float(value), rel=1e-10)


@toys
def test_written_out_they_are_those_of_the_enumeration(name):
    """Every step of the enumeration is a choice that is written out, and no other; probabilities are equal."""
    problem = TOYS[name]
    chain, written = enumerated(problem), written_out(problem)
    numbers = {tuple(counts): number for number, counts in enumerate(written.states)} | {"target": len(written.states)}
    found: dict[int, set[object]] = {}
    for row in written.rows:
        found.setdefault(row.state, set()).add((row.amounts["time"], frozenset(row.outcomes.items())))
    for counts, steps in chain.steps.items():
        moves = {
            (step.cost, frozenset((numbers[after], chance) for after, chance in step.moves.items()))
            for step in steps.values()
        }
        assert found[numbers[counts]] == moves


@toys
def test_sizes_are_known_before(name):
    """The numbers of columns and matchings of a program have closed forms for recipes of every size."""
    dynamics = Dynamics(TOYS[name], "all")
    size = Size.of(dynamics.kernel.repertoire)
    assert size.columns == dynamics.numbering.size
    matchings = dynamics.kernel.matchings
    assert size.matchings == matchings.size
    assert (matchings.listed @ matchings.consumption).sum(axis=1).max() <= dynamics.problem.memories


@toys
def test_columns_are_found_by_their_actions(name):
    """Every action names its column, whatever it distils, in one word and in words that no other has."""
    dynamics = Dynamics(TOYS[name], "all")
    columns = dynamics.columns
    actions, owners = dynamics.names.actions(columns), dynamics.numbering.describe(columns).configuration
    assert dynamics.names.find(owners, actions).tolist() == columns.tolist()
    words = words_of(dynamics)
    told = {(owner, words.action(action)) for owner, action in zip(owners.tolist(), actions, strict=True)}
    assert (
        len(told) == len({(owner, word(a)) for owner, a in zip(owners.tolist(), actions, strict=True)}) == len(columns)
    )


@toys
def test_prices_are_those_of_the_columns(name):
    """Pricing all columns at once and writing each out give the same values."""
    dynamics = Dynamics(TOYS[name], "all")
    values = np.random.default_rng(3).random(dynamics.size)
    choice = dynamics.choose(dynamics.columns)
    least = np.full(dynamics.size, np.inf)
    np.minimum.at(least, choice.configuration, choice.action_values(values))
    assert dynamics.price(values).best == pytest.approx(least, rel=1e-12)
    total = choice.reaching + choice.staying + np.asarray(choice.moves.sum(axis=1)).ravel()
    assert total == pytest.approx(1, rel=1e-12)


@toys
@pytest.mark.parametrize("policy", ["pumping", "nested", "greedy"])
def test_baselines_take_recipes_of_every_size(name, policy):
    """Policies in a fixed order take what there is, and are evaluated, exactly, as in the enumeration."""
    problem = TOYS[name]
    found, chain = baseline(problem, policy), enumerated(problem)
    named = {}
    for counts in chain.steps:
        (decision,) = found[counts]
        orders = sorted((order[::-1] for order in decision.action.distil), key=lambda order: (len(order), order))
        named[counts] = tuple(orders), decision.action.generate
    if not chain.stuck(named):
        assert waiting_time(problem, found) == chain.evaluate(named)[chain.start]
        assert found.waiting_time >= solve(problem).lower_bound


@toys
def test_simulation_agrees(name):
    """Memories with names, every distillation a coin of its own, take as long as the program says."""
    problem = TOYS[name]
    found, expected = simulate(solve(problem), 4000, seed=5), solve(problem)
    assert found.waiting_time.lower <= expected.waiting_time <= found.waiting_time.upper
    assert found.expected["distillations"].lower <= expected.expected.distillations
    assert expected.expected.distillations <= found.expected["distillations"].upper


def test_the_state_graph_has_the_same_optimum():
    """The state graph of recipes of every size is solved like any other."""
    for problem in TOYS.values():
        assert solve(problem.graph()).waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-9)


def test_which_pair_is_kept_is_part_of_an_action():
    """Where it matters which pair is kept, both orders are actions, of which a policy may take either."""
    problem = TOYS["sided"]
    times = []
    for order in ((0, 1), (1, 0)):
        other = Rule(lambda step, order=order: order[::-1] not in step.distil)
        found = solve(problem.with_constraints(other))
        times.append(certify(found).waiting_time)
    assert times[0] != times[1]
    assert min(times) >= certify(solve(problem)).waiting_time


def test_a_derivative_by_success_needs_one_success():
    """Where success may leave different pairs, a derivative by f0 is refused for the recipe that it has none of."""
    with pytest.raises(ModelError, match="recipe d0_0_0: has several ways to succeed"):
        sensitivity(solve(TOYS["three into one"]))


@toys
def test_certificates_state_their_recipes(name):
    """A certificate for another map states its recipes, and is checked by them; changed ones are found out."""
    problem = TOYS[name]
    claims = certify(solve(problem)).to_dict()
    assert check(claims).waiting_time == enumerated(problem).time
    claims["problem"]["recipes"][0]["outcomes"][0]["probability"] = "1/97"
    claims["problem"]["recipes"][0]["outcomes"][1]["probability"] = "96/97"
    with pytest.raises((NotCertifiedError, ModelError)):
        check(claims)
    with pytest.raises(ModelError, match="has another map than Werner's, which this checker does not know"):
        check({**claims, "problem": {key: told for key, told in claims["problem"].items() if key != "recipes"}})


THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ((Outcome(THIRD, (1,)),), "probabilities that sum to 1"),
        ((Outcome(Fraction(4, 3)), Outcome(-THIRD, (1,))), "probabilities that sum to 1"),
        ((Outcome(THIRD, (0, 0, 1)), Outcome(2 * THIRD)), "not produce more pairs than it consumes"),
    ],
)
def test_recipes_that_cannot_be_are_refused(outcomes, message):
    """Probabilities sum to 1, and nothing comes of nothing."""
    with pytest.raises(ModelError, match=f"recipe d0_1: must .*{message}"):
        Recipe((0, 1), outcomes)


def test_discarding_is_a_recipe():
    """It consumes one pair, leaves nothing, takes no time, and cannot fail to."""
    recipes = Problem("1/2", 4, "3/4", "79/100", discarding=True).recipes
    discards = [recipe for recipe in recipes if recipe.duration is Duration.NONE]
    assert [(recipe.name, recipe.consumed, recipe.outcomes) for recipe in discards] == [
        (f"x{level}", (level,), (Outcome(Fraction(1)),)) for level in range(2)
    ]


def test_twins_have_names_that_differ():
    """Levels of equal fidelity have different names, in words, in tables and as JSON data."""
    problem = TOYS["twins"]
    names = problem.levels.names
    assert len({level.fidelity for level in problem.levels}) < len(names) == len(set(names))
    assert names == ["0.600", "0.700a", "0.650", "0.700b"]
    assert [level.get("name") for level in solve(problem).to_dict()["levels"]] == [None, "0.700a", None, "0.700b"]
    assert words_of(Dynamics(problem)).configuration((0, 1, 0, 2)) == "1 x 0.700a + 2 x 0.700b, 1 empty"


@toys
@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_policies_are_read_back(name, suffix, tmp_path):
    """A policy that distils three pairs, or in either order, is written to a file and read from it as it was."""
    problem = TOYS[name]
    policy = solve(problem).policy
    write_policy(policy, tmp_path / f"policy{suffix}")
    assert dict(read_policy(problem, tmp_path / f"policy{suffix}")) == dict(policy)


@toys
def test_pictures_show_recipes_of_every_size(name):
    """Levels, policies and runs are drawn, whatever is distilled; levels have their names in them."""
    problem = TOYS[name]
    solution = solve(problem)
    assert set(problem.levels.names) <= {text.get_text() for text in draw_levels(problem).texts}
    drawn = solution.policy.plot()
    assert any(problem.levels.names[0] in text.get_text() for text in drawn.texts)
    history(solution, seed=1).plot()


def test_state_graphs_are_drawn_with_names_that_differ():
    """In the picture of a state graph, states that hold pairs of equal fidelity have different names."""
    drawn = draw(Problem("1/2", 2, "3/5", "3/4", distillation=Twins()).graph())
    texts = {text.get_text() for text in drawn.texts}
    assert {"1 x 0.700a", "1 x 0.700b", "2 x 0.700a", "2 x 0.700b"} <= texts


@dataclass(frozen=True)
class Falling(Toy):
    """Of a raw pair and one of level 1, one order gives back the pair that was kept, the other may meet the target."""

    def combine(self, kept, measured):
        if kept.fidelity == measured.fidelity:
            return Combination(Graded(kept.fidelity + STEP), Fraction(1, 2))
        if kept.fidelity > measured.fidelity:
            return Combination(kept, Fraction(1))
        return Combination(Graded(measured.fidelity + STEP), Fraction(1, 2))


@pytest.mark.parametrize("method", ["simplex", "columns"])
def test_an_order_that_leads_nowhere_is_no_start(method):
    """Where one of two orders goes in circles for ever, the optimum is found all the same, whatever the method."""
    problem = Problem("1/2", 2, "3/5", "69/100", distillation=Falling())
    assert solve(problem, method=method).waiting_time == pytest.approx(float(enumerated(problem).time), rel=1e-12)


def test_a_raw_pair_may_lie_between_the_others():
    """Of three pairs, the raw one need be neither the lowest nor the highest for the rule that asks for one."""
    rule = RawPairOnly()
    assert [rule.allows_levels(levels, 1) for levels in ((0, 1, 2), (0, 2), (1, 1), (0, 0, 2))] == [
        True,
        False,
        True,
        False,
    ]
