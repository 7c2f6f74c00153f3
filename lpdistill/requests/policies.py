"""Policies by name or by their files: compared, timed, simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import isinf
from os import PathLike
from pathlib import Path
from typing import Any

from lpdistill.errors import ImproperPolicyError, LimitError, ModelError
from lpdistill.export.policies import POLICY_SUFFIXES, read_policy
from lpdistill.numbers import Number, decimals, whole
from lpdistill.policies.comparison import Candidate, Comparison
from lpdistill.policies.comparison import compare as compare_policies
from lpdistill.policies.differences import differences as differences_of
from lpdistill.policies.named import OPTIMAL, POLICIES, policy_named, with_cutoff
from lpdistill.problem.problem import Problem
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.progress import counter, silent
from lpdistill.requests.nearness import near
from lpdistill.requests.report import Report
from lpdistill.simulation.deviations import NO_DEVIATIONS, Deviations
from lpdistill.simulation.history import history as history_of
from lpdistill.simulation.simulated import Simulation
from lpdistill.simulation.simulation import seeded
from lpdistill.simulation.simulation import simulate as simulate_policy
from lpdistill.solution.answer import Answer, Table
from lpdistill.solution.document import of_unit, section
from lpdistill.solution.policy import Policy
from lpdistill.solving import PATIENCE, precision, solve
from lpdistill.telemetry.records import write_telemetry
from lpdistill.telemetry.simulated import simulated_telemetry
from lpdistill.times.distribution import Distribution
from lpdistill.times.distribution import distribution as distribution_of
from lpdistill.times.distribution_picture import QUANTILES
from lpdistill.times.renewal import Renewal

Told = Callable[[str], None]


def policy_of(
    problem: Problem,
    text: str,
    progress: Told = silent,
    *,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
) -> Policy:
    """The policy that a text names, by name or by its file; it may be improper.

    The optimum comes as near as asked for, as :func:`lpdistill.solve` has it.

    Raises
    ------
    ModelError
        If there is none of that name, or the file holds no policy of the problem.
    """
    if Path(text).suffix in POLICY_SUFFIXES:
        return read_policy(problem, text, improper=True)
    precision(within, time_limit)
    if text == OPTIMAL:
        return solve(problem, within=within, time_limit=time_limit, progress=progress).policy
    return policy_named(problem, text, progress)


def compare(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    problem: Problem,
    policies: Iterable[str] = POLICIES,
    *,
    differences: str | None = None,
    cutoff: str | None = None,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Told = silent,
) -> Report[Comparison]:
    """The optimal policy against others.

    Parameters
    ----------
    problem
        The problem.
    policies
        Names of policies, or files.
    differences
        The one whose differences from the optimum are wanted, too.
    cutoff
        The age from which baselines discard pairs, if each is wanted with it as well as without.
    within, time_limit
        How near the optimum is to be found, as for :func:`lpdistill.solve`.
    progress
        Told what is being done.
    """
    names = [*policies]
    if cutoff is not None:
        both = [(name,) if name == OPTIMAL else (name, with_cutoff(name, cutoff)) for name in names]
        names = [*dict.fromkeys(name for two in both for name in two)]
    names += [differences] if differences else []
    candidates: dict[str, Candidate] = {
        name: policy_of(problem, name) if Path(name).suffix in POLICY_SUFFIXES else name for name in names
    }
    found = compare_policies(near(problem, within, time_limit, progress), candidates, progress=progress)
    progress("spreads and totals")
    [(one.standard_deviation, one.expected) for one in found.policies.values()]  # computed while progress is told
    if not differences:
        return Report(found)
    one, other = found.optimum.policy, found.policies[differences].policy
    if one is None or other is None:
        refusal = found.policies[differences].refusal
        raise ModelError("differences", f"must name a policy that is allowed: {refusal}", differences)
    progress("comparing actions")
    apart = replace(differences_of(one, other), names=(OPTIMAL, differences))
    return Report(found, section(apart.to_dict()), {"differences": apart})


def waiting_time(  # noqa: PLR0913 - one keyword for each thing that may be wanted
    problem: Problem,
    policy: str = OPTIMAL,
    *,
    at: Sequence[str] = (),
    quantiles: Sequence[str] | None = None,
    until: Number | None = None,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Told = silent,
) -> Report[Distribution]:
    """The whole distribution of the waiting time of a policy.

    Parameters
    ----------
    problem, policy
        The problem, and the policy by name or by its file.
    at, quantiles
        Times by which to be done, and probabilities of being done, under ``cdf`` and ``quantiles`` of the document.
    until
        The last time to compute.
    within, time_limit
        How near the optimum is to be found, as for :func:`lpdistill.solve`.
    progress
        Told what is being done.

    Raises
    ------
    ImproperPolicyError
        If the policy may never reach the target, and nothing says how far to look.
    """
    chosen = policy_of(problem, policy, progress, within=within, time_limit=time_limit)
    proper = not chosen.deadlock
    if not proper and until is None and not at:
        raise _improper(chosen, policy)
    mean, spread = (chosen.waiting_time, chosen.standard_deviation) if proper else (None, None)
    found = distribution_of(chosen, until=until, progress=progress)
    times = {q: found.quantile(q) if quantiles else _known(found, q) for q in quantiles or QUANTILES}
    done = {time: found.cdf(time) for time in at}
    finite = {q: None if time is None or isinf(time) else time for q, time in times.items()}
    document: dict[str, Any] = {"policy": policy, "mean": mean, "std": spread}
    document |= {} if proper else {"deadlock": [list(key) for key in chosen.deadlock]}
    lines = [("policy", policy)]
    if mean is None or spread is None:
        lines.append(("never", f"with probability {found.never:.9f}: {_trap(chosen)}"))
    else:
        unit = of_unit(problem)
        lines += [("mean", f"{decimals(mean, 9)}{unit}"), ("deviation", f"{decimals(spread, 9)}{unit} (standard)")]
    rows = [(_moment(time), "at least " + q) for q, time in times.items()]
    rows += [(time, f"{probability:.9f}") for time, probability in done.items()]
    table = Table("done", {"by": "right", "with probability": "left"}, rows)
    return Report(found, document | {"quantiles": finite, "cdf": done}, lines=tuple(lines), table=table)


def _known(found: Distribution, quantile: str) -> float | None:
    """A quantile that nobody asked for; None where it lies beyond what was computed."""
    try:
        return found.quantile(quantile)
    except LimitError:
        return None


def _moment(time: float | None) -> str:
    """A time in a table.

    >>> _moment(7.0), _moment(float("inf")), _moment(None)
    ('7', 'never', '-')
    """
    if time is None:
        return "-"
    return "never" if isinf(time) else f"{time:.6g}"


def _trap(policy: Policy) -> str:
    """Where runs of a policy are trapped, in words."""
    keys = policy.deadlock
    others = f" and {len(keys) - 1} others" if len(keys) > 1 else ""
    return f"trapped for ever in {keys[0]}{others}"


def _never(policy: Policy) -> float:
    """Probability that a run of a policy never reaches the target, without its law."""
    renewal = Renewal.of(policy.to_chain(), TimeLattice.of(policy.process))
    return float(renewal.never[0]) if renewal.size else 1.0


def _improper(policy: Policy, name: str) -> ImproperPolicyError:
    """That a policy has no mean waiting time, how probably its runs never end, and what can be asked all the same."""
    return ImproperPolicyError(
        f"policy {name}: never reaches the target with probability {_never(policy):.9g}, {_trap(policy)}, so its mean "
        "waiting time is infinite; give --until T for the probabilities until then, or --at T for that of being done "
        "by T, see it beside others with `lpdistill compare`, or take a policy that is proper",
        deadlock=policy.deadlock,
    )


def simulate(  # noqa: PLR0913 - what an experiment consists of
    problem: Problem,
    policy: str = OPTIMAL,
    runs: int | str = 100_000,
    *,
    seed: int | str | None = None,
    deviations: Deviations = NO_DEVIATIONS,
    horizon: Number | None = None,
    confidence: Number = 0.95,
    history: bool = False,
    example: bool = False,
    telemetry: str | PathLike[str] | None = None,
    periods: int | str = 1,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Told = silent,
) -> Report[Simulation]:
    """Many runs of a policy, memory by memory.

    Parameters
    ----------
    problem, policy
        The problem, and the policy by name or by its file.
    runs, seed, deviations, horizon, confidence, progress
        As for :func:`lpdistill.simulate`.
    history, example
        Whether an example run is wanted, in the document, or for its picture alone.
    telemetry, periods
        A file for what such a link reports of other runs, as many, in so many periods.
    within, time_limit
        How near the optimum is to be found, as for :func:`lpdistill.solve`.
    """
    count, start, parts = whole(runs, "runs"), seeded(seed), dict[str, Answer]()
    document: dict[str, Any] = {"policy": policy}
    chosen = policy_of(problem, policy, progress, within=within, time_limit=time_limit)
    if history or example:
        progress("example run")
        one = parts["history"] = history_of(chosen, seed=start, deviations=deviations, horizon=horizon)
    if telemetry is not None:
        progress("telemetry")
        parted = -(-count // max(whole(periods, "periods"), 1))
        write_telemetry(simulated_telemetry(chosen, parted, periods, seed=start, deviations=deviations), telemetry)
    found = simulate_policy(
        chosen,
        count,
        seed=start,
        deviations=deviations,
        horizon=horizon,
        confidence=confidence,
        progress=counter(progress),
    )
    progress("what the model says")
    found.estimates  # noqa: B018 - computed here, while progress is told
    document |= {"history": section(one.to_dict())} if history else {}
    return Report(found, document, parts, lines=(("policy", policy),))
