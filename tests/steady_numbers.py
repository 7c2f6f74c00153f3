"""Numbers of the steady state: problems as users write them, and what is known of their answers. Data only.

Rates are per unit of time. ``STATED`` came with the theory; ``OTHERS`` were found by ``steady_oracle`` in three ways.
``test_steady_oracle`` computes every one of them, but for those that say how else they were found.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A problem, and its answers where they are known.

    Attributes
    ----------
    target
        What is delivered meets it; None where any pair may be sold for its worth.
    worth
        ``"bb84"``, ``"six-state"``, or what pairs of at least such fidelities are worth; None counts pairs.
    cost
        What an attempt costs, in units of the worth.
    budgets
        Limits per unit of time on ``"attempts"`` and ``"distillations"``.
    options
        What the hardware does otherwise: rules, noise of gates and readout, the map.
    prices
        d(gain)/d(limit) of each budget, where it is one number.
    exact
        The gain as a fraction.
    first
        One over the least expected time to the first delivery, every step charged.
    delivered
        Rates by fidelity, rounded to four decimals.
    """

    name: str
    p: str
    memories: int
    f0: str
    target: str | None
    generation_time: str = "1"
    distillation_time: str = "2"
    worth: str | dict[str, str] | None = None
    cost: str = "0"
    budgets: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    gain: float
    exact: str | None = None
    first: float | None = None
    prices: dict[str, float] = field(default_factory=dict)
    delivered: dict[str, float] = field(default_factory=dict)


HALF = {"p": "1/2", "f0": "3/4", "target": "79/100"}
NODE = {"p": "1/2", "memories": 4, "f0": ".9", "target": ".94"}
KEY = {"target": None, "worth": "bb84"}

STATED = (
    Case(name="two memories", **HALF, memories=2, gain=0.070669934641, exact="173/2448", first=0.070669934641),
    Case(name="three memories", **HALF, memories=3, gain=0.101387572566, exact="781787/7710876", first=0.099112812023),
    Case(name="six memories", **HALF, memories=6, gain=0.195249115984, first=0.140605211467),
    Case(
        name="p = .9",
        **HALF | {"p": "9/10"},
        memories=4,
        gain=220456841 / 1178984646,
        exact="220456841/1178984646",
        first=0.136109366599,
    ),
    Case(name=".9 -> .94", p=".5", memories=4, f0=".9", target=".94", gain=0.116375749313, first=0.109420188231),
    Case(
        name="past the limit of pumping",
        p=".5",
        memories=3,
        f0=".8",
        target=".88",
        gain=0.0491730515337,
        first=0.048687372057,
    ),
    Case(
        name="half an attempt per unit of time",
        **HALF,
        memories=4,
        budgets={"attempts": ".5"},
        gain=0.0490362812,
        prices={"attempts": 0.0980725624},
    ),
    Case(name="key at once, .85", p=".5", memories=3, f0=".85", **KEY, gain=0.093013219232, delivered={"0.85": 1.5}),
    Case(name="key at once, .9", p=".5", memories=3, f0=".9", **KEY, gain=0.439921994936, delivered={"0.9": 1.5}),
    Case(name="key at once, .95", p=".5", memories=3, f0=".95", **KEY, gain=0.867473099044, delivered={"0.95": 1.5}),
    Case(
        name="key, some of it distilled",
        p=".1",
        memories=3,
        f0=".85",
        **KEY,
        gain=0.019172764901,
        delivered={"0.85": 0.233712, "0.884146": 0.021742},
    ),
    Case(
        name="key of raw pairs that are worth nothing",
        p=".5",
        memories=3,
        f0=".8",
        **KEY,
        gain=0.010979721351,
        delivered={"0.873585": 0.066201},
    ),
)

LARGE = Case(name="twenty memories", p=".5", memories=20, f0=".9", target=".94", gain=0.6119421689228)
"""Too large for numbered memories: 406,692 columns of configurations that count pairs, every empty memory tried.

With the 21 configurations that nothing reaches, those of 20 pairs of which none is raw, there are 408,408.
"""

RAW_ONLY = 0.018602644
"""Key of p = .1, M = 3, f0 = .85 when every raw pair is sold at once."""

DISTILLING_PAYS_BELOW = 0.2116881148
"""The p below which key is more with distillation, at M = 2, f0 = .85 and times 1 and 2."""

FRONTIER = (
    (0.0, 0.0),
    (2.010056342103, 0.017741133194),
    (2.031801916195, 0.017800278120),
    (2.867424242424, 0.019172764901),
)
"""Attempts and key per unit of time, every breakpoint, for p = .1, M = 3, f0 = .85 (BB84)."""

