"""Results of sweeps: documents, frames, arrays, files and pictures that say the same."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
from matplotlib.colors import LogNorm
from pandas.testing import assert_frame_equal
from sweep_cases import POLICIES, SETTINGS

from lpdistill import Budget, Grid, MaxDistillations, ModelError, Problem, pictures, sweep
from lpdistill.problem.settings import numeric
from lpdistill.study.outcome import Ending

WIDE = {"p": "0.3,0.9,1/3", "memories": "2:3", "f0": "0.75,0.99", "gap": "0.04"}


@pytest.fixture(scope="module")
def wide():
    """A sweep with points that are done, improper, and beyond fidelity 1."""
    return sweep(WIDE, ("optimal", "greedy", "nested"), store=None, jobs=1)


def test_the_document_has_every_point(wide):
    """The JSON document has axes as exact text, and for every point its values, policy and outcome."""
    document = json.loads(wide.to_json())
    assert document["schema"] == "lpdistill.sweep/1"
    assert document["axes"] == {"p": ["3/10", "9/10", "1/3"], "memories": ["2", "3"], "f0": ["3/4", "99/100"]}
    assert document["policies"] == ["optimal", "greedy", "nested"]
    assert (document["computed"], document["reused"]) == (18, 0)
    assert len(document["points"]) == len(wide) == 36
    for point, row in zip(document["points"], wide, strict=True):
        assert (point["p"], point["memories"], point["f0"]) == tuple(str(value) for value in row.point.at)
        assert (point["policy"], point["status"]) == (row.policy, row.outcome.ending)
        assert (point["waiting_time"], point["advantage"]) == (row.waiting_time, row.advantage)


def test_the_document_says_what_was_swept():
    """Every point has the whole of its problem: what is on no axis, rules, budgets and the last step are there."""
    base = Problem(0.9, 4, "3/4", "79/100", final_step="free", budgets=[Budget("steps", 30)])
    found = sweep(Grid(base, max_distillations="none,1", generation_time=2), store=None)
    assert [point["problem"] for point in found.to_dict()["points"]] == [row.point.problem.to_dict() for row in found]
    beyond = sweep({"p": 0.5, "memories": 2, "f0": "3/4,99/100", "gap": "0.04"}, store=None).to_dict()["points"]
    assert [point["problem"] is None for point in beyond] == [False, True]


def test_the_frame_has_what_was_asked_beyond_fidelity_1():
    """Points without a problem have all settings too, from the grid or from the problem that it begins with."""
    settings = {"f0": "3/4,99/100", "gap": "0.04", "distillation_time": 3, "final_step": "free", "banded": 1}
    budgets = [Budget("steps", 300)]
    for grid in (
        Grid(p=0.5, memories=4, budgets=budgets, **settings),
        Grid(Problem(0.5, 4, "3/4", "79/100"), budgets=budgets, **settings),
    ):
        near, beyond = sweep(grid, store=None).to_frame().to_dict("records")
        asked = [name for name in near if name in {*numeric(), "rules", "budgets", "final_step", "policy", "banded"}]
        assert beyond["status"] == "unreachable"
        assert (beyond["f0"], beyond["gap"], beyond["target"]) == (0.99, 0.04, 1.03)
        assert {name: beyond[name] for name in asked if name not in {"f0", "target"}} == {
            name: near[name] for name in asked if name not in {"f0", "target"}
        }


def test_the_frame_has_every_setting(wide):
    """A frame has a row for each problem and policy, settings as numbers, and NaN where there is none."""
    frame = wide.to_frame()
    assert len(frame) == 36
    done = frame[frame["status"] == "done"]
    for cells, row in zip(frame.to_dict("records"), wide, strict=True):
        assert (cells["p"], cells["memories"], cells["f0"]) == tuple(wide.coordinates(row).values())
        assert cells["policy"] == row.policy
    assert done["waiting_time"].notna().all()
    assert frame.loc[frame["status"] != "done", "waiting_time"].isna().all()
    assert done["target"].eq(0.79).all()
    assert (done["raw_pairs"] > 0).all()
    assert set(frame["deadlock"]) == {"", "(1, 1)"}


def test_csv_comes_back(wide, tmp_path):
    """A CSV file has every cell of the frame: numbers with all their digits, and nothing where there is none."""
    wide.write(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    frame = wide.to_frame()
    assert list(read[0]) == list(frame)
    for written, cells in zip(read, frame.to_dict("records"), strict=True):
        for name, cell in cells.items():
            if pd.isna(cell):
                assert written[name] == ""
            else:
                assert type(cell)(written[name]) == cell


def test_parquet_comes_back(wide, tmp_path):
    """A Parquet file read again is the frame, with its types."""
    wide.write(tmp_path / "a.parquet")
    assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), wide.to_frame(), check_exact=True)


def test_netcdf_comes_back(wide, tmp_path):
    """A netCDF file read again is the dataset, with its coordinates and attributes."""
    pytest.importorskip("h5py")
    wide.write(tmp_path / "a.nc")
    dataset = wide.to_dataset()
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as read:
        xr.testing.assert_equal(read.load(), dataset)
        assert read.attrs == dataset.attrs
        assert read["waiting_time"].attrs == {"units": "user's unit of time"}
        assert read["p"].attrs["exact"] == "3/10, 9/10, 1/3"


def test_parquet_has_nulls_where_there_is_no_number(wide, tmp_path):
    """No cell of a Parquet file is NaN, which would make the least and the greatest value of a column none."""
    wide.write(tmp_path / "a.parquet")
    file, frame = pq.ParquetFile(tmp_path / "a.parquet"), wide.to_frame()
    group = file.metadata.row_group(0)
    for column in (group.column(place) for place in range(group.num_columns)):
        cells, found = frame[column.path_in_schema], column.statistics
        assert found.null_count == cells.isna().sum()
        if pd.api.types.is_float_dtype(cells) and cells.notna().any():
            assert (found.min, found.max) == (cells.min(), cells.max())


def test_the_dataset_has_every_number_of_the_problems(wide):
    """Numbers that are swept along no axis are coordinates without one, exactly and with their units."""
    dataset = wide.to_dataset()
    for name, value, attributes in (
        ("generation_time", 1.0, {"exact": "1", "units": "user's unit of time"}),
        ("distillation_time", 2.0, {"exact": "2", "units": "user's unit of time"}),
        ("gap", 0.04, {"exact": "1/25"}),
    ):
        assert (float(dataset[name]), dataset[name].attrs, dataset[name].dims) == (value, attributes, ())
    assert dataset["target"].dims == ("f0",)
    assert dataset["target"].values.tolist() == [0.79, 1.03]
    assert dataset["memory_time"].attrs["units"] == "memories times the user's unit of time"
    assert dataset["steps"].attrs["units"] == "1"


FREE = Problem(0.9, 4, "3/4", "79/100", generation_time="3/7", final_step="free", discarding=True)
GRIDS = {
    "p": Grid(FREE.with_constraints(Budget("steps", 30), MaxDistillations(1)), p="0.3,0.5"),
    "f0 below one target": Grid(FREE, f0="0.75,0.76"),
    "f0 and target": Grid(FREE, f0="0.75,0.76", target="0.78,0.79"),
    "f0 with one gap": Grid(p=0.5, memories=2, f0="3/4,99/100", gap="1/25", distillation_time=3),
    "gaps": Grid(p=0.5, memories=2, f0="3/4", gap="1/25,3/100", final_step="free"),
    "rules": Grid(FREE, max_distillations="none,1", p="0.5"),
    "durations": Grid(FREE, distillation_time="1,2"),
    "nothing": Grid(FREE),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_the_dataset_tells_each_problem(grid):
    """What all problems have in common, as JSON, and the coordinates of a cell make the problem of that cell."""
    found = sweep(grid, store=None, jobs=1)
    dataset = found.to_dataset()
    common = json.loads(dataset.attrs["problem"])
    for row in found:
        if row.point.problem is None:
            continue
        cell = dataset.sel(**found.coordinates(row), policy=row.policy)
        numbers = {name: cell[name].item() for name in numeric() if name not in {"gap", "memories"}}
        told = Problem.from_dict({"rules": [], **common, **numbers, "memories": int(cell["memories"])})
        assert told.replace(rules=()) == row.point.problem.replace(rules=(), generation_time=told.generation_time)
        assert float(row.point.problem.generation_time) == numbers["generation_time"]
        assert float(cell["gap"]) == pytest.approx(float(row.point.problem.target - row.point.problem.f0), rel=1e-15)
        if "rules" in common:
            assert told.rules == row.point.problem.rules
    assert dataset.attrs["final_step"] == found.rows[0].point.problem.final_step
    assert "p" not in common or "p" not in dataset.dims or dataset.sizes["p"] == 1


def test_the_dataset_is_addressed_by_values(wide):
    """A dataset has a dimension for each axis and one for policies; each cell is the point of its coordinates."""
    dataset = wide.to_dataset()
    assert dict(dataset.sizes) == {"p": 3, "memories": 2, "f0": 2, "policy": 3}
    for row in wide:
        cell = dataset.sel(**wide.coordinates(row), policy=row.policy)
        value = float(cell["waiting_time"])
        assert value == row.waiting_time if row.waiting_time is not None else np.isnan(value)
        assert str(cell["status"].item()) == row.outcome.ending
    assert "lpdistill" in dataset.attrs["source"]
    assert dataset.attrs["gap"] == "0.04"


def test_alternatives_are_labels():
    """Rules along an axis are labels in frames and datasets, and what the base has is in its columns."""
    base = Problem(0.9, 4, "3/4", "79/100", budgets=[Budget("steps", 30)])
    found = sweep(Grid(base, rules=[(), MaxDistillations(1)]), store=None)
    frame = found.to_frame()
    assert list(frame["rules"]) == ["none", "max_distillations=1"]
    assert list(frame["budgets"]) == ["steps <= 30"] * 2
    times = found.to_dataset()["waiting_time"].sel(policy="optimal")
    assert float(times.sel(rules="max_distillations=1")) == found.rows[1].waiting_time


def test_there_is_no_advantage_over_what_breaks_a_budget():
    """A baseline that exceeds a budget has neither a waiting time nor an advantage, faster though it be."""
    found = sweep(
        Grid(Problem(0.5, 4, "3/4", "79/100", budgets=[Budget("generation_attempts", 12)])), POLICIES, store=None
    )
    assert [row.outcome.ending for row in found] == [Ending.DONE, Ending.EXCEEDS]
    assert [(row.waiting_time is None, row.advantage) for row in found] == [(False, None), (True, None)]


def test_a_sweep_of_one_point_has_no_axes():
    """Without any axis there is one problem, and every form of the result has it."""
    found = sweep({"p": 0.5, "memories": 2, "f0": "3/4", "gap": "0.04"}, store=None)
    (row,) = found
    assert found.to_dict()["axes"] == {}
    assert list(found.to_frame()["waiting_time"]) == [row.waiting_time]
    assert found.to_dataset()["waiting_time"].sel(policy="optimal").item() == row.waiting_time
    assert repr(found) == "Sweep: 1 points, 1 done"


def test_endings_are_counted(wide):
    """Every policy's points are counted by ending."""
    assert wide.endings("nested") == {
        Ending.DONE: 3,
        Ending.UNREACHABLE: 6,
        Ending.IMPROPER: 3,
        Ending.EXCEEDS: 0,
        Ending.LIMIT: 0,
        Ending.ERROR: 0,
    }
    with pytest.raises(ModelError, match="optimal, greedy, nested"):
        wide["best"]


