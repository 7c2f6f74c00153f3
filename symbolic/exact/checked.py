"""What a certificate has been found to prove, as an answer like any other; the checker itself knows none of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from typing import Any

from lpdistill.errors import NotCertifiedError
from lpdistill.solution.answer import SHOWN, Answer, Block
from symbolic.checking.checker import ProvedRate
from symbolic.checking.checker import check as proved
from symbolic.checking.model import Written
from symbolic.exact.text import exact_text, shortened


@dataclass(frozen=True, slots=True, repr=False)
class Checked(Answer):
    """What a certificate has been found to prove.

    Attributes
    ----------
    lower_bound, upper_bound
        What the least expected waiting time lies between, exact; equal where it is known, as it is without labels.
    unique
        Whether all optimal policies are proved to do the same in every reachable configuration.
    configurations, columns, exact_columns
        Configurations and columns of the program, and columns that needed the full digits of the values; of both
        label models together, where there are labels.
    labels
        How many labels stand for levels; None where none do.
    problem
        The problem, as the certificate states it.
    """

    _KIND = "check"
    _UNDRAWN = "shows numbers, and a certificate that holds is one fact; draw the solution that it is of"

    lower_bound: Fraction
    upper_bound: Fraction
    unique: bool
    configurations: int
    columns: int
    exact_columns: int
    labels: int | None
    problem: Mapping[str, Any]

    @property
    def waiting_time(self) -> Fraction:
        """Least expected waiting time, exact.

        Raises
        ------
        NotCertifiedError
            If the certificate proves two bounds that are not equal.
        """
        if self.lower_bound != self.upper_bound:
            raise NotCertifiedError("the certificate proves two bounds: take lower_bound and upper_bound")
        return self.upper_bound

    @property
    def _question(self) -> Mapping[str, Any]:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "certificate", "valid"
        yield "problem", _in_words(self.problem)
        if self.lower_bound == self.upper_bound:
            several = "several optimal policies" if self.labels is None else "others may be as fast"
            yield "waiting time", f"{float(self.waiting_time):.12g} = {shortened(self.waiting_time)}"
            yield "optimal", "one optimal policy" if self.unique else several
        else:
            yield "no less than", f"{float(self.lower_bound):.12g} = {shortened(self.lower_bound)}"
            yield "no more than", f"{float(self.upper_bound):.12g} = {shortened(self.upper_bound)}"
        if self.labels is not None:
            yield "labels", f"{self.labels:,} stand for levels, results rounded up and down"
        yield "checked", f"{self.columns:,} columns of {self.configurations:,} configurations"

    def _content(self) -> dict[str, Any]:
        bounds = {"lower_bound": exact_text(self.lower_bound), "upper_bound": exact_text(self.upper_bound)}
        known = self.lower_bound == self.upper_bound
        return {
            "valid": True,
            **({"waiting_time": exact_text(self.waiting_time)} if known else {}),
            **({} if self.labels is None else {**bounds, "labels": self.labels}),
            "unique": self.unique,
            "configurations": self.configurations,
            "checked_columns": self.columns,
        }

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - as every answer has it
        """None."""
        return ()

    def _cells(self) -> Iterable[dict[str, Any]]:
        """One row."""
        return [self._content()]


@dataclass(frozen=True, slots=True, repr=False)
class CheckedRate(Answer):
    """What a certificate of a rate has been found to prove.

    Attributes
    ----------
    lower_bound, upper_bound
        Exact bounds on the greatest number of pairs per unit of time, or of what they are worth: equal, unless labels
        stand for levels.
    configurations, columns
        Configurations and columns of the program, or of both.
    labels
        Number of labels, if there are any.
    problem
        The problem, as the certificate states it.
    """

    _KIND = "rate-check"
    _UNDRAWN = "shows numbers, and a certificate that holds is one fact; draw the rate that it is of"

    lower_bound: Fraction
    upper_bound: Fraction
    configurations: int
    columns: int
    labels: int | None
    problem: Mapping[str, Any]

    @property
    def gain(self) -> Fraction:
        """The greatest rate, exact.

        Raises
        ------
        NotCertifiedError
            If the bounds are not equal.
        """
        if self.lower_bound != self.upper_bound:
            raise NotCertifiedError("the certificate proves two bounds: take lower_bound and upper_bound")
        return self.lower_bound

    @property
    def _question(self) -> Mapping[str, Any]:
        return self.problem

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "certificate", "valid"
        yield "problem", _in_words(self.problem)
        if self.lower_bound == self.upper_bound:
            yield "gain", f"{float(self.gain):.12g} = {shortened(self.gain)}"
        else:
            yield "no less than", f"{float(self.lower_bound):.12g} = {shortened(self.lower_bound)}"
            yield "no more than", f"{float(self.upper_bound):.12g} = {shortened(self.upper_bound)}"
        if self.labels is not None:
            yield "labels", f"{self.labels:,}, rounded down and up"
        yield "checked", f"{self.columns:,} columns of {self.configurations:,} configurations"

    def _content(self) -> dict[str, Any]:
        bounds = {"lower_bound": exact_text(self.lower_bound), "upper_bound": exact_text(self.upper_bound)}
        return {
            "valid": True,
            **({"gain": exact_text(self.gain)} if self.lower_bound == self.upper_bound else {}),
            **({} if self.labels is None else {**bounds, "labels": self.labels}),
            "configurations": self.configurations,
            "checked_columns": self.columns,
        }

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - as every answer has it
        """None."""
        return ()

    def _cells(self) -> Iterable[dict[str, Any]]:
        """One row."""
        return [self._content()]


def check(certificate: str | PathLike[str] | dict[str, Any] | Written) -> Checked | CheckedRate:
    """Verify a certificate from the parameters of its problem alone (:mod:`symbolic.checking.checker`).

    Parameters
    ----------
    certificate
        A file, a certificate of :func:`symbolic.certify` or :func:`symbolic.certify_rate`, or what its ``to_dict``
        returns.

    Raises
    ------
    ModelError
        If it is no certificate, or of a problem that this checker does not know.
    NotCertifiedError
        If it claims something that is not so.
    LimitError
        If the program is too large to be checked.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> from symbolic import certify
    >>> check(certify(solve(Problem("9/10", 3, "3/4", "79/100")))).waiting_time
    Fraction(2595250028, 309269159)
    """
    found = proved(certificate)
    if isinstance(found, ProvedRate):
        return CheckedRate(*found.rate, found.problem)
    return Checked(found.lower_bound, found.upper_bound, found.unique, *found.size, found.labels, found.problem)


def _in_words(problem: Mapping[str, Any]) -> str:
    """A problem as a certificate states it: numbers exactly."""
    rules = (" ".join(str(part) for part in rule.values()).replace("_", " ") for rule in problem["rules"])
    budgets = (
        f"{name.replace('_', ' ')} {'<=' if side == 'most' else '>='} {limit}"
        for name, limits in problem["budgets"].items()
        for side, limit in limits.items()
        if side in {"most", "least"} and limit is not None
    )
    text = (
        f"p = {problem['p']}, M = {problem['memories']}, f0 = {problem['f0']} -> {problem['target']}, times "
        f"{problem['generation_time']} (generation) and {problem['distillation_time']} (distillation)"
        + (", last step free" if problem["final_step"] == "free" else "")
        + (", discarding" if problem["discarding"] else "")
    )
    served = (f"{name} has pairs of at least {one['target']}" for name, one in problem.get("tenants", {}).items())
    valued = (f"{fidelity} is worth {worth}" for fidelity, worth in problem.get("worth", {}).items())
    return "; ".join([text, *rules, *budgets, *served, *valued])
