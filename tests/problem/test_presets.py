"""Presets: numbers of sources as settings, over which others win."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from lpdistill import DoNotDistilError, Grid, ModelError, Problem, load_problem, solve
from lpdistill.problem.presets import PRESETS
from lpdistill.problem.settings import SETTINGS

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
REST = {"p": "1/2", "memories": 2, "f0": "9/10", "target": "7/10", "distance": "1km"}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_describes_hardware(name):
    """The settings of a preset are settings, which make a problem with whatever it leaves open."""
    settings = PRESETS[name].settings
    problem = Problem.from_dict({"preset": name, **{key: value for key, value in REST.items() if key not in settings}})
    assert settings.keys() <= SETTINGS.keys()
    for key in settings.keys() - {"distance", "gate_fidelity"}:
        assert SETTINGS[key].of(problem) is not None


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_has_every_preset(name):
    """Name, numbers and source of every preset stand in a row of the page, and whether it is a projection."""
    one = PRESETS[name]
    told = ", ".join(f"`{key} = {value}`" for key, value in one.settings.items())
    assert f"| `{name}` | {told} | {'study' if one.study else 'experiment'}: {one.source} |" in PAGE


def test_what_is_given_wins():
    """Settings win over presets, and later presets over earlier ones."""
    found = Problem.from_dict({"preset": "ion-study", "memories": 2, "target": "0.9", "p": "0.1", "gate": "0.99"})
    assert (found.p, found.hardware.operations.noise.gate[0]) == (Fraction(1, 10), Fraction(99, 100))
    joined = Problem.from_dict({"preset": "ion-study,ion-gates", "memories": 2, "target": "0.9"})
    assert joined.hardware.operations.noise.gate[0] == Fraction(2499, 2500)
    later = Problem.from_dict({"preset": ["ion-study", "superconducting-link"], "memories": 2, "target": "0.9"})
    assert (later.p, later.f0) == (Fraction(1, 2), Fraction(23, 25))


def test_weights_replace_the_fidelity_of_a_preset():
    """Weights of raw pairs take the place of their fidelity, and a gate that of a gate fidelity."""
    found = Problem.from_dict(
        {
            "preset": "superconducting-link,ion-gates",
            "memories": 2,
            "target": ".95",
            "raw": ".9,0,0,.1",
            "gate": ".99",
            "distillation": "dejmps",
        }
    )
    assert found.f0 == Fraction(9, 10)


def test_files_and_sweeps_have_presets(tmp_path):
    """A problem file and a grid may name presets."""
    file = tmp_path / "problem.toml"
    file.write_text('preset = "superconducting-link"\nmemories = 3\ntarget = 0.94\n')
    assert load_problem(file).f0 == Fraction(23, 25)
    assert load_problem(file, preset="ion-ion-2025", target="0.98").f0 == Fraction(97, 100)
    grid = Grid(preset="superconducting-link", memories="2:3", target="0.94")
    assert [point.problem.p for point in grid.points()] == [Fraction(1, 2)] * 2


def test_an_unknown_preset_is_named():
    """The message lists all, with a guess."""
    with pytest.raises(ModelError, match=r"preset: must be one of .*did you mean 'ion-gates'"):
        Problem.from_dict({"preset": "ion-gate", **REST})


def test_the_gates_of_the_ion_study_do_not_distil():
    """Its gates lower every fidelity: the answer is not to distil, with the gates that would help."""
    with pytest.raises(DoNotDistilError, match="do not distil"):
        solve(Problem.from_dict({"preset": "ion-study", "memories": 3, "target": "0.95"}))


def test_a_rare_link_is_solved():
    """Probabilities of 1e-7 with eight memories are a problem like any other."""
    found = solve(
        Problem.from_dict(
            {
                "preset": "colour-centre-study",
                "gate": ".999",
                "readout": ".999",
                "f0": ".9",
                "memories": 8,
                "target": ".93",
                "distance": "1km",
            }
        )
    )
    assert found.waiting_time > 1
