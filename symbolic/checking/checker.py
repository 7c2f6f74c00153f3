r"""A checker of certificates that trusts nothing but Python's integers.

It shares no code with whatever made the certificate: fidelity levels, configurations, actions and their outcomes are
worked out again from the parameters of the problem.  A certificate is accepted if it proves an optimum
(:mod:`symbolic.checking.proof`); or, where labels stand for levels, if it proves those of the two label models, which
the problem's lies between (:mod:`symbolic.checking.rounding`); or a greatest rate of the steady state
(:mod:`symbolic.checking.steady`).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from os import PathLike
from typing import Any, NamedTuple

from lpdistill.errors import ModelError, NotCertifiedError
from symbolic.checking.model import OF_RATES, Hardware, Written, demand, document_of, labelled, number
from symbolic.checking.proof import Proof, Size
from symbolic.checking.rounding import Labels
from symbolic.checking.steady import Rate
from symbolic.checking.steady import proved as rate_proved


class Proved(NamedTuple):
    """What a certificate has been found to prove: :class:`symbolic.Checked` says what each of it is."""

    lower_bound: Fraction
    upper_bound: Fraction
    unique: bool
    size: Size
    labels: int | None
    problem: Mapping[str, Any]

    @property
    def waiting_time(self) -> Fraction:
        """The least expected waiting time.

        Raises
        ------
        NotCertifiedError
            If the bounds are not equal.
        """
        if self.lower_bound != self.upper_bound:
            raise NotCertifiedError("the certificate proves two bounds: take lower_bound and upper_bound")
        return self.upper_bound


class ProvedRate(NamedTuple):
    """What a certificate of a rate has been found to prove: :class:`symbolic.CheckedRate` says what each of it is."""

    rate: Rate
    problem: Mapping[str, Any]


def check(certificate: str | PathLike[str] | dict[str, Any] | Written) -> Proved | ProvedRate:
    """Verify a certificate from the parameters of its problem alone.

    Parameters
    ----------
    certificate
        A file, a certificate of :func:`symbolic.certify`, or what its ``to_dict`` returns.

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
    >>> claims = certify(solve(Problem("9/10", 3, "3/4", "79/100"))).to_dict()
    >>> check(claims).waiting_time
    Fraction(2595250028, 309269159)
    >>> claims["waiting_time"] = claims["waiting_time"].replace("8/", "9/")
    >>> check(claims)
    Traceback (most recent call last):
        ...
    lpdistill.errors.NotCertifiedError: the certificate is wrong: the waiting time is not the value of empty memories
    """
    document = document_of(certificate)
    try:
        if document["schema"] == OF_RATES:
            return ProvedRate(rate_proved(document), document["problem"])
        return _bracketed(document) if labelled(document) else _optimal(document)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, ZeroDivisionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("certificate", f"does not have the form of one: {error!r}", None) from None


def _optimal(document: dict[str, Any]) -> Proved:
    """What a certificate of an optimum proves."""
    found = Proof.of(document, Hardware.of(document["problem"])).checked()
    return Proved(found.waiting_time, found.waiting_time, found.unique, found.size, None, document["problem"])


def _bracketed(document: dict[str, Any]) -> Proved:
    """What a certificate of two label models proves.

    The least expected time of the problem is no less than that of the labels rounded up, and no more than that of those
    rounded down.  Where both are equal, whatever is optimal attains the values of the former: there is nothing else
    where only one policy does, and that one meets no result that is rounded.
    """
    problem = document["problem"]
    labels = Labels.of(document["grid"], Hardware.of(problem), problem["budgets"])
    lower, upper = (
        Proof.of({**document[side], "problem": problem}, labels.model(up=up)).checked()
        for side, up in (("lower", True), ("upper", False))
    )
    demand(number(document["lower_bound"]) == lower.waiting_time, "the lower bound is not that of the labels")
    demand(number(document["upper_bound"]) == upper.waiting_time, "the upper bound is not that of the labels")
    closed = lower.waiting_time == upper.waiting_time
    demand(("waiting_time" in document) is closed, f"the bounds are {'' if closed else 'not '}equal")
    demand(not closed or number(document["waiting_time"]) == upper.waiting_time, "the waiting time is not the bounds")
    met = {pairs for distilled, _, _ in lower.actions for pairs in distilled}
    unique = closed and lower.unique and not met & labels.rounded_up
    demand(document["unique"] is unique, f"the optimal policy is {'' if unique else 'not '}proved unique")
    size = Size(*map(sum, zip(lower.size, upper.size, strict=True)))
    demand(document["checked_columns"] == size.columns, f"the programs have {size.columns:,} columns")
    return Proved(lower.waiting_time, upper.waiting_time, unique, size, len(labels.grid), problem)
