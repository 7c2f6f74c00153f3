"""The format of certificates, docs/certificate.md: every field is checked, and older documents are read."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from document_changes import changed, leaves, other
from toy_maps import TOYS

from lpdistill import Budget, LimitError, MaxDistillations, ModelError, NotCertifiedError, Problem, solve
from symbolic import certify, check
from symbolic.checking.model import STATED
from symbolic.exact.certificate import VERSION

PAGE = Path(__file__).parents[3] / "docs" / "certificate.md"
THREE, FOUR = (Problem("1/2", memories, "3/4", "79/100") for memories in (3, 4))
DOCUMENTS = {
    name: certify(solve(problem), scope=scope).to_dict()
    for name, problem, scope in (
        ("three memories", THREE, "all"),
        ("few exact values", FOUR.replace(generation_time="3/7"), "visited"),
        ("a rule, within a budget", FOUR.with_constraints(MaxDistillations(1), Budget("raw_pairs", "6")), "visited"),
        ("discarding, last step free", THREE.replace(discarding=True, final_step="free"), "visited"),
        ("another map", TOYS["three into one"], "visited"),
    )
}

REMARKS = {"repaired"}
"""What claims nothing."""

OF_STATED_MAPS = "distillation", "f0", "target", "recipes"
"""Remarks where recipes are stated, and these: another recipe is another problem, maybe of the same optimum."""


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_every_field_is_checked(document):
    """Another number, name or flag in any field, remarks apart, makes a certificate wrong."""
    check(document)
    free = OF_STATED_MAPS if "recipes" in document["problem"] else ()
    for path, value in leaves(document):
        if path[0] not in REMARKS and not (path[0] == "problem" and path[1] in free):
            with pytest.raises((NotCertifiedError, ModelError, LimitError)):
                check(changed(document, path, other(value)))


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_no_field_may_be_missing(document):
    """Whatever is left out, of the document or of its problem, is missed; but for a remark and the version."""
    for part in ("", "problem"):
        for name in (document[part] if part else document).keys() - REMARKS - {"version"}:
            less = copy.deepcopy(document)
            del (less[part] if part else less)[name]
            with pytest.raises((NotCertifiedError, ModelError)):
                check(less)


def test_documents_of_the_first_version_are_read():
    """A document without a version is of version 1.0, and proves what it proved; what claims nothing is ignored."""
    document = DOCUMENTS["three memories"]
    first = {name: value for name, value in document.items() if name != "version"}
    assert check(first) == check(document) == check({**document, "version": "1.0", "remark": "made by hand"})


@pytest.mark.parametrize("version", ["1.4", "2.0", "1", 1.1, None])
def test_other_versions_are_refused(version):
    """A document of a version that the checker does not know is refused rather than misread."""
    with pytest.raises(ModelError, match="version of the format"):
        check({**DOCUMENTS["three memories"], "version": version})


def test_values_of_any_size_are_checked():
    """Where distillation takes ten to the two hundredth units of time, values are proved as any others."""
    problem = Problem("1/2", 3, "3/4", "79/100", distillation_time=10**200)
    proof = certify(solve(problem))
    assert check(proof.to_dict()).waiting_time == proof.waiting_time


def test_what_a_checker_does_not_know_of_a_problem_is_refused():
    """A setting or a part of an action that the checker does not know may change what is claimed."""
    document = DOCUMENTS["three memories"]
    with pytest.raises(ModelError, match="does not know"):
        check(changed(document, ("problem", "coherence_time"), "10"))
    with pytest.raises(ModelError, match="does not know"):
        check(changed(document, ("exact", 0, "action", "swap"), [0]))
    with pytest.raises(ModelError, match="not whole"):
        check(changed(document, ("exact", 0, "action", "generate"), 3.0))


def test_the_page_describes_every_field():
    """The specification is of the version that is written, and names every field of every document."""
    page = PAGE.read_text(encoding="utf-8")
    assert f"**Version {VERSION}.**" in page
    fields = {key for one in DOCUMENTS.values() for path, _ in leaves(one) for key in path if isinstance(key, str)}
    for name in fields - {"raw_pairs"} | STATED:
        assert f"`{name}`" in page, name