WRONG_FILES = {"suffix": ("a.xlsx", "suffixes"), "none": ("a", "suffixes"), "folder": ("no/a.csv", "folder")}


@pytest.mark.parametrize("wrong", WRONG_FILES.values(), ids=WRONG_FILES)
def test_files_that_cannot_be_are_refused(wide, wrong, tmp_path):
    """Another suffix, or a folder that does not exist, is one error with the path."""
    name, word = wrong
    with pytest.raises(ModelError, match=word) as caught:
        wide.write(tmp_path / name)
    assert caught.value.value == str(tmp_path / name)


def test_missing_packages_name_the_extra(wide, monkeypatch, tmp_path):
    """Where a package is missing, the error names the extra to install."""
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ModelError, match=r"lpdistill\[arrays\]"):
        wide.to_dataset()
    monkeypatch.setattr("lpdistill.study.result.find_spec", lambda _: None)
    for name in ("a.parquet", "a.nc"):
        with pytest.raises(ModelError, match=r"lpdistill\[arrays\]"):
            wide.write(tmp_path / name)


@pytest.fixture(scope="module")
def plane():
    """A sweep over two axes."""
    return sweep({"p": "0.9,0.3,0.6", "memories": "2:3", "f0": "0.75", "gap": "0.04"}, POLICIES, store=None, jobs=1)