TENANTS = {"easy": ".78", "hard": ".80"}
"""Least fidelities of two users of p = .5, M = 3, f0 = .75."""

ALONE = {"easy": 0.208528951487, "hard": 0.101387572566}
MAX_MIN = 0.070170432062
HALF_FOR_HARD = {"easy": 0.108573500050, "price": -1.971749573}
"""What is left for the first while the second has half of its best, and what one more for the second changes it by."""
LARGEST_SUM = {"easy": 0.208528951487, "hard": 0.0}
SUM_OF_LOGARITHMS = -5.2005704
PROPORTIONAL = {"easy": 0.104264475743, "hard": 0.052879167412}
"""The rates of which that is the sum."""
TENANT_FRONTIER = (
    (0.0, 0.208528951487),
    (0.077485816662, 0.055746325603),
    (0.094169542225, 0.017238814392),
    (0.101387572566, 0.0),
)
"""What the harder target has and the easier can have beside it, every breakpoint; found by the oracle."""

STANDBY = (
    {"arrivals": "bernoulli", "demand": "1/20", "slots": 1, "service": 0.820587185648},
    {"arrivals": "bernoulli", "demand": "1/20", "slots": 2, "service": 0.950514218172},
    {"arrivals": "poisson", "demand": "1/10", "slots": 2, "service": 0.780112660741},
)
"""Demand per unit of time, and the share of it that is met, for p = .5, M = 3, .75 -> .79."""

OTHER_STANDBY = (
    {"arrivals": "bernoulli", "demand": "1/20", "slots": 3, "service": 0.982801177419},
    {"arrivals": "bernoulli", "demand": "1/20", "slots": 4, "service": 0.993728557263},
    {"arrivals": "bernoulli", "demand": "1/10", "slots": 2, "service": 0.605342578946, "f0": ".9", "target": ".94"}
    | {"p": ".4", "distillation_time": "3"},
    {"arrivals": "poisson", "demand": "1/5", "slots": 3, "service": 0.620174837783, "f0": ".9", "target": ".94"}
    | {"p": ".4", "generation_time": "1/2", "distillation_time": "3/2"},
    {"arrivals": "poisson", "demand": "3/10", "slots": 2, "service": 0.323128281431, "p": ".9", "memories": 2},
)
"""The same found by the oracle, with what differs from that problem."""

THREE_TENANTS = {
    "problem": {"p": ".6", "memories": 3, "f0": ".7"},
    "targets": {"a": ".7", "b": ".73", "c": ".76"},
    "alone": {"a": 1.8, "b": 0.20937215229, "c": 0.0565378067075},
    "max_min": 0.0445309973568,
    "shares": {"b": ".1", "c": ".02"},
    "left": 0.476369098364,
    "prices": {"b": -7.35294117647, "c": -29.4168391994},
}
"""Three users, found by the oracle: each alone, max-min, and what shares of the others leave for the first."""

