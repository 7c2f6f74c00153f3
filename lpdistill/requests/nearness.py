"""How near labels come to the levels that they stand for: asked of many questions alike."""

from __future__ import annotations

from collections.abc import Callable

from lpdistill.numbers import Number
from lpdistill.problem.labels import labels_of, wants_labels
from lpdistill.problem.question import QUESTION, is_problem
from lpdistill.solution.given import QuestionLike, is_solution
from lpdistill.solving import precision, solve


def near(
    problem: QuestionLike, within: Number | None, time_limit: Number, progress: Callable[[str], None]
) -> QuestionLike:
    """What is asked, or where labels stand for its levels, its solution on labels that come near enough.

    They do so where there are infinitely many levels, and where a gap is named.

    Raises
    ------
    ModelError
        If the gap or the time is none, or labels do not bracket the optimum.
    LpdistillError
        Whatever :func:`lpdistill.solve` raises.
    """
    precision(within, time_limit)
    question = QUESTION.meant(problem, "problem")
    if within is None and (not is_problem(question) or is_solution(problem) or labels_of(question) is not None):
        return problem
    if within is None and is_problem(question) and (question.reach.finite or not wants_labels(question)):
        return problem
    return solve(problem, within=within, time_limit=time_limit, progress=progress)
