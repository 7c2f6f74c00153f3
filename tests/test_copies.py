"""Every public object survives pickling, copying and the way to another process."""

from __future__ import annotations

import contextlib
import copy
import inspect
import multiprocessing
import pickle
from functools import cache

import pytest
from cases import solved

import lpdistill
import symbolic
from lpdistill import (
    Action,
    Attempts,
    Banded,
    Budget,
    Code,
    Coherence,
    Decision,
    Dejmps,
    Deviations,
    DoNotDistilError,
    Dynamics,
    EqualLevelsOnly,
    FinalStep,
    Grid,
    Hardware,
    ImproperPolicyError,
    InfeasibleError,
    InfiniteLevelsError,
    Installation,
    LimitError,
    Link,
    LinkObjective,
    LpdistillError,
    MaxAttempts,
    MaxDistillations,
    Method,
    ModelError,
    ModelTypeError,
    NoGenerationWhileDistilling,
    Noise,
    NotCertifiedError,
    OccupationProgram,
    Problem,
    RawPairOnly,
    Resource,
    Rule,
    Size,
    UnreachableTargetError,
    Visits,
    Werner,
    WorkerError,
    acceptance_plan,
    acceptance_verdict,
    adapt,
    average_delivery,
    baseline,
    compare,
    deadline,
    deadline_frontier,
    deploy,
    differences,
    distribution,
    force,
    frontier,
    hashing,
    history,
    increments,
    key_rate,
    least_time_within,
    neighbours,
    plan,
    policy_table,
    rate_frontier,
    rate_sensitivity,
    regret_curve,
    reproduce,
    robust,
    sensitivity,
    sequential_verdict,
    simulate,
    simulate_rate,
    simulated_telemetry,
    solve,
    standby,
    sweep,
    throughput,
    validity,
    variability,
    watch,
)
from lpdistill.process.resources import REACHING
from symbolic import (
    AlgebraicNumber,
    Axis,
    ProblemFormulas,
    Quantity,
    Scope,
    certify,
    certify_rate,
    check,
    level_range,
    levels,
    noisy_distillation,
    policy_map,
    waiting_time_in_p,
)

TWO = Problem("1/2", 2, "3/4", "79/100")
LIMITED = Problem("1/2", 3, "3/4", "79/100").with_constraints(MaxDistillations(1), Budget("generation_attempts", 11))
LIMITS = {"target": 0.9, "pumping_limit": 0.8, "memory_limit": 0.85}


def stored(step):
    """What a step leaves alone: a resource, and a rule, of a user's module."""
    return step.stored


def busy(step):
    """Forbids to wait while all memories are full."""
    return bool(step.distil or step.generate)


@cache
def mapped():
    """A map with breakpoints."""
    return policy_map(Problem(1, 4, "3/4", "79/100"))


