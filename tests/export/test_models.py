"""Decision processes as DRN and PRISM files, read by small readers and held against the enumerated model."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

import pytest
from cases import SMALL
from constrained_cases import deed_of, hardware, structural, users
from constrained_oracle import STANDARD, amount, everything, filtered
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle import TARGET, Chain, Hardware, Step

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    LimitError,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    Rule,
    solve,
)
from lpdistill.export.models import write_drn, write_prism

THREE = Problem("1/2", 3, "3/4", "79/100")
FOUR = Problem("7/10", 4, "9/10", "94/100")


def anything(_counts, _deed):
    """Allows everything."""
    return True


def all_of(problem, allowed=anything):
    """The enumerated model of a problem, the allowed deeds alone."""
    return filtered(everything(Hardware.of(problem), discarding=problem.discarding), allowed)


CASES = {
    **{name: (problem, all_of) for name, problem in SMALL.items()},
    "discarding": (THREE.replace(discarding=True), all_of),
    "a budget on attempts": (THREE.with_constraints(Budget("generation_attempts", 11)), all_of),
    "one distillation at a time": (
        FOUR.with_constraints(MaxDistillations(1)),
        lambda problem: all_of(problem, lambda _, deed: len(deed[0]) <= 1),
    ),
    "only equal levels": (
        FOUR.with_constraints(EqualLevelsOnly()),
        lambda problem: all_of(problem, lambda _, deed: all(a == b for a, b in deed[0])),
    ),
    "only with a raw pair, discarding": (
        THREE.with_constraints(RawPairOnly()).replace(discarding=True),
        lambda problem: all_of(problem, lambda _, deed: all(a == 0 for a, _ in deed[0])),
    ),
    "two attempts": (
        FOUR.with_constraints(MaxAttempts(2)),
        lambda problem: all_of(problem, lambda _, deed: deed[1] <= 2),
    ),
    "no generation while distilling, discarding": (
        THREE.with_constraints(NoGenerationWhileDistilling()).replace(discarding=True),
        lambda problem: all_of(problem, lambda _, deed: not (deed[0] and deed[1])),
    ),
    "a rule of the user's": (
        THREE.with_constraints(Rule(lambda step: not step.distil or step.stored > 2, name="full")),
        lambda problem: all_of(problem, lambda counts, deed: not deed[0] or sum(counts) > 2),
    ),
    "a dead end among the configurations": (
        THREE.with_constraints(Rule(lambda step: step.counts != (0, 3) or not step.distil, name="not then")),
        lambda problem: all_of(problem, lambda counts, deed: counts != (0, 3) or not deed[0]),
    ),
    "a dead end after all others": (
        THREE.with_constraints(Rule(lambda step: step.counts != (3, 0) or not step.distil, name="not then")),
        lambda problem: all_of(problem, lambda counts, deed: counts != (3, 0) or not deed[0]),
    ),
    "no policy at all": (
        Problem("1/2", 2, "3/4", "79/100").with_constraints(EqualLevelsOnly()),
        lambda problem: all_of(problem, lambda _, deed: all(a == b for a, b in deed[0])),
    ),
}
"""Problems, and the enumerated model that their files must hold."""

cases = pytest.mark.parametrize(("problem", "chain_of"), CASES.values(), ids=CASES)
asked = pytest.mark.parametrize("problem", [problem for problem, _ in CASES.values()], ids=CASES)


class Model(NamedTuple):
    """A decision process in a file: the initial and the target states, and the choices of every state."""

    initial: list[int]
    targets: list[int]
    choices: dict[int, list[tuple[str, dict[str, Fraction], dict[int, Fraction]]]]
    counted: dict[str, int]


def read_drn(file):
    """A DRN file: its first part names rewards and counts, its second lists states, choices and transitions."""
    head, body = file.read_text().split("@model\n")
    sections = dict(re.findall(r"^@([a-z_]+):?[ \n](.*)$", head, flags=re.MULTILINE))
    rewards = sections["reward_models"].split()
    assert (sections["type"], sections["value_type"]) == ("MDP", "rational")
    found = Model([], [], {}, {"states": int(sections["nr_states"]), "choices": int(sections["nr_choices"])})
    for line in body.splitlines():
        words = line.split()
        if words[0] == "state":
            state = int(words[1])
            assert state not in found.choices
            found.choices[state] = []
            found.initial.extend([state] * ("init" in words))
            found.targets.extend([state] * ("target" in words))
        elif words[0] == "action":
            amounts = re.search(r"\[(.*)\]", line)[1].split(",")
            used = dict(zip(rewards, map(Fraction, amounts), strict=True))
            found.choices[state].append((words[1], used, {}))
        else:
            following, probability = line.split(":")
            assert int(following) not in found.choices[state][-1][2]
            found.choices[state][-1][2][int(following)] = Fraction(probability)
    return found


def read_prism(files):
    """PRISM's explicit files; the reward of a choice is that of its transitions, and all have the same."""
    texts = {file.suffix: file.read_text().splitlines() for file in files}
    header, *lines = texts[".tra"]
    counted = dict(zip(("states", "choices", "transitions"), map(int, header.split()), strict=True))
    choices = defaultdict(dict)
    for line in lines:
        state, choice, following, probability, name = line.split()
        of = choices[int(state)].setdefault(int(choice), (name, {}, {}))
        assert of[0] == name
        assert int(following) not in of[2]
        of[2][int(following)] = probability
    rewards, *lines = texts[".trew"]
    counted |= dict(zip(("rewarded states", "rewarded choices", "rewards"), map(int, rewards.split()), strict=True))
    counted["found rewards"] = len(lines)
    for line in lines:
        state, choice, following, reward = line.split()
        _, used, moves = choices[int(state)][int(choice)]
        assert following in map(str, moves)
        assert reward == repr(float(reward))
        assert used.setdefault("time", Fraction(float(reward))) == float(reward)
    names = dict(re.findall(r'(\d+)="(\w+)"', texts[".lab"][0]))
    labelled = {int(state): words.split() for state, words in (line.split(":") for line in texts[".lab"][1:])}
    return Model(
        [state for state, words in labelled.items() if "init" in [names[word] for word in words]],
        [state for state, words in labelled.items() if "target" in [names[word] for word in words]],
        {state: [found[choice] for choice in range(len(found))] for state, found in choices.items()},
        counted,
    )


