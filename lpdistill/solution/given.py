"""What a user may give for a problem, for a policy, and for a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from lpdistill.arguments import Kind
from lpdistill.problem.problem import Problem
from lpdistill.solution.policy import Policy
from lpdistill.solution.solution import Solution

if TYPE_CHECKING:
    import networkx as nx

ProblemLike: TypeAlias = Problem | Solution
"""A problem, or what has one."""

QuestionLike: TypeAlias = "Problem | nx.DiGraph[Any] | Solution"
"""A problem or a state graph, or what has one."""

SolutionLike: TypeAlias = "Solution | Problem | nx.DiGraph[Any]"
"""A solution, or what has one, or what may be solved."""

PolicyLike: TypeAlias = Policy | Solution
"""A policy, or what has one."""

OF_ONES_OWN = "Policy.of(problem, ...) makes one of actions by configuration"


def is_policy(given: object) -> TypeGuard[Policy]:
    """Whether something is a policy."""
    return isinstance(given, Policy)


def is_solution(given: object) -> TypeGuard[Solution]:
    """Whether something is a solution."""
    return isinstance(given, Solution)


INSTEAD_OF_POLICY = {
    "Problem": 'the optimal one is solve(problem).policy, and by name it is policy_named(problem, "nested")',
    "DiGraph": "the optimal one is solve(graph).policy",
    "str": 'by name it is policy_named(problem, "nested"), and from a file read_policy(problem, file)',
    "dict": OF_ONES_OWN,
    "function": OF_ONES_OWN,
    "Plan": "Policy(plan) is one",
    "TimedPolicy": "one that looks at the clock can be simulated, and Deadline has its probabilities",
    "Chain": "give the policy that it is of",
    "list": "ask about one at a time",
    "tuple": "ask about one at a time",
}
"""What to write instead of something that is no policy."""

POLICY: Kind[Policy] = Kind("a Policy", is_policy, "policy", INSTEAD_OF_POLICY)
"""A policy, or what has one."""

SOLUTION: Kind[Solution] = Kind(
    "a Solution",
    is_solution,
    "solution",
    {
        "Policy": "a policy need not be optimal, so give the solution that it is of, or its problem",
        "str": "a problem file is read by load_problem(path), and solved by solve(problem)",
        "dict": "settings make a problem, Problem.from_dict(settings), which solve(problem) solves",
        "list": "ask about one at a time",
        "tuple": "ask about one at a time",
    },
)
"""A solution, or what has one."""
