"""Rates bracketed by labels: those rounded down earn no more than the true pairs, those rounded up no less."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from lpdistill.errors import InfeasibleError, LimitError, ModelError, NotCertifiedError
from lpdistill.hardware.delivery import Delivery
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.physics.truncation import Truncation
from lpdistill.problem.labels import not_bracketed
from lpdistill.problem.labels import rounds as rounds_results
from lpdistill.problem.problem import Problem
from lpdistill.process.budgets import Budget
from lpdistill.program.label_models import rounded
from lpdistill.program.refining import BECAUSE, Stopped
from lpdistill.rates.models import Earning, RateModel, exact_levels, highest, labelled

HARDLY = 1e-9
"""Share of raw pairs that are made, of which what is delivered counts as nothing."""

AS_ONE = 1e-12
"""Relative difference of the bounds that counts as none."""


@dataclass(frozen=True)
class Labelling:
    """How the labels were found.

    Attributes
    ----------
    labels
        Their number, those of true fidelities.
    rounds
        Labels, and what labels rounded down and up earn, round by round; None where the former was not asked for.
    stopped
        Why no more were added.
    many
        How many levels there are, in words.
    """

    labels: int
    rounds: tuple[tuple[int, float | None, float], ...]
    stopped: Stopped
    many: str

    def __str__(self) -> str:
        return f"{self.labels:,} of {self.many} levels{BECAUSE[self.stopped]} ({len(self.rounds)} rounds)"

    def to_dict(self) -> dict[str, Any]:
        """The rounds as JSON data."""
        rounds = [{"labels": labels, "lower": lower, "upper": upper} for labels, lower, upper in self.rounds]
        return {"stopped": str(self.stopped), "labels": self.labels, "rounds": rounds}


@dataclass(frozen=True)
class Bracketed:
    """The optimum on levels, or on labels that are rounded down, with what bounds it from above.

    Attributes
    ----------
    model
        The optimum that can be carried out.
    above
        That of labels rounded up; None where there are no labels.
    labelling
        How labels were found; None where there are none.
    """

    model: RateModel
    above: RateModel | None = None
    labelling: Labelling | None = None

    @property
    def lower(self) -> float:
        """What the policy earns at least."""
        return self.model.optimum.lower

    @property
    def upper(self) -> float:
        """What no policy exceeds."""
        return (self.above or self.model).optimum.upper


def bracketed(
    problem: Problem,
    earning: Earning,
    limits: tuple[Fraction | None, float],
    progress: Callable[[str], None],
    near: Bracketed | None = None,
) -> Bracketed:
    """The greatest rate, on levels where they are finitely many, and otherwise on labels, as many as it needs.

    Parameters
    ----------
    problem
        What is asked; with a worth of fidelities, of any fidelity that its memories reach.
    earning
        What is earned.
    limits
        Relative gap that will do, and the seconds after which no more labels are added.
    progress
        Told what is being done.
    near
        The answer to a similar question, with whose labels and policies to begin.

    Raises
    ------
    ModelError
        If there are infinitely many levels, and labels do not bracket them.
    UnreachableTargetError
        If the target is out of reach.
    InfeasibleError
        If no policy keeps within the budgets.
    LimitError
        If a limit is reached before any policy is found.
    """
    if not _on_labels(problem, earning):
        known = None if near is None else near.model
        return Bracketed(_some(problem, RateModel.of(exact_levels(problem, earning), earning, progress, known)))
    (within, seconds), rounds = limits, list[tuple[int, float | None, float]]()
    until = time.perf_counter() + seconds
    capped = problem.replace(target=highest(problem)) if earning.any_fidelity else problem
    kind = Grid if rounds_results(capped) else Truncation
    grid = kind.of(capped.distillation, capped.f0, capped.target) if near is None else near.model.labels.grid
    below, above = (None, None) if near is None else (near.model, near.above)
    # Where levels are told apart, whatever is made of those that are not known is kept until something is made of it.
    generous = replace(earning, kept=kind is Truncation and earning.delivery is Delivery.EVERY)
    stopped: Stopped | None = None
    while stopped is None:
        try:
            ceiling = labelled(capped, generous, grid, Rounding.CEIL)
            above = _some(problem, RateModel.of(ceiling, generous, progress, above))
        except (LimitError, NotCertifiedError) as error:
            if not rounds or above is None:
                raise
            stopped = Stopped.SIZE if isinstance(error, LimitError) else Stopped.ROUNDING
            grid, pairs = above.labels.grid, []
            rounds.pop()
        else:
            pairs = rounded(above, apart=False)
        late, upper, lower = time.perf_counter() > until, above.optimum.upper, None
        if within is not None or late or not pairs:  # what rounds too much has nothing to say of rounding down
            below = _coarse(labelled(capped, earning, grid, Rounding.FLOOR), earning, progress, below)
            apart = below is None or above.optimum.gain > below.optimum.gain + AS_ONE * above.scale
            pairs = pairs or rounded(above, apart=apart)
            lower = 0.0 if below is None else below.optimum.lower
        rounds.append((len(grid), lower, upper))
        progress(f"{len(grid):,} labels: no more than {upper:.9g}")
        if stopped is None and lower is not None:
            near_enough = (
                within is not None and below is not None and upper - lower <= within * max(upper, earning.scale)
            )
            stopped = Stopped.WITHIN if near_enough else Stopped.EXACT if not pairs else Stopped.TIME if late else None
        grid = grid.with_results(pairs)
    if below is None or above is None:
        raise LimitError(
            f"target: no policy that delivers anything was found with {len(grid):,} labels within {seconds:g} s; allow "
            "more time (time_limit), or lower the target",
            size={"labels": len(grid)},
        )
    return Bracketed(below, above, Labelling(rounds[-1][0], tuple(rounds), stopped, capped.reach.many))


def _coarse(
    problem: Problem, earning: Earning, progress: Callable[[str], None], near: RateModel | None
) -> RateModel | None:
    """The optimum of labels rounded down; None where limits, users or a mean fidelity ask for finer ones."""
    try:
        found = RateModel.of(problem, earning, progress, near)
    except InfeasibleError:
        return None
    raw = float(problem.memories * problem.p / problem.generation_time)
    waits = earning.average is not None and found is not None and found.optimum.gain <= HARDLY * raw
    return None if waits else found


def _on_labels(problem: Problem, earning: Earning) -> bool:
    """Whether labels stand for levels.

    Raises
    ------
    ModelError
        If levels are infinitely many, and labels do not bracket them; or pairs age.
    """
    if problem.hardware.coherence_time is not None:
        raise ModelError(
            "coherence_time", "has no meaning for rates yet: they are of memories that keep; leave it out", None
        )
    if earning.any_fidelity:
        return _require_order(problem, earning, "worth" if earning.worth else "average_fidelity")
    out_of_reach = problem.reach.memories_needed is None or problem.reach.memories_needed > problem.memories
    if problem.reach.finite or problem.f0 >= problem.target or out_of_reach:
        return False
    return _require_order(problem, earning, "target")


def _require_order(problem: Problem, earning: Earning, what: str) -> bool:
    """True where labels bracket infinitely many levels.

    Raises
    ------
    ModelError
        If they do not.
    """
    line = () if earning.line is None else (Budget(earning.line.resource, 1),)
    reason = not_bracketed(problem.with_constraints(*line))
    if reason is not None:
        raise ModelError(
            what,
            f"leads through infinitely many fidelities, for which labels do not stand: {reason}",
            float(problem.target) if what == "target" else None,
        )
    return True


def _some(problem: Problem, model: RateModel | None) -> RateModel:
    """An optimum, if anything can be delivered.

    Raises
    ------
    InfeasibleError
        If nothing can: under the rules, runs cannot return to where they started.
    """
    if model is not None:
        return model
    names = " and ".join(rule.name for rule in problem.rules) or "what is left to do"
    raise InfeasibleError(
        f"rules: under {names} nothing is ever delivered, or some pair is left for ever; relax a rule, or allow "
        "discarding",
        conflict=problem.rules,
    )