def deed(name):
    """What the name of a choice says: pairs distilled, attempts, levels discarded."""
    assert re.fullmatch(r"wait|(d\d+_\d+|g\d+|x\d+)(_(d\d+_\d+|g\d+|x\d+))*", name)
    distilled = tuple(sorted((int(a), int(b)) for a, b in re.findall(r"d(\d+)_(\d+)", name)))
    return distilled, sum(map(int, re.findall(r"g(\d+)", name))), tuple(map(int, re.findall(r"x(\d+)", name)))


def configurations(problem):
    """The counts of every numbered state, in the order of a solution's policy; the target comes last."""
    unlimited = problem.replace(rules=(), budgets=())
    return [*solve(unlimited).policy, TARGET]


def written_out(chain, order, number=Fraction):
    """The enumerated model in terms of a file: choices of every numbered state, target included."""
    rank = {counts: i for i, counts in enumerate(order)}
    return {
        rank[counts]: {
            name: (step.cost, {rank[after]: number(chance) for after, chance in step.moves.items()})
            for name, step in deeds.items()
        }
        for counts, deeds in chain.steps.items()
    }


def of_file(model, number=Fraction):
    """The choices in a file, the target's left out."""
    return {
        state: {
            deed(name): (used.get("time", 0), {after: number(chance) for after, chance in moves.items()})
            for name, used, moves in choices
        }
        for state, choices in model.choices.items()
        if state not in model.targets
    }


@cases
def test_drn_is_the_enumerated_process(problem, chain_of, tmp_path):
    """States, actions, durations and probabilities of the DRN file are, as fractions, those of the enumerated model."""
    write_drn(problem, tmp_path / "model.drn")
    assert of_file(read_drn(tmp_path / "model.drn")) == written_out(chain_of(problem), configurations(problem))


