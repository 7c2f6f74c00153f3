"""``lpdistill waiting-time``: the whole distribution of the waiting time of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Annotated

from lpdistill import pictures
from lpdistill.cli.declaration import Option
from lpdistill.cli.options import NUMBER, Json, Plot, takes_problem
from lpdistill.cli.output import Progress, console, print_json, table
from lpdistill.cli.policies import PolicyOption, policy_of
from lpdistill.errors import ImproperPolicyError, LimitError, ModelError
from lpdistill.problem.problem import Problem
from lpdistill.solution.policy import Policy
from lpdistill.times.distribution import Distribution, never
from lpdistill.times.distribution import distribution as distribution_of
from lpdistill.times.distribution_picture import QUANTILES


@takes_problem()
def waiting_time(
    problem: Problem,
    policy: PolicyOption = "optimal",
    at: Annotated[
        list[str] | None,
        Option(
            "--at",
            metavar="<numbers>",
            inputs=["time"],
            help="Times by which to be done: a list such as 10,20; may be repeated.",
        ),
    ] = None,
    quantile: Annotated[
        list[str] | None,
        Option(
            "--quantile",
            metavar="<numbers>",
            help="Probabilities of being done: a list; may be repeated.  [default: 0.5,0.9,0.99]",
        ),
    ] = None,
    until: Annotated[
        str | None,
        Option("--until", metavar=NUMBER, help="The last time to compute, where all would be too many."),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """The whole distribution of the waiting time: mean, spread, quantiles, and how probably a run is done in time.

    A policy that may never finish has a mean of none; its law is shown where --until or --at says how far.

    Examples
    --------
    lpdistill waiting-time problem.toml --at 10,20
    lpdistill waiting-time problem.toml --policy greedy --plot waiting_time.png
    """
    wanted, times = listed(quantile or QUANTILES, "--quantile"), listed(at or (), "--at")
    with Progress() as progress:
        chosen = policy_of(problem, policy, progress)
        proper = not chosen.deadlock
        if not proper and until is None and not times:
            raise improper(chosen, policy)
        mean, spread = (chosen.waiting_time, chosen.standard_deviation) if proper else (None, None)
        found = distribution_of(chosen, until=until, progress=progress)
        quantiles = {q: found.quantile(q) if quantile else known(found, q) for q in wanted}
        done = {time: found.cdf(time) for time in times}
    if plot is not None:
        pictures.save(found.plot(), plot)
    if as_json:
        linear = {"problem": problem.to_dict(), "policy": policy, "mean": mean, "std": spread}
        trapped = {} if proper else {"deadlock": [list(key) for key in chosen.deadlock]}
        finite = {q: None if time is None or isinf(time) else time for q, time in quantiles.items()}
        print_json({**found.to_dict(), **linear, **trapped, "quantiles": finite, "cdf": done})
        return
    screen = console()
    screen.print(f"problem        {problem}", soft_wrap=True)
    screen.print(f"policy         {policy}")
    if mean is None or spread is None:
        screen.print(f"never          with probability {found.never:.9f}: {trap(chosen)}", soft_wrap=True)
    else:
        screen.print(f"mean           {mean:.9f}")
        screen.print(f"deviation      {spread:.9f} (standard)")
    screen.print(f"tail           {tail(found)}")
    screen.print(
        f"computed       {len(found.pmf):,} times, {found.unit} apart; probability {found.truncated:.2g} beyond"
    )
    screen.print()
    rows = [(moment(time), "at least " + q) for q, time in quantiles.items()]
    rows += [(time, f"{probability:.9f}") for time, probability in done.items()]
    screen.print(table("done", {"by": "right", "with probability": "left"}, rows))


def known(found: Distribution, quantile: str) -> float | None:
    """A quantile that nobody asked for; None where it lies beyond what was computed."""
    try:
        return found.quantile(quantile)
    except LimitError:
        return None


def moment(time: float | None) -> str:
    """A time in a table.

    >>> moment(7.0), moment(float("inf")), moment(None)
    ('7', 'never', '-')
    """
    if time is None:
        return "-"
    return "never" if isinf(time) else f"{time:.6g}"


def trap(policy: Policy) -> str:
    """Where runs of a policy are trapped, in words."""
    keys = policy.deadlock
    others = f" and {len(keys) - 1} others" if len(keys) > 1 else ""
    return f"trapped for ever in {keys[0]}{others}"


def improper(policy: Policy, name: str) -> ImproperPolicyError:
    """That a policy has no mean waiting time, how probably its runs never end, and what can be asked all the same."""
    return ImproperPolicyError(
        f"policy {name}: never reaches the target with probability {never(policy):.9g}, {trap(policy)}, so its mean "
        "waiting time is infinite; give --until T for the probabilities until then, see it beside others with "
        "`lpdistill compare`, or take a policy that is proper",
        deadlock=policy.deadlock,
    )


def tail(found: Distribution) -> str:
    """What the tail does, in words."""
    rate = found.tail_rate
    if rate < float("inf"):
        return f"falls as exp(-{rate:.6g} t)"
    return "ends: all waiting times are bounded" if found.never < 1 else "none: no run ends"


def listed(texts: Sequence[str], where: str) -> list[str]:
    """The numbers of an option that takes lists and may be repeated, as they were written.

    Raises
    ------
    ModelError
        If one is missing.

    Examples
    --------
    >>> listed(["10, 20", "1/2"], "--at")
    ['10', '20', '1/2']
    """
    found = [part.strip() for text in texts for part in text.split(",")]
    if not all(found):
        raise ModelError(where, "must be a list of numbers such as 10,20", ",".join(texts))
    return found