OTHERS = (
    Case(
        name="slow distillation",
        p="3/10",
        memories=2,
        f0="7/10",
        target="37/50",
        distillation_time="3",
        gain=0.039292243405589,
        exact="3009/76580",
        first=0.039292243405589,
    ),
    Case(
        name="slow generation",
        p="4/5",
        memories=4,
        f0="17/20",
        target="89/100",
        generation_time="2",
        distillation_time="1",
        gain=0.289170092213492,
        exact="806402759976122/2788679679158385",
        first=0.202914518213226,
    ),
    Case(name="rare", p=".01", memories=3, f0=".9", target=".94", gain=0.004111110176287, first=0.004102774594341),
    Case(
        name="rarer", p=".001", memories=2, f0=".85", target=".9", gain=0.000193065882145488, exact="1585207/8210704980"
    ),
    Case(name="sure", p="1", memories=3, f0="13/20", target="71/100", gain=0.058509023726970, first=0.058509023726970),
    Case(name="raw pairs will do", p=".7", memories=3, f0=".8", target=".8", gain=2.1, exact="21/10", first=0.973),
    Case(
        name="five levels",
        p=".6",
        memories=3,
        f0=".65",
        target=".71",
        generation_time="1/2",
        distillation_time="3/2",
        gain=0.076722429045971,
        first=0.076275330211911,
    ),
    Case(
        name="few distillations",
        **HALF,
        memories=3,
        budgets={"distillations": ".1"},
        gain=0.031003584229391,
        prices={"distillations": 0.31003584229},
    ),
    Case(
        name="two productive classes",
        p=".5",
        memories=4,
        f0=".9",
        target=".94",
        budgets={"attempts": ".995"},
        gain=0.098734591401893,
        prices={"attempts": 0.0992307451275},
    ),
    Case(
        name="two limits on key",
        p=".1",
        memories=3,
        f0=".85",
        **KEY,
        budgets={"attempts": "2.4", "distillations": ".02"},
        gain=0.015932237371889,
        prices={"attempts": 0.00620088128, "distillations": 0.05250611474},
    ),
    Case(
        name="six-state",
        p=".1",
        memories=3,
        f0=".82",
        target=None,
        worth="six-state",
        distillation_time="1/2",
        gain=0.016924251559441,
        delivered={"0.856998": 0.093349},
    ),
    Case(
        name="attempts that cost",
        p=".2",
        memories=3,
        f0=".85",
        **KEY,
        cost="1/100",
        gain=0.013148226877621,
        delivered={"0.884146": 0.140892},
    ),
    Case(
        name="attempts that cost and are limited",
        p=".1",
        memories=3,
        f0=".84",
        **KEY,
        cost="1/500",
        budgets={"attempts": "3/2"},
        gain=0.007533003243398,
        delivered={"0.875247": 0.060707},
        prices={"attempts": 0.00502200216},
    ),
    Case(
        name="two prices of pairs",
        p="1/5",
        memories=2,
        f0=".85",
        target=None,
        worth={"17/20": "1/10", "22/25": "1"},
        gain=369 / 4150,
        exact="369/4150",
    ),
    Case(
        name="three prices of pairs",
        p="1/5",
        memories=3,
        f0=".75",
        target=None,
        worth={"3/4": "1/25", "39/50": "1/3", "4/5": "1"},
        gain=0.061219145287041,
        exact="192088993/3137727456",
    ),
    Case(
        name="key, four memories",
        p=".1",
        memories=4,
        f0=".85",
        **KEY,
        gain=0.025538213374358,
        delivered={"0.85": 0.275575, "0.884146": 0.039253},
    ),
    Case(
        name="DEJMPS",
        p=".5",
        memories=2,
        f0=".75",
        target=".79",
        options={"distillation": "dejmps"},
        gain=55 / 816,
        exact="55/816",
        first=55 / 816,
    ),
    Case(
        name="DEJMPS, five levels",
        p=".5",
        memories=3,
        f0=".9",
        target=".96",
        options={"distillation": "dejmps"},
        gain=0.0795616541711561,
        first=1 / 12.766880636204,
    ),
    Case(
        name="noise",
        p=".5",
        memories=3,
        f0=".9",
        target=".93",
        options={"gate": ".999", "readout": ".999"},
        gain=0.137391092347656,
        exact="76364647447873643628239003040200629621583/555819494138960562712513423645000000000000",
        first=1 / 7.506832414908,
    ),
    Case(
        name="crosstalk",
        **NODE,
        options={"max_distillations": "1"},
        gain=0.112536110797424,
        first=1 / 9.45645969674507,
    ),
    Case(
        name="laser",
        **NODE,
        options={"no_generation_while_distilling": "true"},
        gain=0.107871952724916,
        first=1 / 9.39512463663596,
    ),
    Case(
        name="crosstalk and laser",
        **NODE,
        options={"max_distillations": "1", "no_generation_while_distilling": "true"},
        gain=0.0944199571318376,
        first=1 / 10.7124105283573,
    ),
    Case(
        name="pumping at best",
        **NODE,
        options={"raw_pair_only": "true"},
        gain=0.113152508932562,
        first=1 / 9.63634274441668,
    ),
    Case(
        name="two attempts at once",
        **HALF,
        memories=4,
        options={"max_attempts": "2"},
        gain=0.114109655159136,
        first=1 / 9.95932774987094,
    ),
)

LAWS = {
    "two memories": {"variance": 0.0266765587935, "mean": 14.1502890173, "spread": 75.5832804304},
    "three memories": {"variance": 0.0373533519336, "mean": 9.86314175089, "spread": 35.8804149235},
    "p = .9": {"variance": 0.0653244876809, "mean": 6.32902878919, "spread": 11.1712615492},
    "slow generation": {"variance": 0.091303544452, "mean": 3.45817229004, "spread": 3.84736609761},
}
"""Growth of the variance of the count per unit of time; mean and variance of the time between steps that deliver.

The best policy is the only one in these cases. With p = .9 a step may deliver two pairs.
"""

RUN_ON = (
    ({"p": ".5", "memories": 4, "f0": ".75", "target": ".79"}, 0.127917908693555, 0.0264089473722),
    ({"p": ".8", "memories": 4, "f0": ".75", "target": ".79"}, 0.169785123177473, 0.13405573962),
    ({"p": ".9", "memories": 4, "f0": ".85", "target": ".89"}, 0.228146211014548, 0.184236720485),
)
"""Problems, their gains, and the share of it that the policy of the first delivery loses when it runs on."""