@cases
def test_prism_is_the_enumerated_process(problem, chain_of, tmp_path):
    """The PRISM files hold the same, every probability as the double that is nearest."""
    model = read_prism(write_prism(problem, tmp_path / "model.tra"))
    wanted = written_out(chain_of(problem), configurations(problem), lambda chance: repr(float(chance)))
    assert of_file(model, str) == {
        state: {name: (Fraction(float(cost)), moves) for name, (cost, moves) in deeds.items()}
        for state, deeds in wanted.items()
    }


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hardware(most_memories=3, most_levels=2), st.data())
def test_drn_under_random_rules_holds_only_and_all_that_they_allow(tmp_path, problem, data):
    """Under random rules the actions of the file are those of the enumerated model that the rules allow."""
    kinds = structural(problem.memories) | users(problem.memories)
    rules = data.draw(st.lists(kinds, min_size=1, max_size=2))
    restricted = problem.replace(rules=[rule for rule, _ in rules])
    chain = all_of(restricted, lambda counts, deed: all(allowed(counts, deed) for _, allowed in rules))
    assume(all(chain.steps.values()))
    write_drn(restricted, tmp_path / "model.drn")
    assert of_file(read_drn(tmp_path / "model.drn")) == written_out(chain, configurations(restricted))


@asked
@pytest.mark.parametrize("kind", ["drn", "prism"])
def test_every_configuration_is_a_state_with_a_choice(problem, kind, tmp_path):
    """States are numbered without gaps, and each has a choice, dead ends included: tools refuse deadlocks."""
    if kind == "drn":
        write_drn(problem, tmp_path / "model.drn")
        model = read_drn(tmp_path / "model.drn")
    else:
        model = read_prism(write_prism(problem, tmp_path / "model.tra"))
    assert [state for state, choices in model.choices.items() if choices] == list(range(len(configurations(problem))))


@asked
def test_drn_probabilities_sum_to_one(problem, tmp_path):
    """The outcomes of every choice are certain together, exactly, and none is impossible."""
    write_drn(problem, tmp_path / "model.drn")
    for choices in read_drn(tmp_path / "model.drn").choices.values():
        for _, _, moves in choices:
            assert sum(moves.values()) == 1
            assert min(moves.values()) > 0


@asked
def test_drn_counts_what_it_holds(problem, tmp_path):
    """The numbers of states and choices in the head of the file are those of its body."""
    write_drn(problem, tmp_path / "model.drn")
    model = read_drn(tmp_path / "model.drn")
    assert model.counted == {"states": len(model.choices), "choices": sum(map(len, model.choices.values()))}


@asked
def test_prism_counts_what_it_holds(problem, tmp_path):
    """The heads of the transition and reward files count states, choices, and their lines."""
    model = read_prism(write_prism(problem, tmp_path / "model.tra"))
    states, choices = len(model.choices), sum(map(len, model.choices.values()))
    transitions = sum(len(moves) for found in model.choices.values() for _, _, moves in found)
    assert model.counted == {
        "states": states,
        "choices": choices,
        "transitions": transitions,
        "rewarded states": states,
        "rewarded choices": choices,
        "rewards": model.counted["found rewards"],
        "found rewards": model.counted["found rewards"],
    }


@asked
@pytest.mark.parametrize("kind", ["drn", "prism"])
def test_files_start_empty_and_end_in_the_target(problem, kind, tmp_path):
    """Empty memories are the only initial state, and the last state is the only target, which is never left."""
    if kind == "drn":
        write_drn(problem, tmp_path / "model.drn")
        model = read_drn(tmp_path / "model.drn")
    else:
        model = read_prism(write_prism(problem, tmp_path / "model.tra"))
    last = model.counted["states"] - 1
    ((_, used, moves),) = model.choices[last]
    assert (model.initial, model.targets) == ([0], [last])
    assert {following: float(chance) for following, chance in moves.items()} == {last: 1.0}
    assert not any(used.values())


