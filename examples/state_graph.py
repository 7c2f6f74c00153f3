"""The state graph of two memories: drawn to the file named on the command line, edited, and solved again."""

import sys

from lpdistill import Action, NoGenerationWhileDistilling, Problem, pictures, solve
from lpdistill.export.graphs import draw

problem = Problem(p=0.5, memories=2, f0=0.75, target=0.79)
graph = problem.graph()
pictures.save(draw(graph, about=problem), sys.argv[1] if len(sys.argv) > 1 else "state_graph.png")
print(f"{graph}, start {graph.graph['start']}")
for action in graph.successors((2, 0)):
    print((2, 0), "->", action, "takes", graph.nodes[action]["time"])
    for after, edge in graph.adj[action].items():
        print("       ->", after, "with probability", round(edge["probability"], 6))
print()


def report(change, edited):
    """What a change does to the waiting time."""
    print(f"{change:<46}{solve(edited).waiting_time:10.6f}")


report("as it is", graph)

# Remove an action: two sources cannot fire at once.
edited = graph.copy()
edited.remove_node(((0, 0), Action(generate=2)))
report("the empty node generates on one memory only", edited)

# Re-time an action: unlike levels need a slower gate.
edited = graph.copy()
edited.nodes[(1, 1), Action(distil=((0, 1),))]["time"] = 3
report("distilling unlike levels takes 3 instead of 2", edited)

# Add an action: a second source, slow and sure, for an empty node.
edited = graph.copy()
edited.add_node("second source", kind="action", time=3)
edited.add_edge((0, 0), "second source")
edited.add_edge("second source", (0, 1), probability=0.6)
edited.add_edge("second source", (0, 0), probability=0.4)
report("a second source makes pairs of level 1", edited)
print("  the empty node uses the", solve(edited).policy[0, 0][0].action)

# Another start: two raw pairs are there already.
edited = graph.copy()
edited.graph["start"] = (2, 0)
report("the run starts with two raw pairs", edited)
print()

# A rule prunes a graph as it restricts a problem.
memories3 = problem.replace(memories=3)
pruned = memories3.graph()
gone = NoGenerationWhileDistilling().prune(pruned)
print(f"pruned {len(gone)} actions: {solve(pruned).waiting_time:.9f}")
print(f"rule on the problem: {solve(memories3.with_constraints(NoGenerationWhileDistilling())).waiting_time:.9f}")
