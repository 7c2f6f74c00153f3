#!/usr/bin/env bash
# python-igraph 1.0.0: GraphML that igraph writes is not read back by igraph as it was.
#
# Expected: an attribute called "R&D" is written with the entity &amp; of XML, and is "R&D" again when the file is read,
# as every XML reader (here that of the standard library) has it.
# Seen: the name comes back as "R&#38;D", and grows by four characters with every further round; so do the ids of nodes.
# Values of attributes, which are text of elements, come back as they were.  A number keeps 15 digits, so that
# 5/18 is another double afterwards.
#
# Exits with 0 while this is so, and with 1 when it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "igraph==1.0.0"
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from xml.etree import ElementTree

import igraph

graph = igraph.Graph(edges=[(0, 1)], directed=True)
graph.vs["R&D"] = ["R&D", "none"]
graph.es["share"] = [5 / 18]
graph.write_graphml("first.graphml")
keys = ElementTree.parse("first.graphml").iter("{http://graphml.graphdrawing.org/xmlns}key")
in_file = {key.get("attr.name") for key in keys}

once = igraph.Graph.Read_GraphML("first.graphml")
names = [name for name in once.vs.attributes() if name != "id"]
del once.vs["id"]
once.write_graphml("second.graphml")
twice = [name for name in igraph.Graph.Read_GraphML("second.graphml").vs.attributes() if name != "id"]

print("igraph", igraph.__version__)
print("in the file, as the standard library reads it:", sorted(in_file))
print("read by igraph:", names, "value", once.vs[0][names[0]])
print("written and read once more:", twice)
print("5/18 written and read:", repr(5 / 18), "->", repr(once.es[0]["share"]))

as_described = (
    in_file == {"R&D", "share"}
    and names == ["R&#38;D"]
    and once.vs[0]["R&#38;D"] == "R&D"
    and twice == ["R&#38;#38;D"]
    and once.es[0]["share"] == 0.277777777777778
)
sys.exit(0 if as_described else "igraph does something else now: see what has changed")
PYTHON