@pytest.mark.parametrize("name", ["three memories, three levels", "discarding", "a budget on attempts"])
def test_drn_says_what_actions_use(name, tmp_path):
    """The rewards of the DRN file besides time are the standard resources, exactly as the enumerated model has them."""
    problem, _ = CASES[name]
    order = configurations(problem)
    write_drn(problem, tmp_path / "model.drn")
    model = read_drn(tmp_path / "model.drn")
    for state, choices in model.choices.items():
        for action, used, _ in choices if state not in model.targets else []:
            wanted = {r: amount(Hardware.of(problem), r, order[state], deed(action)) for r in STANDARD}
            assert {r: v for r, v in used.items() if r != "time"} == wanted


def test_prism_states_say_what_is_stored(tmp_path):
    """The state file gives every numbered state the counts of its configuration, and marks the target."""
    files = write_prism(THREE, tmp_path / "model.tra")
    (sta,) = [file for file in files if file.suffix == ".sta"]
    header, *lines = sta.read_text().splitlines()
    assert header == "(target,n0,n1)"
    order = configurations(THREE)
    found = dict(re.fullmatch(r"(\d+):\((.*)\)", line).groups() for line in lines)
    wanted = {str(i): "0," + ",".join(map(str, counts)) for i, counts in enumerate(order[:-1])}
    assert found == wanted | {str(len(order) - 1): "1,0,0"}


def test_rewards_count_the_last_step_in_either_convention(tmp_path):
    """Files hold durations of steps: with the last step free they are the same, byte for byte."""
    write_drn(THREE, tmp_path / "charged.drn")
    write_drn(THREE.replace(final_step="free"), tmp_path / "free.drn")
    assert (tmp_path / "free.drn").read_bytes() == (tmp_path / "charged.drn").read_bytes()


def test_prism_names_the_files_it_writes(tmp_path):
    """The paths returned are the four files, which are all that is in the folder."""
    files = write_prism(THREE, tmp_path / "model.tra")
    assert {file.suffix for file in files} == {".sta", ".tra", ".lab", ".trew"}
    assert sorted(files) == sorted(tmp_path.iterdir())


def test_the_optimum_of_the_drn_lies_within_the_bounds(tmp_path):
    """Exact policy iteration on the process of the DRN file alone ends within what the package proves."""
    problem = SMALL["four memories"]
    write_drn(problem, tmp_path / "model.drn")
    read = of_file(read_drn(tmp_path / "model.drn"))
    chain = Chain(
        0,
        {
            state: {
                name: Step(cost, {TARGET if after == len(read) else after: chance for after, chance in moves.items()})
                for name, (cost, moves) in deeds.items()
            }
            for state, deeds in read.items()
        },
    )
    solution = solve(problem)
    assert Fraction(solution.lower_bound) <= chain.time <= Fraction(solution.upper_bound)


def test_names_of_actions_are_those_of_the_policy(tmp_path):
    """Every action that the optimal policy takes is a choice of its state in the file."""
    problem = THREE.with_constraints(Budget("generation_attempts", 11))
    order = configurations(problem)
    write_drn(problem, tmp_path / "model.drn")
    choices = read_drn(tmp_path / "model.drn").choices
    for counts, decisions in solve(problem).policy.items():
        named = {deed(name) for name, _, _ in choices[order.index(counts)]}
        assert {deed_of(decision.action) for decision in decisions} <= named


@pytest.mark.parametrize("write", [write_drn, write_prism], ids=["drn", "prism"])
def test_a_missing_folder_is_named(write, tmp_path):
    """A path in no folder is one error that repeats the path."""
    with pytest.raises(ModelError, match="nowhere"):
        write(THREE, tmp_path / "nowhere" / "model.drn")


@pytest.mark.parametrize("write", [write_drn, write_prism], ids=["drn", "prism"])
def test_a_process_too_large_is_refused_with_its_size(write, tmp_path):
    """What fits no memory is refused before anything is written, with its size."""
    with pytest.raises(LimitError) as caught:
        write(Problem("1/2", 100, "9/10", "94/100"), tmp_path / ("model.drn" if write is write_drn else "model.tra"))
    assert caught.value.size["columns"] > 10**9
    assert not list(tmp_path.iterdir())