def test_one_axis_makes_lines():
    """Over one axis every policy is a line with its name, through its points in order; what is missing is counted."""
    found = sweep({**SETTINGS, "p": "0.9,0.3,0.6", "memories": 3, "f0": "0.75"}, POLICIES, store=None, jobs=1)
    drawn = found.plot()
    assert [line.get_label() for line in drawn.lines] == list(POLICIES)
    for line, policy in zip(drawn.lines, POLICIES, strict=True):
        times = {row.point.problem.p: row.waiting_time for row in found[policy]}
        assert list(line.get_ydata()) == [times[p] for p in sorted(times)]
        assert list(line.get_xdata()) == [0.3, 0.6, 0.9]
    assert "time" in drawn.get_ylabel()
    assert len({line.get_color() for line in drawn.lines}) == len({str(line.get_linestyle()) for line in drawn.lines})
    trapped = sweep({**SETTINGS, "p": "0.9,0.3", "memories": 2, "f0": "0.75"}, POLICIES, store=None, jobs=1).plot()
    assert trapped.lines[1].get_label() == "nested (2 of 2 without)"


def test_two_axes_make_a_map(plane):
    """Over two axes one policy is a map with its numbers in order; cells without one stay grey and are counted."""
    drawn = plane.plot(policy="nested")
    (mesh, *_) = drawn.collections
    times = {(float(row.point.at[0]), row.point.at[1]): row.waiting_time for row in plane["nested"]}
    shown = mesh.get_array()
    for i, memories in enumerate((2, 3)):
        for j, p in enumerate((0.3, 0.6, 0.9)):
            wanted = times[p, memories]
            assert shown.mask[i, j] if wanted is None else shown[i, j] == wanted
    assert drawn.get_title(loc="left") == "nested; grey: 3 without"
    assert [label.get_text() for label in drawn.get_xticklabels()] == ["0.3", "0.6", "0.9"]


