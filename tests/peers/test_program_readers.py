"""MPS files read by every solver that the documentation names: all of them find the waiting time."""

from __future__ import annotations

import re
import shutil
import subprocess

import highspy
import networkx as nx
import pytest
from hanging import HANGING

from lpdistill import Budget, MaxDistillations, NoGenerationWhileDistilling, Problem, solve
from lpdistill.export.programs import write_mps

THREE = Problem("1/2", 3, "3/4", "79/100")


def longwinded():
    """A graph whose nodes have long names in other alphabets, and nothing else in common with a problem."""
    graph = nx.DiGraph(start="η" * 300)
    for place, (state, chance) in enumerate({"η" * 300: 0.25, "θ" * 300: 0.5}.items()):
        graph.add_node(state, kind="state")
        for name, time in {"langsam und " * 30: 3, "schnell und " * 30: 2}.items():
            action = f"{state} {name} {place}"
            graph.add_node(action, kind="action", time=time + place)
            graph.add_edge(state, action)
            graph.add_edge(action, "ziel", probability=chance)
            graph.add_edge(action, "θ" * 300, probability=1 - chance)
    graph.add_node("ziel", kind="target")
    return graph


ASKED = {
    "charged": THREE,
    "last step free": THREE.replace(final_step="free"),
    "two memories, last step free": Problem("1/2", 2, "3/4", "79/100", final_step="free"),
    "generation alone, last step free": Problem("1/3", 2, "3/4", "3/4", final_step="free"),
    "other times, last step free": Problem(
        "2/3", 4, "3/4", "79/100", generation_time="3/7", distillation_time="5/3", final_step="free"
    ),
    "rules": Problem("1/2", 4, "9/10", "94/100").with_constraints(MaxDistillations(1), NoGenerationWhileDistilling()),
    "a budget, last step free": THREE.replace(final_step="free").with_constraints(Budget("generation_attempts", 11)),
    "limits on both sides": THREE.with_constraints(Budget("memory_time", "17", least="16.5"), Budget("steps", least=8)),
    "an exact budget": THREE.with_constraints(Budget("generation_attempts", 12, least=12)),
    "a graph": THREE.graph(),
    "long names": longwinded(),
}
asked = pytest.mark.parametrize("question", ASKED.values(), ids=ASKED)


def program(name):
    """The path of a program, or a skipped test where it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"needs {name}")
    return path


def ran(*command):
    """What a program writes on standard output."""
    return subprocess.run(  # noqa: S603 - a solver
        list(map(str, command)), capture_output=True, text=True, check=True, timeout=HANGING
    ).stdout


def number(pattern, text):
    """The number that a program reports."""
    return float(re.search(pattern, text)[1])


def with_highs(file, _):
    """HiGHS."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - the signature is that of highspy
    assert solver.readModel(str(file)) == highspy.HighsStatus.kOk
    solver.run()
    return solver.getInfo().objective_function_value


def with_scip(file, _):
    """SCIP."""
    model = pytest.importorskip("pyscipopt").Model()
    model.hideOutput()
    model.readProblem(str(file))
    model.optimize()
    assert model.getStatus() == "optimal"
    return model.getObjVal()


def with_glpk(file, _):
    """GLPK as a library."""
    glpk = pytest.importorskip("swiglpk")
    glpk.glp_term_out(glpk.GLP_OFF)
    model = glpk.glp_create_prob()
    assert glpk.glp_read_mps(model, glpk.GLP_MPS_FILE, None, str(file)) == 0
    assert glpk.glp_simplex(model, None) == 0
    assert glpk.glp_get_status(model) == glpk.GLP_OPT
    return glpk.glp_get_obj_val(model)


def with_glpsol(file, folder):
    """GLPK from the shell."""
    ran(program("glpsol"), "--freemps", file, "-o", folder / "found.txt")
    return number(r"Objective:\s+\S+ = (\S+)", (folder / "found.txt").read_text())


def with_lp_solve(file, _):
    """lp_solve from the shell."""
    return number(r"Value of objective function: (\S+)", ran(program("lp_solve"), "-S4", "-fmps", file))


def solved_by_cbc(cbc, file, folder):
    """What a cbc writes of its solution."""
    ran(cbc, file, "-solve", "-solution", folder / "found.txt")
    return number(r"Optimal - objective value (\S+)", (folder / "found.txt").read_text())


def with_cbc(file, folder):
    """COIN-OR's cbc from a wheel."""
    return solved_by_cbc(pytest.importorskip("cbcbox").cbc_bin_path(), file, folder)


def with_cbc_of_the_system(file, folder):
    """COIN-OR's cbc from the shell."""
    return solved_by_cbc(program("cbc"), file, folder)


def with_gurobi(file, _):
    """Gurobi, within what it does without a licence."""
    gurobi = pytest.importorskip("gurobipy")
    with gurobi.Env(params={"OutputFlag": 0}) as environment, gurobi.read(str(file), environment) as model:
        model.optimize()
        return model.ObjVal


def with_cplex(file, _):
    """CPLEX, within what it does without a licence."""
    model = pytest.importorskip("cplex").Cplex()
    for stream in (model.set_log_stream, model.set_results_stream, model.set_warning_stream, model.set_error_stream):
        stream(None)
    model.read(str(file))
    model.solve()
    return model.solution.get_objective_value()


READERS = [
    *(with_highs, with_scip, with_glpk, with_glpsol, with_lp_solve),
    *(with_cbc, with_cbc_of_the_system, with_gurobi, with_cplex),
]


@asked
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.removeprefix("with_"))
def test_readers_find_the_waiting_time(question, reader, tmp_path):
    """The optimum that a solver finds in the file, by itself, is the waiting time, constants and limits included."""
    write_mps(question, tmp_path / "program.mps")
    assert reader(tmp_path / "program.mps", tmp_path) == pytest.approx(solve(question).waiting_time, rel=1e-7)
