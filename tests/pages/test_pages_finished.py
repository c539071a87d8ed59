"""Each page on a workspace with two finished runs, one of them with a hostile name."""

from __future__ import annotations

import dataclasses
import io
import json
import re

import pytest
from page_helpers import HOSTILE, PHANTOM, OpenPage, press, run_named, texts, viewer_panels
from PIL import Image
from streamlit.testing.v1 import AppTest

from histo_core.comparison.join import load
from histo_core.data.dataset import DATASETS
from histo_core.data.opening import open_dataset
from histo_core.review.first_patch import choose_first_patch
from histo_core.workspace import Workspace


def test_home_shows_a_card_for_each_run_with_its_next_steps(finished: Workspace, open_page: OpenPage) -> None:
    del finished
    page = open_page("home")
    assert not page.exception
    labels = [link.label for link in page.get("page_link")]
    assert labels.count("Compare") == labels.count("Explain") == 2
    assert "2 models: 2 finished" in texts(page).replace("\\", "")
    assert HOSTILE not in texts(page)  # escaped wherever Markdown is read
    assert HOSTILE in texts(page).replace("\\", "")


def test_data_shows_the_verdict_first_and_a_contact_sheet_in_its_gallery(
    finished: Workspace, open_page: OpenPage
) -> None:
    del finished
    page = open_page("data", dataset="phantom", options=json.dumps(PHANTOM.options))
    assert not page.exception
    assert not page.error
    assert page.header[0].value.replace("\\", "").startswith("No patient is on both sides")
    assert {metric.label: metric.value for metric in page.metric}["Patches"] == "240"
    gallery = open_page("data", dataset="phantom", options=json.dumps(PHANTOM.options), view="gallery")
    sheet = next(json.loads(one.proto.json) for one in gallery.get("bidi_component") if '"cells"' in one.proto.json)
    assert len(sheet["cells"]) == 48