def test_advantage_is_drawn_of_baselines(plane):
    """The advantage is that over the first baseline unless another is named; it needs the optimum and a baseline."""
    assert plane.plot(quantity="advantage").get_title(loc="left").startswith("nested")
    lines = sweep(Grid(Problem(0.5, 4, "3/4", "79/100"), p="0.5,0.6"), ("optimal", "greedy"), store=None)
    (line,) = lines.plot(quantity="advantage").lines
    assert list(line.get_ydata()) == [row.advantage for row in lines["greedy"]]
    with pytest.raises(ModelError, match="needs the optimal and another policy"):
        sweep(Grid(Problem(0.5, 4, "3/4", "79/100"), p="0.5,0.6"), store=None).plot(quantity="advantage")


def test_wide_ranges_are_logarithmic():
    """Times over more than a factor of 20 have a logarithmic scale, others a linear one from zero."""
    settings = {"memories": 2, "f0": "0.75", "gap": "0.04"}
    assert sweep({"p": "0.01,1", **settings}, store=None).plot().get_yscale() == "log"
    near = sweep({"p": "0.5,1", **settings}, store=None).plot()
    assert (near.get_yscale(), near.get_ylim()[0]) == ("linear", 0.0)


def test_wide_maps_have_logarithmic_colours_and_plain_marks():
    """A map whose numbers spread has logarithmic colours, marked by plain numbers; an even one has not."""
    settings = {"memories": "2:3", "f0": "0.75", "target": "0.79"}
    for p, logarithmic in (("0.02,0.5,0.7,0.9", True), ("0.8,0.9,1", False)):
        axes = sweep({"p": p, **settings}, store=None, jobs=1).plot()
        mesh, bar = axes.collections[0], axes.figure.axes[1]
        assert isinstance(mesh.norm, LogNorm) is logarithmic
        texts = [label.get_text().replace(",", "") for label in bar.get_yticklabels()]
        assert not logarithmic or [float(text) for text in texts] == pytest.approx(bar.get_yticks())