PUBLIC = {
    "AcceptancePlan": lambda: acceptance_plan("0.9", "0.95", problem=TWO),
    "AcceptanceVerdict": lambda: acceptance_verdict("0.9", 345, 361),
    "Action": lambda: Action(((0, 1),), 1),
    "Adaptation": lambda: adapt(TWO, 100, 40, in_use=1),
    "Attempts": lambda: Attempts.ALL,
    "AverageDelivery": lambda: average_delivery(Problem("1/2", 2, "3/4", average_fidelity="79/100")),
    "Banded": lambda: Banded(1),
    "Budget": lambda: Budget("steps", 9, least=1),
    "Chain": solved(TWO).policy.to_chain,
    "Code": lambda: Code(("IXX", "ZZZ")),
    "Coherence": lambda: Coherence(100),
    "Combination": lambda: next(iter(TWO.levels.combinations.values())),
    "Comparison": lambda: compare(TWO),
    "Deadline": lambda: deadline(TWO, 10),
    "DeadlineFrontier": lambda: deadline_frontier(TWO, 24),
    "Decision": lambda: Decision(Action((), 2), 0.5),
    "Dejmps": Dejmps,
    "Deviations": lambda: Deviations(p="0.45", jitter="1/10"),
    "Differences": lambda: differences(solved(TWO).policy, baseline(TWO, "pumping")),
    "DistillationMap": lambda: TWO.distillation,
    "Distribution": lambda: distribution(solved(TWO).policy),
    "DoNotDistilError": lambda: DoNotDistilError("too noisy", helps_from=0.99, reaches_from=None, **LIMITS),
    "Dynamics": lambda: Dynamics(LIMITED),
    "EqualLevelsOnly": EqualLevelsOnly,
    "Explanation": lambda: solved(TWO).explain((2, 0)),
    "FinalStep": lambda: FinalStep.FREE,
    "Frontier": lambda: frontier(TWO, "generation_attempts"),
    "Grid": lambda: Grid(TWO, p="0.3,0.5", max_distillations="none,1"),
    "Hardware": lambda: LIMITED.hardware,
    "HardwarePlan": lambda: plan(TWO, {"waiting_time": 20}, {"p": {"values": "1/2,3/4", "price": 1}}),
    "Hashing": lambda: hashing("0.9", pairs=10),
    "History": lambda: history(solved(TWO).policy, seed=3),
    "ImproperPolicyError": lambda: ImproperPolicyError("a deadlock", deadlock=((1, 1),)),
    "Increments": lambda: increments(solved(TWO)),
    "InfeasibleError": lambda: InfeasibleError("none", conflict=(Rule(busy),), workable={"steps": 3.5}),
    "InfiniteLevelsError": lambda: InfiniteLevelsError("too many", **LIMITS),
    "Intervention": lambda: force(solved(TWO), (2, 0), Action(((0, 0),))),
    "Law": lambda: throughput(TWO).law,
    "Levels": lambda: TWO.levels,
    "LimitError": lambda: LimitError("too large", size={"columns": 10}),
    "LpdistillError": lambda: LpdistillError("an error"),
    "MaxAttempts": lambda: MaxAttempts(2),
    "MaxDistillations": lambda: MaxDistillations(1),
    "Link": lambda: Link.of(solved(TWO).policy),
    "Method": lambda: Method.COLUMNS,
    "ModelError": lambda: ModelError("p", "must be a probability", 2),
    "ModelTypeError": lambda: ModelTypeError("p", "must be a number", [2]),
    "KeyRate": lambda: key_rate(Hardware("1/10", 2, "17/20")),
    "Neighbours": lambda: neighbours(solved(LIMITED), "generation_attempts"),
    "Noise": lambda: Noise("0.99", "0.995"),
    "NoGenerationWhileDistilling": NoGenerationWhileDistilling,
    "NotCertifiedError": lambda: NotCertifiedError("no proof"),
    "OccupationProgram": lambda: OccupationProgram.of(Dynamics(LIMITED), budgets=LIMITED.budgets),
    "Deployment": lambda: deploy(TWO, link="delft"),
    "Installation": lambda: Installation(workers=3),
    "LinkObjective": lambda: LinkObjective(30, "0.9"),
    "Policy": lambda: solved(LIMITED).policy,
    "PolicyTable": lambda: policy_table(TWO),
    "Problem": lambda: LIMITED.replace(rules=[Rule(busy)], budgets=[Budget(Resource("stored", stored), 99)]),
    "RateSimulation": lambda: simulate_rate(throughput(TWO), 50_000, seed=1),
    "RawPairOnly": RawPairOnly,
    "Reach": lambda: TWO.reach,
    "RateFrontier": lambda: rate_frontier(Hardware("1/10", 2, "17/20"), worth="bb84"),
    "RateSensitivity": lambda: rate_sensitivity(throughput(TWO)),
    "RegretCurve": lambda: regret_curve(solved(TWO), span=("0.4", "0.6"), points=5),
    "Record": lambda: simulated_telemetry(solved(TWO), 20, seed=1)[0],
    "Repertoire": lambda: Dynamics(LIMITED).kernel.repertoire,
    "Reproduction": lambda: reproduce(search=False),
    "Resource": lambda: Resource("stored", stored),
    "Robust": lambda: robust(TWO, ("0.4", "0.6")),
    "Rule": lambda: Rule(busy, name="busy"),
    "Sensitivity": lambda: sensitivity(solved(TWO)),
    "SequentialVerdict": lambda: sequential_verdict("0.9", "0.95", "1101" * 20),
    "ServiceLevel": lambda: least_time_within(TWO, 24, "0.8"),
    "Simulation": lambda: simulate(solved(TWO).policy, 50, seed=1),
    "Size": lambda: Size.of(Dynamics(LIMITED).kernel.repertoire),
    "Solution": lambda: solved(LIMITED),
    "Standby": lambda: standby(TWO, 2, "1/20"),
    "Status": lambda: solved(TWO).status,
    "Step": lambda: next(iter(Dynamics(TWO).kernel.steps(Dynamics(TWO).columns, "test"))),
    "Sweep": lambda: sweep(Grid(TWO, p="0.4,0.5"), ["optimal", "nested"], store=None, jobs=1),
    "Throughput": lambda: throughput(TWO),
    "UnreachableTargetError": lambda: UnreachableTargetError("too far", **LIMITS),
    "Validity": lambda: validity(solved(TWO)),
    "Variability": lambda: variability(solved(TWO)),
    "Visits": lambda: Visits([(2, 0)]),
    "Watch": lambda: watch(solved(TWO), simulated_telemetry(solved(TWO), 50, seed=1)),
    "Werner": Werner,
    "WorkerError": lambda: WorkerError("a worker died"),
    "AlgebraicNumber": lambda: mapped().breakpoints[0].value,
    "Axis": lambda: Axis.RATIO,
    "BracketCertificate": lambda: certify(solved(Problem("1/2", 3, "4/5", "22/25"))),
    "Breakpoint": lambda: mapped().breakpoints[0],
    "Certificate": lambda: certify(solved(TWO)),
    "Checked": lambda: check(certify(solved(TWO)).to_dict()),
    "CheckedRate": lambda: check(certify_rate(throughput(TWO)).to_dict()),
    "NoisyDistillation": noisy_distillation,
    "Piece": lambda: mapped().pieces[0],
    "PolicyMap": mapped,
    "ProblemFormulas": lambda: ProblemFormulas.of(TWO),
    "Quantity": lambda: Quantity.GAIN,
    "RateBracket": lambda: certify_rate(throughput(Problem("1/2", 3, "4/5", "22/25"))),
    "RateCertificate": lambda: certify_rate(throughput(TWO)),
    "RationalFunction": lambda: mapped().pieces[0].waiting_time,
    "Scope": lambda: next(iter(Scope)),
}
"""An object of every public class, in as many cases as there are classes."""