def test_compare_shows_the_verdict_the_table_and_the_curves(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare")
    assert not page.exception
    assert not page.error
    assert "AUROC" in texts(page)
    table = page.dataframe[0].value
    assert sorted(table["Model"]) == sorted(["Small CNN", HOSTILE])
    assert table["AUROC"].str.fullmatch(r"0\.\d{3} \(\d\.\d{3} to \d\.\d{3}\)").all()
    assert len(page.get("plotly_chart")) == 1 + 2


def test_the_threshold_moves_what_depends_on_it_and_goes_into_the_url(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare")
    before = page.dataframe[0].value
    page.slider[0].set_value(1.0).run()
    after = page.dataframe[0].value
    assert page.query_params["threshold"] == "1.0"
    assert list(after["AUROC"]) == list(before["AUROC"])
    assert all(value.startswith("0.000") for value in after["Sensitivity"])


def test_a_link_opens_the_same_comparison(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page("compare", runs=[run.run_id], threshold="0.25", split_set="valid")
    assert page.multiselect[0].value == [run.run_id]
    assert page.slider[0].value == 0.25
    assert "Small CNN" in list(page.dataframe[0].value["Model"])


def test_a_link_to_an_unknown_run_says_so(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", runs=["nonsense"])
    assert "nonsense" in page.warning[0].value


def test_the_colour_baseline_is_a_row_of_its_own(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", colour="yes")
    assert not page.error
    assert "Colour only (reference)" in list(page.dataframe[0].value["Model"])


@pytest.mark.parametrize("show", ["all", "wrong"])
def test_explain_answers_in_words_and_shows_both_maps(finished: Workspace, open_page: OpenPage, show: str) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page("explain", run=run.run_id, show=show)
    assert not page.exception
    assert not page.error
    said = texts(page).replace("\\", "")
    assert "The model says" in said
    assert ("and it is wrong" in said) or show == "all"
    assert [element.value for element in page.header][1:] == ["The patch", "Grad-CAM", "LIME"]
    patch, *maps = viewer_panels(page)
    assert patch["maps"] == []
    assert [panel["maps"][0]["label"] for panel in maps] == ["Grad-CAM", "LIME"]
    assert all(panel["alt"] in said for panel in maps)
    assert all(panel["frame"] == [32, 32, 32, 32] for panel in viewer_panels(page)), "what a crop of 32 leaves of 96"


def test_next_steps_through_the_patches_and_the_url_follows(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    table = load(run, finished).table.query("split == 'test'")
    page = open_page("explain", run=run.run_id)
    at = shown_place(page)
    press(page, "Next")
    assert page.query_params["patch"] in set(table["sample_id"])
    assert shown_place(page) == at + 1
    press(page, "Previous")
    assert shown_place(page) == at


def shown_place(page: AppTest) -> int:
    """Of the patch that Explain shows, in its list."""
    return next(int(found[1]) for text in page.caption if (found := re.match(r"(\d+) of \d+ patches", text.value)))


def test_explain_begins_with_a_telling_patch_and_not_the_surest(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    table = load(run, finished).table.query("split == 'test'")
    source = open_dataset(run.config.data, finished)
    rows = {sample: row for row, sample in enumerate(source.table["sample_id"])}
    expected = choose_first_patch(table, source.positive, lambda sample: source.read([rows[sample]])[0])
    surest = table.loc[table.filter(regex="^prob_").max(axis=1).idxmax(), "sample_id"]
    assert expected != surest
    page = open_page("explain", run=run.run_id)
    assert expected in [text.value for text in page.get("text")]
    wrong = table[table["y_true"] != table["y_pred"]]
    surest_wrong = wrong.loc[wrong.filter(regex="^prob_").max(axis=1).idxmax(), "sample_id"]
    page = open_page("explain", run=run.run_id, show="wrong")
    assert surest_wrong in [text.value for text in page.get("text")]
    page = open_page("explain", run=run.run_id, patch=surest)
    assert surest in [text.value for text in page.get("text")]


def uploaded_png(page: AppTest, width: int, height: int) -> AppTest:
    """Explain's page after a white picture was uploaded."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(stream, "PNG")
    return page.file_uploader[0].upload("glass.png", stream.getvalue(), "image/png").run()


def test_explain_draws_bare_glass_in_grey_and_says_that_nothing_moves_the_answer(
    finished: Workspace, open_page: OpenPage
) -> None:
    run = run_named(finished, "Small CNN")
    page = uploaded_png(open_page("explain", run=run.run_id, source="upload"), 96, 96)
    assert not page.exception
    assert not page.error
    assert texts(page).count("nothing in the picture moves this answer") == 2
    assert "log odds moved by strongest area 0" in texts(page).replace("\\", "")
    maps = [layer for panel in viewer_panels(page) for layer in panel["maps"]]
    assert [layer["grey"] for layer in maps] == [True, True]


@pytest.mark.parametrize(("width", "height"), [(64, 1), (1, 1), (31, 200)])
def test_explain_answers_an_upload_that_is_too_small_in_a_sentence(
    finished: Workspace, open_page: OpenPage, width: int, height: int
) -> None:
    run = run_named(finished, "Small CNN")
    page = uploaded_png(open_page("explain", run=run.run_id, source="upload"), width, height)
    assert not page.exception
    assert len(page.error) == 1
    assert f"{width} x {height} pixels" in page.error[0].value.replace("\\", "")


@pytest.mark.parametrize(("box", "said"), [(16, True), (32, False), (None, False)])
def test_explain_says_where_the_labels_box_is_where_the_model_sees_more(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, box: int | None, said: bool
) -> None:
    info = dataclasses.replace(DATASETS["phantom"].info, label_box=box)
    monkeypatch.setattr(DATASETS["phantom"], "info", info)
    page = open_page("explain", run=run_named(finished, "Small CNN").run_id)
    assert ("a map need not point there" in texts(page)) == said


def test_an_upload_that_is_no_image_gets_a_sentence(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("explain", source="upload")
    page.file_uploader[0].upload("../../evil.png", b"#!/bin/sh", "image/png").run()
    assert not page.exception
    assert "no image that can be read" in page.error[0].value.replace("\\", "")


def test_train_offers_the_demo_and_says_what_was_changed(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    assert not page.exception
    assert not page.error
    assert next(button for button in page.button if button.label == "Train 3 models")
    assert "Changed against the preset" not in texts(page)
    next(control for control in page.number_input if control.label == "Epochs").set_value(3).run()
    assert "Epochs: 8 → 3" in texts(page).replace("\\", "")
    assert "epochs: 3" in page.code[0].value
