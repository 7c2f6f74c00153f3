"""``lpdistill policy-map``."""

from __future__ import annotations

import pytest

MAP = ("policy-map", "-M", "4", "--f0", ".75", "--target", ".79")
SMALL = ("policy-map", "-M", "2", "--f0", ".75", "--target", ".79")


def test_short_formulas_are_printed(run):
    """The waiting time of a piece is printed as a formula where it is short, whether it fits into the table or not."""
    two = run("policy-map", "-M", "2", "--f0", "3/4", "--target", "31/40").words
    assert "(36*p^2 - 36*p - 54)/(13*p^2 - 26*p)" in two
    three = run("policy-map", "-M", "3", "--f0", "3/4", "--target", "31/40").out
    assert (
        "T(p) = (180*p^5 + 288*p^4 - 2790*p^3 + 4320*p^2 - 1350*p - 1620)"
        "/(65*p^5 + 104*p^4 - 1105*p^3 + 2106*p^2 - 1404*p)\n"
    ) in three


def test_json_has_the_documented_keys(run):
    """The document has the parameter, breakpoints with interval and polynomial, and pieces with formula and policy."""
    document = run(*MAP, "--json").document
    assert document["parameter"] == "p"
    assert [round(point["value"], 10) for point in document["breakpoints"]] == [0.2455989978, 0.8526176644]
    assert all({"value", "interval", "polynomial"} <= point.keys() for point in document["breakpoints"])
    assert [(piece["from"], piece["to"]) for piece in document["pieces"]] == [
        (0.0, document["breakpoints"][0]["value"]),
        (document["breakpoints"][0]["value"], document["breakpoints"][1]["value"]),
        (document["breakpoints"][1]["value"], 1.0),
    ]
    assert all({"waiting_time", "policy"} <= piece.keys() for piece in document["pieces"])


def test_the_map_is_shown(run):
    """Pieces, breakpoints and what changes are shown in words."""
    words = run(*MAP).words
    assert "breakpoints 0.245598998, 0.852617664" in words
    assert "0.245598997820 4 x 0.750 distil 0.750, 0.750 -> 0.788 distil 2 x (0.750, 0.750 -> 0.788)" in words
    assert "rational function of p (degrees 14 / 14)" in words


def test_a_map_without_breakpoints_has_no_table_of_changes(run):
    """Two memories have one policy for all p, and nothing changes."""
    words = run(*SMALL).words
    assert "breakpoints none" in words
    assert "(1116*p^2 - 1350*p - 1440)/(173*p^2 - 346*p)" in words
    assert "what changes" not in words


def test_formulas_in_latex(run):
    """With --latex every formula is printed in LaTeX on a line of its own."""
    lines = run(*SMALL, "--latex").out.splitlines()
    assert r"T = \frac{18 \left(62 p^{2} - 75 p - 80\right)}{173 p \left(p - 2\right)}" in lines


def test_the_ratio_of_durations_needs_p(run):
    """The map in the ratio is at a fixed p, which must be given."""
    assert run(*SMALL, "--axis", "tau_d/tau_g").code == 2
    ran = run(*SMALL, "--axis", "tau_d/tau_g", "--p", ".5")
    assert "0 infinity 5 (558*r + 1332)/173" in ran.words


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_map_is_drawn(run, tmp_path, ending):
    """With --plot the map is drawn to a file of the named kind."""
    path = tmp_path / f"map.{ending}"
    assert run(*MAP, "--plot", str(path)).code == 0
    assert path.read_bytes()[:5] in {b"\x89PNG\r", b"<?xml", b"%PDF-"}


def test_unknown_kinds_of_picture_are_refused(run, tmp_path):
    """A file name of no known kind of picture is bad input."""
    ran = run(*SMALL, "--plot", str(tmp_path / "map.abc"))
    assert ran.code == 2
    assert "--plot: must be a file with one of the suffixes" in ran.err


def test_an_unknown_parameter_is_refused(run):
    """A map along something else is bad input that names what there is."""
    ran = run(*SMALL, "--axis", "f0", "--p", ".5")
    assert ran.code == 2
    assert "axis: must be one of p, tau_d/tau_g" in ran.err


def test_large_maps_are_refused_with_the_estimate(run):
    """A map that would take too long leaves with the exit code of limits."""
    ran = run("policy-map", "-M", "10", "--f0", ".9", "--target", ".94")
    assert ran.code == 4
    assert "286 configurations" in ran.err


def test_rules_restrict_the_map_and_budgets_are_refused(run):
    """With one distillation a step the policy is the same for all p; within budgets there is no map."""
    assert "breakpoints none" in run(*MAP, "--max-distillations", "1").words
    ran = run(*MAP, "--budget", "steps=9")
    assert ran.code == 2
    assert "budgets: make optimal policies randomise" in ran.err


def test_rates_are_mapped(run):
    """With --per-time pieces have gains: in the document, in the table, and in LaTeX."""
    document = run(*SMALL, "--per-time", "--json").document
    assert document["pieces"][0]["gain"] == "(173*p^2 - 346*p)/(1116*p^2 - 1350*p - 1440)"
    words = run(*SMALL, "--per-time", "--latex").words
    assert "gain" in words
    assert r"g = \frac{173 p \left(p - 2\right)}{18" in words