def test_no_advantage_is_a_colour_not_a_gap():
    """An advantage of 0 is the faintest of logarithmic colours; grey is kept for cells without a number."""
    grid = {"p": "0.1:0.9:0.2", "f0": "0.6:0.9:0.06", "memories": 4, "gap": "0.04"}
    axes = sweep(grid, ("optimal", "pumping"), store=None, jobs=1).plot(quantity="advantage")
    mesh = axes.collections[0]
    assert isinstance(mesh.norm, LogNorm)
    assert mesh.get_array().min() <= mesh.norm.vmin
    assert not np.ma.is_masked(mesh.norm(mesh.get_array()))


def test_a_sweep_says_what_is_fixed():
    """The title has what does not vary, of the settings or of the problem that has them."""
    settings = sweep({"p": "0.5,1", "memories": 2, "f0": "0.75", "gap": "0.04"}, store=None).plot()
    assert settings.figure.get_suptitle() == "memories = 2, f0 = 0.75, gap = 0.04"
    node = Problem(0.9, 4, "3/4", "79/100")
    based = sweep(Grid(node, max_distillations="none,1"), store=None).plot()
    assert " ".join(based.figure.get_suptitle().split()) == f"{node}; varied: max distillations"


def test_no_point_is_cut_off():
    """All points lie inside the picture, also where all are equal."""
    axes = sweep(Grid(Problem(0.9, 4, "3/4", "79/100"), max_distillations="none,1,2"), store=None).plot()
    highest = max(axes.lines[0].get_ydata())
    assert axes.get_ylim()[1] > 1.05 * highest


def test_alternatives_are_drawn_side_by_side():
    """Rules along the only axis are places with labels, not a line."""
    found = sweep(Grid(Problem(0.9, 4, "3/4", "79/100"), max_distillations="none,1"), store=None)
    drawn = found.plot()
    assert [label.get_text() for label in drawn.get_xticklabels()] == ["none", "1"]
    assert drawn.lines[0].get_linestyle() == "None"


def test_more_axes_are_refused(wide):
    """Three axes with several values are no picture; the error names them."""
    with pytest.raises(ModelError, match="p, memories, f0"):
        wide.plot()


@pytest.mark.parametrize("wrong", [{"policy": "best"}, {"quantity": "beauty"}])
def test_unknown_quantities_and_policies_are_refused(plane, wrong):
    """A policy or quantity that is not there is an error that lists those that are."""
    with pytest.raises(ModelError, match="must be one of"):
        plane.plot(**wrong)


def test_a_sweep_is_drawn_on_the_axes_given(plane):
    """A plot goes onto the axes of the caller, which are returned."""
    axes = pictures.axes()
    assert plane.plot(axes) is axes


def test_a_sweep_over_distances_is_in_seconds():
    """Times of a sweep over distances are in seconds; durations that follow from the distance are no single number."""
    pytest.importorskip("matplotlib")
    far = sweep({"p": "0.5", "memories": 2, "f0": "0.9", "target": "0.93", "distance": "1km,10km"}, store=None, jobs=1)
    drawn = far.plot()
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == (
        "distance of the nodes (in m)",
        "expected waiting time\n(in s)",
    )
    dataset = far.to_dataset()
    assert dataset["distance"].attrs == {"exact": "1000, 10000", "units": "m"}
    assert dataset["waiting_time"].attrs["units"] == "s"
    assert not {"generation_time", "distillation_time"} & {*dataset.coords}
