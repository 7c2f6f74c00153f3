"""Noise, DEJMPS and codes: numbers of references, limits, and what users are told."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lpdistill import (
    Dejmps,
    LimitError,
    ModelError,
    Noise,
    Problem,
    UnreachableTargetError,
    load_problem,
    simulate,
    solve,
    sweep,
)
from lpdistill.physics.codes import BEST, Code, protocols_of, stated
from lpdistill.physics.dejmps import BellDiagonalPair, shares_of
from lpdistill.physics.levels import together
from lpdistill.physics.werner import (
    Werner,
    WernerPair,
    least_gates,
    pumping_limit,
    raw_fidelity_with_limit,
    useful_range,
)
from lpdistill.requests import levels
from symbolic import certify, check


@pytest.mark.parametrize(
    ("quality", "least", "greatest", "limit", "dejmps"),
    [
        ("999/1000", 0.504288007, 0.997718009, 0.941986878, 0.998736105),
        ("99/100", 0.546859834, 0.973756576, 0.928112609, 0.985962164),
    ],
)
def test_noise_bounds_fidelity(quality, least, greatest, limit, dejmps):
    """The useful range, the pumping limit of .9, and what nested DEJMPS reaches, at most so good gates and readouts."""
    noise = Noise(quality, quality)
    assert useful_range(noise) == pytest.approx((least, greatest), abs=1e-9)
    assert pumping_limit(0.9, noise) == pytest.approx(limit, abs=1e-9)
    pair, known = BellDiagonalPair(tuple(map(float, (0.9, 0.1 / 3, 0.1 / 3, 0.1 / 3)))), Dejmps(noise=noise)
    highest = 0
    for _ in range(200):
        pair = known.combine(pair, pair).state
        highest = max(highest, pair.fidelity)
    assert highest == pytest.approx(dejmps, abs=1e-9)


def test_perfect_readout_needs_gates_above_a_threshold():
    """With perfect readout distillation helps at all iff p2 of both nodes is above the root of .9."""
    for g, helps in ((Fraction(901, 1000), True), (Fraction(899, 1000), False)):
        assert (useful_range(Noise((g, 1))) is not None) == helps


def test_readout_alone_leaves_fidelity_one():
    """Readout errors leave the greatest fidelity at 1 and raise the least useful w to (2 - s)/(3 s)."""
    noise = Noise(readout="0.9")
    s = noise.contrast
    low, high = useful_range(noise)
    assert high == pytest.approx(1)
    assert low == pytest.approx(float((3 * (2 - s) / (3 * s) + 1) / 4))


@pytest.mark.parametrize("noise", [Noise(), Noise("99/100", "99/100"), Noise(("1", "19/20"), "9/10")], ids=str)
def test_the_raw_fidelity_with_a_limit_is_the_inverse(noise):
    """The rational inverse of the pumping limit, exact as a fixed point of pumping."""
    known = Werner(noise=noise)
    for x in (Fraction(4, 5), Fraction(17, 20)):
        raw = raw_fidelity_with_limit(x, noise)
        assert known.combine(WernerPair(x), WernerPair(raw)).state.fidelity == x or raw > x


def test_least_gates_leave_a_fidelity_as_it_is():
    """With the least gates two equal pairs make one of the same fidelity, with better ones a better one."""
    f0, readout = Fraction(9, 10), Fraction(99, 100)
    g = least_gates(f0, Noise(readout=readout).contrast)
    pair = WernerPair(f0)
    assert Werner(noise=Noise((g, 1), readout)).combine(pair, pair).state.fidelity == f0
    assert Werner(noise=Noise((g + Fraction(1, 10**6), 1), readout)).combine(pair, pair).state.fidelity > f0


@pytest.mark.parametrize(
    ("question", "time"),
    [
        ({"memories": 3, "f0": ".9", "target": ".93"}, 37540363590 / 5024284619),
        ({"memories": 3, "f0": ".9", "target": ".93", "gate": ".999", "readout": ".999"}, 7.506832414908),
        ({"memories": 3, "f0": ".9", "target": ".93", "gate": ".99", "readout": ".99"}, 12.986872091164),
        ({"memories": 2, "f0": ".9", "target": ".94", "distillation": Dejmps()}, 10.702639751552795),
        ({"memories": 3, "f0": ".9", "target": ".96", "distillation": Dejmps()}, 12.766880636204),
        ({"memories": 2, "f0": ".75", "target": ".79", "distillation": Dejmps()}, 816 / 55),
        ({"memories": 2, "f0": ".75", "target": ".79"}, 14.1502890),
        ({"memories": 2, "f0": ".9", "target": ".94"}, 16.138061516160),
        ({"memories": 3, "f0": ".9", "target": ".94", "protocols": 3}, 30375 / 4508),
        ({"memories": 4, "f0": ".9", "target": ".94"}, 9.139),
        ({"memories": 3, "f0": ".75", "target": ".79", "protocols": "2,3"}, 9.506473774537),
    ],
    ids=str,
)
def test_optima_are_those_of_the_reference(question, time):
    """Least waiting times with noise, DEJMPS and codes."""
    digits = len(str(time).partition(".")[2])
    assert solve(Problem("1/2", **question)).waiting_time == pytest.approx(
        time, rel=1e-11, abs=0.5 * 10.0 ** -min(digits, 12)
    )


@pytest.mark.parametrize(("f0", "limit"), [(".6", 0.681134), (".75", 0.863330), (".9", 0.960173)])
def test_pumping_limits_of_dejmps(f0, limit):
    """The fidelity that pumping with Werner pairs approaches."""
    assert Problem("1/2", 2, f0, "99/100", distillation=Dejmps()).reach.pumping_limit == pytest.approx(limit, abs=5e-7)


@pytest.mark.parametrize(("pairs", "success", "fidelity"), [(3, 0.763259259, 0.956521739)])
def test_double_selection(pairs, success, fidelity):
    """The best code of three pairs of fidelity .9."""
    made = Werner(protocols=protocols_of(pairs)).combine(*pairs * [WernerPair(Fraction(9, 10))])
    assert (float(made.success), float(made.state.fidelity)) == pytest.approx((success, fidelity), abs=1e-9)


@pytest.mark.parametrize("pairs", BEST)
def test_codes_are_sums_over_the_stabiliser_group(pairs):
    """Unequal Werner pairs: probability and fidelity are the sums over the group of the reference."""
    code = Code(BEST[pairs])
    fidelities = [Fraction(6 + place, 10) - Fraction(1, 20) for place in range(pairs)]
    success, weights = code.distil([(f, *3 * ((1 - f) / 3,)) for f in fidelities], Noise())
    chance, kept = Fraction(0), Fraction(0)
    for term in code.terms()[0]:
        inside, alike = Fraction(1), Fraction(1)
        for f, letter in zip(fidelities, term.characters, strict=True):
            inside *= (4 * f - 1) / 3 if letter else 1
            alike *= (1 - f) / 3 if letter else f
        chance, kept = chance + inside, kept + alike
    assert success == chance / 2 ** (pairs - 1)
    assert weights[0] == kept / success


@pytest.mark.parametrize(
    "operations",
    [
        {"gate": ".99", "readout": (".98", "1")},
        {"distillation": Dejmps(), "raw": ".9,.02,.03,.05"},
        {"protocols": [2, 3], "gate_fidelity": ".995"},
        {"distillation": Dejmps(), "protocols": [["IXX", "ZZZ"]], "gate": ".99"},
    ],
    ids=str,
)
def test_certificates_and_documents_have_the_operations(operations):
    """What a problem says of itself describes it; its certificate is checked by its recipes, and simulation agrees."""
    problem = Problem("1/2", 3, ".9", ".92", **operations)
    assert Problem.from_dict(problem.to_dict()) == problem
    proof = certify(solve(problem))
    assert check(proof.to_dict()).waiting_time == proof.waiting_time
    found = simulate(solve(problem), 4000, seed=1).waiting_time
    assert found.lower <= float(proof.waiting_time) <= found.upper


def test_perfect_operations_are_those_of_the_paper():
    """Perfect gates and readouts, and Werner weights, are no other problem."""
    problem = Problem("1/2", 3, ".9", ".93")
    assert Problem("1/2", 3, ".9", ".93", gate=1, readout="1,1", protocols=[2]) == problem
    assert Problem("1/2", 3, raw=".9,1/30,1/30,1/30", target=".93") == problem
    assert "gate" not in problem.to_dict()


def test_files_have_a_table_of_operations(tmp_path):
    """Operations may stand in a table of their own, and nothing twice."""
    path = tmp_path / "problem.toml"
    lines = (
        'p = 0.5\nmemories = 3\nf0 = 0.9\ntarget = 0.93\n[operations]\ngate = 0.99\nprotocols = [2, ["IXX", "ZZZ"]]\n'
    )
    path.write_text(lines)
    operations = load_problem(path).hardware.operations
    assert (operations.gate, stated(operations.protocols)) == ((Fraction(99, 100),) * 2, [2, 3])
    path.write_text("gate = 1\n" + lines)
    with pytest.raises(ModelError, match=r"in \[operations\] and outside"):
        load_problem(path)
    path.write_text(lines + "gates = 1\n")
    with pytest.raises(ModelError, match=r"operations: has an unknown key; known are .*gate"):
        load_problem(path)


def test_replacing_f0_keeps_the_bias():
    """Raw pairs of another fidelity have errors of the same shares; other weights bring their own fidelity."""
    problem = Problem("1/2", 3, raw=".9,0,0,.1", target=".95", distillation=Dejmps())
    assert problem.replace(f0=".8").hardware.operations.raw == (Fraction(4, 5), 0, 0, Fraction(1, 5))
    assert problem.replace(raw=".85,.15,0,0").f0 == Fraction(17, 20)
    assert shares_of("1,0,0,0")[1] == (Fraction(1, 3),) * 3


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ({"gate": 0}, "gate: must be above 0"),
        ({"gate": "1.1"}, "gate: must be above 0 and at most 1"),
        ({"gate": "1,1,1"}, "gate: must be one number, or one for each"),
        ({"gate": ".9", "gate_fidelity": ".9"}, "gate: is given, and gate_fidelity too"),
        ({"gate_fidelity": ".25"}, "gate_fidelity: must be above 1/4"),
        ({"readout": ".5"}, "readout: must be above 1/2"),
        ({"raw": []}, "raw: must be four weights"),
        ({"raw": ".9,.1"}, "raw: must be four weights"),
        ({"raw": ".9,.1,.1,0"}, r"none below 0, that sum to 1; these are 4, the least 0, and sum to 1\.1"),
        ({"raw": ".4,.6,0,0", "f0": None}, "raw: must have a first weight, the fidelity, above 1/2"),
        ({"raw": ".9,.1,.1,-.1"}, "raw: must be four weights"),
        ({"raw": ".8,.2,0,0"}, "f0: must be the first weight of raw, 0.8"),
        ({"protocols": "2,2"}, "protocols: must have one way"),
        ({"protocols": 6}, "protocols: must be of 2, 3, 4, 5 pairs"),
        ({"protocols": []}, "protocols: must have at least one"),
        ({"protocols": [["ZZ", "XX"]]}, "protocols: must have generators of 3 letters .* correlated"),
        ({"protocols": [["ZII", "XII"]]}, "protocols: must have generators that commute"),
        ({"protocols": [["ZZI", "ZZI"]]}, "protocols: must have independent generators"),
    ],
)
def test_wrong_operations_are_refused(operations, message):
    """What is out of range, contradicts itself, or is no code, is named with its remedy."""
    with pytest.raises(ModelError, match=message):
        Problem("1/2", 3, target=".93", **{"f0": ".9"} | operations)


def test_bad_gates_say_what_would_do():
    """Where noise keeps the target out of reach, the error says from which gates on it could be reached."""
    with pytest.raises(
        UnreachableTargetError, match=r"lowers their fidelity: do not distil, but gates of 0\.980105442"
    ):
        solve(Problem("1/2", 3, ".9", ".93", gate=".9"))
    needed = [Problem("1/2", 3, ".9", ".93", gate=gate).reach.memories_needed for gate in (".980105442", ".98010544")]
    assert needed[0] == 3 != needed[1]


def test_levels_without_end_are_bracketed():
    """Codes beside a pumping limit below the target have levels without end, for which labels stand."""
    problem = Problem("1/2", 3, ".9", ".93", gate=".99", readout=".99", protocols="2,3")
    assert not problem.reach.finite
    assert solve(problem).status == "optimal"


def test_sweeps_run_over_gates(tmp_path):
    """Noise is an axis like any other, of known maps with whatever operations."""
    found = sweep(
        {"p": "1/2", "memories": 3, "f0": ".9", "target": ".93", "gate": ".99,1"}, store=tmp_path / "s.sqlite"
    )
    times = [row.outcome.waiting_time for row in found]
    assert times == pytest.approx(
        [solve(Problem("1/2", 3, ".9", ".93", gate=gate)).waiting_time for gate in (".99", 1)]
    )


TWINS = Problem("1/2", 3, raw=".9,0,.1,0", target=".96", distillation="dejmps")
"""A problem in which two levels have one fidelity, and different errors."""


def test_levels_say_their_weights():
    """Tables and documents have the four weights of Bell-diagonal pairs, and none of Werner pairs."""
    table = levels(TWINS)
    assert [level["weights"] for level in table.to_dict()["levels"]][:2] == [[0.82, 0, 0, 0.18], [0.9, 0, 0.1, 0]]
    assert table.to_frame()[["X", "Y", "Z"]].to_numpy()[1].tolist() == [0, 0.1, 0]
    assert solve(TWINS).to_dict()["levels"][1]["weights"] == [0.9, 0, 0.1, 0]
    assert "weights" not in levels(Problem("1/2", 2, ".9", ".93")).to_dict()["levels"][0]


def test_levels_of_equal_fidelity_are_told_apart_by_weights():
    """Their names have the fewest weights that differ, and policies call them so."""
    assert TWINS.levels.names == ["0.820", "0.900 (Y 0.10)", "0.900 (Y 0.00)", "0.954"]
    assert any("0.900 (Y 0.10), 0.900 (Y 0.10) -> 0.820" in row for row in solve(TWINS).shown().rows)


def test_the_picture_of_levels_has_their_weights():
    """Under the tree of every level stand the weights of its errors."""
    axes = levels(TWINS).plot()
    assert "X 0.00\nY 0.10\nZ 0.00" in [text.get_text() for text in axes.texts]


def test_the_limit_of_memories_is_no_less_than_what_they_make():
    """Where pumping with raw pairs gains nothing, equal pairs may."""
    found, least = TWINS.levels, TWINS.levels.least_memories
    made = [one.state.fidelity for pair, one in found.combinations.items() if together(least[i] for i in pair) <= 3]
    assert TWINS.reach.pumping_limit == pytest.approx(0.9)
    assert TWINS.reach.memory_limit >= max(made) > 0.9


def test_noise_bounds_dejmps():
    """Nothing made of two pairs exceeds the ceiling; a target above it is refused at once, with the least gate."""
    noisy = Dejmps(noise=Noise(".97", ".99"))
    for weights in ((1, 0, 0, 0), (Fraction(9, 10), 0, Fraction(1, 10), 0), (Fraction(3, 4), *3 * (Fraction(1, 12),))):
        pair = BellDiagonalPair(weights)
        assert noisy.combine(pair, pair).state.fidelity <= noisy.ceiling
    with pytest.raises(UnreachableTargetError, match=r"gates of 0\.935414347 .* are the least that might do"):
        solve(Problem("1/2", 3, ".9", ".95", distillation="dejmps", gate=".9"))
    assert Dejmps().ceiling == 1


def test_levels_below_the_raw_pair_start_no_policy():
    """Where distillation makes worse pairs, labels may lie below all known ones; the search says what is proved."""
    with pytest.raises(LimitError, match=r"no policy that reaches 0\.7 was found"):
        solve(Problem("1/2", 3, ".6", ".7", distillation="dejmps", readout=".8"), time_limit=0.5)


@pytest.mark.parametrize(
    ("operations", "plain"),
    [({"protocols": "2,3"}, {"protocols": "2,3"}), ({"distillation": "dejmps"}, {"distillation": "dejmps"}), ({}, {})],
    ids=str,
)
def test_perfect_hardware_gives_the_same_answers(operations, plain):
    """Gates and readouts of 1 and the weights of a Werner pair change no optimum, exactly."""
    perfect = Problem("1/2", 3, raw=".9,1/30,1/30,1/30", target=".94", gate=1, readout=1, **operations)
    assert certify(solve(perfect)).waiting_time == certify(solve(Problem("1/2", 3, ".9", ".94", **plain))).waiting_time


@pytest.mark.parametrize("operations", [{}, {"distillation": "dejmps"}, {"protocols": "2,3"}], ids=str)
def test_little_noise_changes_little(operations):
    """As noise vanishes, so does the difference to perfect hardware, in proportion."""
    ideal = solve(Problem("1/2", 3, ".9", ".94", **operations)).waiting_time
    nearly = [1 - Fraction(1, n) for n in (10**4, 10**5, 10**6)]
    problems = [Problem("1/2", 3, ".9", ".94", gate=one, readout=one, **operations) for one in nearly]
    lost = [solve(problem).waiting_time - ideal for problem in problems]
    assert lost[0] / lost[1] == pytest.approx(10, rel=0.01)
    assert lost[1] / lost[2] == pytest.approx(10, rel=0.01)
