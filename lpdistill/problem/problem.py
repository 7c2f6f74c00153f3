"""What the user asks: the hardware, the target, and how time is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Self, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.errors import ModelError, names_like
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.hardware import Hardware
from lpdistill.hardware.recipes import Recipe
from lpdistill.hardware.rules import Rule
from lpdistill.numbers import Number, exact, member
from lpdistill.physics.ageing import Products
from lpdistill.physics.codes import ProtocolsLike
from lpdistill.physics.levels import Levels
from lpdistill.physics.maps import DistillationMap, Reach
from lpdistill.physics.noise import SeveralNumbers
from lpdistill.physics.rounding import Labels
from lpdistill.problem.joining import expanded
from lpdistill.problem.settings import SETTINGS, FinalStep, require
from lpdistill.process.budgets import Budget, merged
from lpdistill.units import Unit

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True)
class Problem:
    """Two nodes, ``memories`` shared memory pairs, one target fidelity.

    Parameters
    ----------
    p
        Probability that one attempt on one empty memory generates a raw pair, in (0, 1].
    memories
        Number of memory pairs, at least 1.
    f0
        Fidelity of a raw pair, in (1/2, 1].
    target
        Fidelity to reach, in (0, 1].
    gap
        Instead of ``target``: the target is ``f0 + gap``.
    average_fidelity
        Instead of ``target``: any pair may be delivered, if the mean fidelity of what is delivered is at least this
        (:func:`~lpdistill.average_delivery`).
    generation_time, distillation_time
        Duration of a step that only generates, and of a step that distils (the user's unit of time, 1 and 2 by
        default; or with units, as ``"85ms"``, when all times are in seconds; at least 0, and not both 0).
    distance, signal_speed
        How far apart the nodes are, ``"10km"``: durations that are not given are L/c and 2L/c, with c that of fibre
        (200000 km/s) unless it is given.
    unit
        ``"s"`` if numbers without unit are seconds.
    final_step
        Whether the last step counts (``"charged"``) or not (``"free"``).
    distillation
        The map of two pairs, or its name: ``"bbpssw"`` on Werner pairs, as in the paper (default), ``"dejmps"`` on
        Bell-diagonal ones.
    protocols
        How many pairs a distillation may take: 2 (the map's own), 3, 4, 5 (the best stabiliser codes), or generators.
    raw
        Weights of a raw pair, of Phi+, Psi+, Psi- and Phi-, for maps of Bell-diagonal pairs; ``f0`` is the first then.
    gate
        Depolarising parameter :math:`p_2` of two-qubit gates, of both nodes or of each, in (0, 1].
    gate_fidelity
        Instead of ``gate``: the average gate fidelity :math:`p_2 + (1 - p_2)/4`.
    readout
        Probability that a readout is right, of both nodes or of each, in (1/2, 1].
    rules
        Which actions are allowed: one :class:`Rule` or several, or a table as in a problem file.
    budgets
        Limits on the expected use of resources: one :class:`Budget` or several, or a table; those on one resource hold
        together.
    discarding
        Whether stored pairs may be discarded, which takes no time; always, where pairs age.
    coherence_time
        Coherence time :math:`T_c` of the memories: a Werner parameter decays by :math:`e^{-t/T_c}`, both memories
        together.  By default, or if it is infinite, they keep pairs for ever.
    products
        Whether what a distillation makes ages during the step that makes it (``"age"``, by default), or is fresh at its
        end; only with a coherence time.

    Raises
    ------
    ModelError
        If an argument is out of its range or no number.

    Examples
    --------
    Numbers are kept exactly; decimals, fractions and text mean what they say.

    >>> problem = Problem(p=0.5, memories=4, f0="3/4", gap=0.04)
    >>> problem.target, len(problem.levels)
    (Fraction(79, 100), 2)
    """

    hardware: Hardware = field(init=False, repr=False)
    p: Fraction
    memories: int
    f0: Fraction
    target: Fraction
    _: KW_ONLY
    average_fidelity: Fraction | None = field(repr=False)
    generation_time: Fraction
    distillation_time: Fraction
    final_step: FinalStep
    distillation: DistillationMap[Any] = field(repr=False)
    rules: tuple[Rule, ...]
    budgets: tuple[Budget, ...]
    discarding: bool

    def __init__(  # noqa: PLR0913 - the parameters of the hardware
        self,
        p: Number,
        memories: int | str,
        f0: Number | None = None,
        target: Number | None = None,
        *,
        gap: Number | None = None,
        average_fidelity: Number | None = None,
        generation_time: Number | None = None,
        distillation_time: Number | None = None,
        distance: Number | None = None,
        signal_speed: Number | None = None,
        unit: Unit | str | None = None,
        final_step: FinalStep | str = FinalStep.CHARGED,
        distillation: DistillationMap[Any] | str | None = None,
        protocols: ProtocolsLike | None = None,
        raw: SeveralNumbers | None = None,
        gate: SeveralNumbers | None = None,
        gate_fidelity: SeveralNumbers | None = None,
        readout: SeveralNumbers | None = None,
        rules: Rule | Iterable[Rule] | Mapping[str, Any] | None = (),
        budgets: Budget | Iterable[Budget] | Mapping[str, Any] | None = (),
        discarding: bool = False,
        coherence_time: Number | None = None,
        products: Products | str | None = None,
    ) -> None:
        hardware = Hardware(
            p,
            memories,
            f0,
            generation_time=generation_time,
            distillation_time=distillation_time,
            distance=distance,
            signal_speed=signal_speed,
            unit=unit,
            distillation=distillation,
            protocols=protocols,
            raw=raw,
            gate=gate,
            gate_fidelity=gate_fidelity,
            readout=readout,
            rules=rules,
            discarding=discarding,
            coherence_time=coherence_time,
            products=products,
        )
        self.__dict__.update(
            vars(hardware),
            hardware=hardware,
            target=_aim(hardware.f0, target, gap, average_fidelity),
            average_fidelity=None if average_fidelity is None else exact(average_fidelity, "average_fidelity"),
            final_step=member(FinalStep, final_step, "final_step"),
            budgets=merged(budgets, hardware.unit),
        )

    @staticmethod
    def of(hardware: Hardware, target: Number | None = None, **settings: Any) -> Problem:
        """The problem of some hardware, with the target and other arguments that a problem has besides.

        >>> Problem.of(Hardware(0.5, 4, 0.75), 0.79) == Problem(0.5, 4, 0.75, 0.79)
        True
        """
        own = {item.name: getattr(hardware, item.name) for item in fields(Hardware)}
        return Problem(**own, target=target, **settings)

    def replace(self, **changes: Any) -> Self:
        """The same problem with some arguments changed.

        >>> Problem(0.5, 4, 0.75, 0.79).replace(memories=6).memories
        6
        """
        for name in changes:
            if name not in SETTINGS:
                raise ModelError("problem", f"has no such argument; it has {names_like(SETTINGS, name)}", name)
        if "gap" in changes or changes.get("average_fidelity") is not None:
            changes.setdefault("target", None)
        if changes.keys() & {"target", "gap"}:
            changes.setdefault("average_fidelity", None)
        if changes.get("raw") is not None:
            changes.setdefault("f0", None)
        if changes.get("distance") is not None:
            changes = {"generation_time": None, "distillation_time": None} | changes
        kept = {name: getattr(self.hardware, name) for name in ("coherence_time", "products", "unit")}
        if changes.get("coherence_time", kept["coherence_time"]) is None:
            kept["products"] = None
        changed = replace(self, **kept | changes)
        if not any(SETTINGS[name].shapes_levels for name in changes):
            # The levels depend on nothing else, and need not be found again; labels of a grid depend on more.
            known = {name: self.__dict__[name] for name in ("reach", "levels") if name in self.__dict__}
            changed.__dict__.update({name: one for name, one in known.items() if not isinstance(one, Labels)})
        return changed

    def with_constraints(self, *constraints: Rule | Budget | Iterable[Rule | Budget]) -> Problem:
        """The same problem with more rules and budgets.

        >>> from lpdistill import Budget, MaxDistillations
        >>> hardware = Problem(0.5, 4, 0.75, 0.79).with_constraints(MaxDistillations(1), Budget("steps", 9))
        >>> hardware.rules, hardware.budgets
        ((MaxDistillations(most=1),), (Budget(steps <= 9),))
        """
        given = [one for each in constraints for one in CONSTRAINT.several(each, "constraints")]
        return self.replace(
            rules=(*self.rules, *(rule for rule in given if isinstance(rule, Rule))),
            budgets=(*self.budgets, *(budget for budget in given if isinstance(budget, Budget))),
        )

    def graph(self, attempts: Attempts | str = Attempts.ALL) -> nx.DiGraph[Any]:
        """The state graph: configurations, the actions that the rules allow, and where they lead.

        It has every number of attempts, so that any of them may be removed; ``"full"`` leaves out those that an
        optimum does not need.

        A plain ``networkx.DiGraph``: state nodes (``kind="state"``, ``counts``, ``fidelities`` of the levels,
        ``empty``), action nodes (``kind="action"``, ``distil``, ``generate``, ``discard``, ``time``, and an amount of
        every resource), one node ``"target"``; edges from states to actions, and from actions with a ``probability``.
        Change it as you like, and :func:`lpdistill.solve` it.

        >>> problem = Problem(0.5, 2, 0.75, 0.78)
        >>> graph = problem.graph()
        >>> graph.number_of_nodes(), graph.graph["start"]
        (11, (0,))
        """
        from lpdistill.process.factored.dynamics import Dynamics  # noqa: PLC0415 - scipy, only where it is needed
        from lpdistill.process.graph.state_graph import graph_of  # noqa: PLC0415 - networkx, only where there is a graph

        return graph_of(Dynamics(self, member(Attempts, attempts, "attempts")).unguarded())

    def to_cvxpy(self) -> Any:
        """The occupation program in cvxpy, for constraints and objectives that no budget can express.

        Its budgets are among the constraints; see :class:`~lpdistill.convex.ConvexProgram`.
        """
        # The one call that goes up: a convenience of users, not of this room, which is why it is found by its name.
        return resolve_name("lpdistill.convex:ConvexProgram").of(self)

    @property
    def attempts(self) -> Attempts:
        """Which numbers of attempts an optimum may need.

        As many as allowed, unless a rule or a budget may make it worth while to attempt fewer.
        """
        choosy = any(rule.touches_generation for rule in self.rules) or any(
            budget.resource.touches_generation or budget.least is not None for budget in self.budgets
        )
        return Attempts.ALL if choosy else Attempts.FULL

    @cached_property
    def reach(self) -> Reach:
        """How far the map carries raw pairs towards the target."""
        self._require_target()
        return self.hardware.reach(self.target)

    @cached_property
    def levels(self) -> Levels:
        """The fidelity levels below the target, as :meth:`Hardware.levels` finds or refuses them."""
        self._require_target()
        return self.hardware.levels(self.target)

    def _require_target(self) -> None:
        """Refuse what needs a threshold where there is none.

        Raises
        ------
        ModelError
            If only a mean fidelity is asked for.
        """
        if self.average_fidelity is not None:
            raise ModelError(
                "average_fidelity",
                "leaves no threshold, which this needs; solve finds the policy (average_delivery in Python); "
                "all else wants a target",
                float(self.average_fidelity),
            )

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """Everything that can be done with stored pairs, whatever the rules."""
        return self.hardware.recipes(self.levels)

    @property
    def uncharged_time(self) -> Fraction:
        """What ``final_step`` takes off the waiting time of every policy: 0, or the last step's duration."""
        return last_step_time(self) if self.final_step is FinalStep.FREE else Fraction(0)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The problem that :meth:`to_dict` describes; settings as problem files have them will do.

        Raises
        ------
        ModelError
            If a setting is missing, unknown or wrong, or a rule, a resource or the map is a user's own: their names do
            not say what they do.

        Examples
        --------
        >>> problem = Problem(0.5, 4, "3/4", "79/100", discarding=True)
        >>> Problem.from_dict(problem.to_dict()) == problem
        True
        """
        if not isinstance(document, Mapping):
            raise ModelError("problem", "must be a table of settings, such as problem.to_dict()", document)
        for name in document:
            if name not in SETTINGS:
                raise ModelError("problem", f"has no such setting; it has {names_like(SETTINGS, name)}", name)
        document = expanded(document)
        require(document)
        return cls(**{name: SETTINGS[name].read(value) for name, value in document.items() if value is not None})

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON data, numbers as exact text."""
        kept = (setting for setting in SETTINGS.values() if setting.kept)
        stated = {setting.name: setting.written(setting.of(self)) for setting in kept}
        return {name: value for name, value in stated.items() if value != SETTINGS[name].usual}

    @property
    def _aimed(self) -> str:
        """The target in words, or what is asked for instead."""
        return f"{float(self.target):g}" if self.average_fidelity is None else f"mean {float(self.average_fidelity):g}"

    def __str__(self) -> str:
        return (
            f"p = {float(self.p):g}, M = {self.memories}, f0 = {float(self.f0):g} -> {self._aimed}, "
            f"times {float(self.generation_time):g}{self.hardware.of_unit} (generation) and "
            f"{float(self.distillation_time):g}{self.hardware.of_unit} (distillation)"
            + "".join(f", {word}" for word in [str(self.hardware.operations)] if word)
            + ("" if self.final_step is FinalStep.CHARGED else ", last step free")
            + (", discarding" if self.discarding and self.hardware.coherence_time is None else "")
            + self.hardware.in_words
            + "".join(f"; {constraint}" for constraint in (*self.rules, *self.budgets))
        )


def last_step_time(problem: Problem) -> Fraction:
    """Duration of the step that reaches the target: every run ends with exactly one such step.

    It is a distillation, unless a raw pair already meets the target.
    """
    return problem.generation_time if problem.levels.raw is None else problem.distillation_time


def _is_constraint(given: object) -> TypeGuard[Rule | Budget]:
    return isinstance(given, Rule | Budget)


CONSTRAINT: Kind[Rule | Budget] = Kind(
    "a rule or a budget, such as MaxDistillations(1)", _is_constraint, "", {"type": "call it to make one"}
)
"""What a problem may have more of."""


def _aim(raw: Fraction, target: Number | None, gap: Number | None, average: Number | None) -> Fraction:
    """The target fidelity, given itself or as a gap above the raw fidelity; 1 where any pair may be delivered."""
    if average is not None and not 0 < exact(average, "average_fidelity") <= 1:
        raise ModelError("average_fidelity", "must be a fidelity with 0 < average_fidelity <= 1", average)
    given = {"target": target, "gap": gap, "average_fidelity": average}
    several = {name: value for name, value in given.items() if value is not None}
    if average is not None and target is not None and exact(target, "target") == 1:  # as documents state it
        several.pop("target", None)
    if len(several) > 1:
        raise ModelError(
            next(iter(several)),
            f"is given, and {' and '.join([*several][1:])} too; they exclude each other (target = f0 + gap), give one",
            ", ".join(f"{name} {value}" for name, value in several.items()),
        )
    if average is not None:
        return Fraction(1)
    if target is not None:
        aim = exact(target, "target")
        if not 0 < aim <= 1:
            raise ModelError("target", "must be a fidelity with 0 < target <= 1", target)
        return aim
    if gap is None:
        raise ModelError("target", "is missing; give target or gap (target = f0 + gap), or average_fidelity", None)
    aim = raw + exact(gap, "gap")
    if not 0 < aim <= 1:
        raise ModelError("gap", f"must keep the target f0 + gap above 0 and at most 1, with f0 = {float(raw):g}", gap)
    return aim