OTHERS = {
    "levels as formulas": lambda: levels(raw_pairs=4),
    "a range of levels": lambda: level_range("3/4", gap="1/25"),
    "a function of p": lambda: waiting_time_in_p(TWO),
    "a standard resource": lambda: Budget("steps", 3).resource,
    "the chance to reach the target": lambda: REACHING,
    "a state graph's solution": lambda: solve(TWO.graph()),
    "a state graph's policy": lambda: solve(TWO.graph()).policy,
    "a verification": lambda: solved(LIMITED).verify(),
    "a policy at a deadline": lambda: deadline(TWO, 10).policy,
    "a simulation with deviations": lambda: simulate(solved(TWO).policy, 50, seed=1, deviations=Deviations(f0="0.74")),
}
"""Objects that public functions return besides."""

objects = pytest.mark.parametrize("name", [*PUBLIC, *OTHERS])


@cache
def made(name):
    """One of the objects, made once for all tests."""
    return (PUBLIC | OTHERS)[name]()


def used(thing):
    """An object whose properties have all been read, so that whatever it keeps of them is there."""
    for name in dir(type(thing)):
        if not name.startswith("__") and not callable(inspect.getattr_static(type(thing), name, None)):
            with contextlib.suppress(LpdistillError, AttributeError):
                getattr(thing, name)
    return thing


def answer(thing):
    """What an object says: its document, or the way it is printed with what it carries."""
    if hasattr(thing, "to_dict") and not isinstance(thing, AlgebraicNumber):
        return thing.to_dict()
    return repr(thing), str(thing), repr(vars(thing)) if isinstance(thing, LpdistillError) else None


def public(kind):
    """The public names of one kind."""
    return {name for package in (lpdistill, symbolic) for name in package.__all__ if kind(getattr(package, name))}


def test_no_public_class_is_forgotten():
    """There is an object of every public class, and it is an instance of that class."""
    assert public(inspect.isclass) == PUBLIC.keys()


@pytest.mark.parametrize("name", sorted(public(inspect.isfunction)))
def test_functions_are_pickled_by_name(name):
    """A public function is the same function after pickling."""
    function = getattr(lpdistill, name, None) or getattr(symbolic, name)
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301 - pickled a moment ago


@objects
def test_pickled_objects_say_the_same(name):
    """An object says the same after pickling."""
    thing = made(name)
    again = pickle.loads(pickle.dumps(thing))  # noqa: S301 - pickled a moment ago
    assert type(again) is type(thing)
    assert answer(again) == answer(thing)


@objects
def test_pickled_objects_work(name):
    """All that an object can compute is computed by its pickled copy, which can be pickled then, too."""
    again = used(pickle.loads(pickle.dumps(made(name))))  # noqa: S301 - pickled a moment ago
    assert answer(pickle.loads(pickle.dumps(again))) == answer(made(name))  # noqa: S301


@objects
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copied_objects_say_the_same(name, copied):
    """A copy, shallow or deep, says what the original says."""
    assert answer(copied(made(name))) == answer(made(name))


@objects
def test_objects_are_compared_without_an_error(name):
    """An object equals itself, and comparing it with a copy is a truth value."""
    thing = made(name)
    assert thing == thing  # noqa: PLR0124 - that is the claim
    assert (thing == copy.deepcopy(thing)) in {True, False}


EQUAL = ("Action", "Budget", "Dynamics", "Levels", "Problem", "Resource", "Rule", "Step", "Visits", "Werner")


@pytest.mark.parametrize("name", EQUAL)
def test_what_describes_a_problem_is_equal_after_pickling(name):
    """Problems, and what they are made of, rules and resources of a user's module among it, equal their copies."""
    thing = made(name)
    again = pickle.loads(pickle.dumps(thing))  # noqa: S301 - pickled a moment ago
    assert again == thing
    assert hash(again) == hash(thing)


def test_budgets_on_a_pickled_resource_hold_together():
    """A resource that comes back from another process is the same resource to budgets."""
    resource = made("Resource")
    again = pickle.loads(pickle.dumps(resource))  # noqa: S301 - pickled a moment ago
    both = TWO.with_constraints(Budget(resource, 99), Budget(again, 98))
    assert both.budgets == (Budget(resource, 98),)


def test_objects_travel_to_another_process_and_back():
    """Another process, which begins with nothing, reads every object, and it says the same when it is back."""
    things = list(map(made, (*PUBLIC, *OTHERS)))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        again = pool.map(copy.copy, things)
    assert [answer(thing) for thing in again] == [answer(thing) for thing in things]
