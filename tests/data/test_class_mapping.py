"""What the classes of other data stand for in a model: by name, case, spelling, declared synonyms, or a user's word."""

from __future__ import annotations

import numpy as np
import pytest
from test_label_mapping import grey

from histo_core.data.class_mapping import ClassMapping, declared_synonyms, mapping_for, propose_mapping
from histo_core.data.dataset import DATASETS, UNLABELLED

MODEL = ("normal", "tumour")


def pairs(found: ClassMapping) -> dict[str, tuple[str, str]]:
    return {match.theirs: (match.ours, match.reason) for match in found.matches}


@pytest.mark.parametrize(
    ("theirs", "ours", "reason"),
    [
        ("tumour", "tumour", "same"),
        ("TUMOUR", "tumour", "case"),
        ("tumor", "tumour", "spelling"),
        ("Tumors", "tumour", "spelling"),
        ("Metastasis", "tumour", "synonym"),
        ("malignant", "tumour", "synonym"),
        ("non-tumor", "normal", "synonym"),
        ("benign", "", "unmatched"),
        ("1", "", "unmatched"),
        ("tumourous stroma", "", "unmatched"),
    ],
)
def test_a_class_is_matched_by_name_case_spelling_then_synonym(theirs: str, ours: str, reason: str) -> None:
    found = propose_mapping({theirs: 7}, MODEL, [declared_synonyms("kpcam")])
    assert pairs(found) == {theirs: (ours, reason)}
    assert found.ignored == (0 if ours else 7)


def test_without_a_declared_synonym_only_spelling_is_matched() -> None:
    assert pairs(propose_mapping({"malignant": 1}, MODEL)) == {"malignant": ("", "unmatched")}


def test_names_that_someone_keeps_apart_are_not_merged() -> None:
    found = propose_mapping({"tumour": 1, "tumor": 2, "Normal": 3, "NORMAL": 4}, MODEL)
    assert pairs(found) == {
        "tumour": ("tumour", "same"),
        "tumor": ("", "unmatched"),
        "Normal": ("", "unmatched"),
        "NORMAL": ("", "unmatched"),
    }
    assert found.ignored == 9


def test_a_name_that_fits_two_classes_of_the_model_is_left_to_the_user() -> None:
    assert pairs(propose_mapping({"tumor": 1}, ("Tumour", "tumour"))) == {"tumor": ("", "unmatched")}
    wide = {"tumour": ("cancer",), "carcinoma": ("cancer",)}
    assert pairs(propose_mapping({"cancer": 1}, ("tumour", "carcinoma"), [wide])) == {"cancer": ("", "unmatched")}


def test_a_user_may_say_otherwise_and_what_is_ignored_follows() -> None:
    found = propose_mapping({"Normal": 4, "tumor": 5, "benign": 6}, MODEL)
    assert (found.labelled, found.ignored) == (15, 6)
    assert found.plain == {"Normal": "normal", "tumor": "tumour"}, "benign is not decided"
    said = found.changed({"benign": "normal", "tumor": ""})
    assert said.plain == {"Normal": "normal", "tumor": "", "benign": "normal"}
    assert (said.ignored, pairs(said)["tumor"]) == (5, ("", "chosen"))
    assert pairs(found.changed({"benign": ""}))["benign"] == ("", "chosen"), "left out, but decided"
    assert found.changed({"tumor": "tumour"}) == found, "a choice that agrees with the proposal changes nothing"


def test_the_sentence_names_the_matches_and_counts_what_is_ignored() -> None:
    found = propose_mapping({"normal": 4, "tumor": 5, "benign": 1_200, "unused": 0}, MODEL)
    assert found.sentence == (
        "Classes: tumor counts as tumour (another spelling); 1,200 of 1,209 labelled patches do not count, because the "
        "model has no class for benign (1,200)."
    )
    assert propose_mapping({"normal": 4, "tumour": 5}, MODEL).sentence == ""


def test_labels_are_counted_in_the_rows_that_are_asked_for() -> None:
    source = grey([0, 1, 1, UNLABELLED, 0], ("benign", "tumor"))
    every, some = mapping_for(source, MODEL, "phantom"), mapping_for(source, MODEL, "phantom", np.array([1, 3, 4]))
    assert ([match.patches for match in every.matches], [match.patches for match in some.matches]) == ([2, 2], [1, 1])


def test_every_declared_synonym_belongs_to_a_class_of_its_data_set() -> None:
    declared = {name: kind.info.synonyms for name, kind in DATASETS.items() if kind.info.synonyms}
    assert set(declared) == {"breakhis", "idc", "kpcam", "pcam"}
    for name, synonyms in declared.items():
        known = {"breakhis": {"benign", "malignant"}}.get(name, {"normal", "tumour"})
        assert set(synonyms) <= known
        for ours, others in synonyms.items():
            found = propose_mapping(dict.fromkeys(others, 1), sorted(known), [synonyms])
            assert {match.ours for match in found.matches} == {ours}, name


def test_an_unknown_data_set_declares_nothing() -> None:
    assert declared_synonyms("of a package that is gone") is None
