"""Presets by study: what a form starts with, and what is shown beside it."""

from __future__ import annotations

import pytest
from page_helpers import OpenPage, texts
from streamlit.testing.v1 import AppTest

from histo_core.config import DataConfig
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import STUDIES
from histo_core.workspace import Workspace
from pages.train import presets


def test_the_demo_comes_first_then_every_study() -> None:
    known = presets.all_presets()
    assert list(known) == ["demo", *STUDIES]
    assert known["demo"].recipe is None
    assert known["demo"].chosen == [member.name for member in known["demo"].configs]
    assert known["gatech_kpcam"].chosen == ["resnet50", "efficientnet_b0"]


@pytest.mark.parametrize("name", ["demo", *STUDIES])
def test_every_network_of_the_zoo_can_be_chosen(name: str) -> None:
    members = presets.members(presets.all_presets()[name])
    assert {member.config.model.name for member in members} == set(MODELS)
    assert len({member.name for member in members}) == len(members)


def test_other_networks_start_from_imagenet_where_the_study_does_and_they_can() -> None:
    networks = {member.name: member.config.model for member in presets.members(presets.all_presets()["fub_breakhis"])}
    assert networks["ResNet34"].weights == "imagenet"
    assert networks["All-CNN"].weights == "none"


def test_a_run_as_printed_stays_one_when_it_is_changed() -> None:
    (printed,) = [run for run in STUDIES["pcam_gcnn"].configs if run.name == "gcnn, as printed"]
    made = presets.with_changes(printed, DataConfig(dataset="phantom"), {"train": {"epochs": 1}}, 3, "mine")
    assert (made.name, made.as_printed, made.note) == ("mine gcnn, as printed", True, printed.note)
    assert (made.config.train.epochs, made.config.seed, made.config.data.dataset) == (1, 3, "phantom")
    assert made.config.train.loss_sum


def test_a_study_is_shown_with_its_numbers_doubts_and_ours() -> None:
    def page() -> None:
        from histo_core.studies.recipes import STUDIES
        from pages.train import preset_view

        preset_view.about(STUDIES["pcam_gcnn"])

    shown = AppTest.from_function(page, default_timeout=60).run()
    assert not shown.exception
    said = texts(shown)
    assert "**doubt:** The All-CNN's listing ends in softmax" in said.replace("\\", "")
    assert "**ours:** Logits into cross entropy" in said
    assert "**fact:** Inception v3 from ImageNet with a frozen backbone" in said
    assert "**wished for:** Several GPUs" in said
    assert "none of it was measured here" in said
    assert "**gcnn, as printed**: The same with losses summed" in said
    reported = printed(shown)
    assert reported["inception_1", "test AUROC"] == (
        "0.87 (doubt: the ROC took the winning class's raw output, not the tumour's, as the score)"
    )
    assert reported["inception_1", "accuracy of the best epoch"] == "0.8149"
    assert "Here" not in shown.table[0].value, "nothing was made from it in no workspace"


def printed(app: AppTest) -> dict[tuple[str, str], str]:
    """What a study reports, by what it is of and the measure."""
    rows = app.table[0].value.reset_index().replace(r"\\(?=.)", "", regex=True)
    return {(row["Reported of"], row["Measure"]): row["As printed"] for row in rows.to_dict("records")}


def test_a_study_lists_its_sweeps_protocols_and_matrices_by_name() -> None:
    def page() -> None:
        from histo_core.studies.recipes import STUDIES
        from pages.train import preset_view

        preset_view.about(STUDIES["uts_neuroblastoma"])

    said = texts(AppTest.from_function(page, default_timeout=60).run()).replace("\\", "")
    recipe = STUDIES["uts_neuroblastoma"]
    for one in (*recipe.experiments, *recipe.confusions):
        assert f"- **{one.name}**" in said
    assert "**Optimiser** of resnet34, 4 runs: train.optimizer sgd, rmsprop, adagrad, adam" in said
    assert "**Ten splits by image** of resnet34, split by image, 10 runs: 10 times, each with a new split" in said


def test_a_study_without_numbers_or_doubts_says_so() -> None:
    def page() -> None:
        from histo_core.studies.recipes import Recipe
        from pages.train import preset_view

        preset_view.about(Recipe("own", "Own", "Us", "phantom", (), {}, (), ()))

    said = texts(AppTest.from_function(page, default_timeout=60).run())
    assert "This study reports no numbers." in said
    assert "Nothing in the study stands out." in said


def test_missing_weights_are_named_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTOSCOPE_HOME", str(workspace.home))

    def page() -> None:
        from histo_core.studies.recipes import STUDIES
        from histo_core.workspace import Workspace
        from pages.train import preset_view

        preset_view.missing(STUDIES["fub_breakhis"].configs, Workspace.default())
        preset_view.missing(STUDIES["wpi_kpcam"].configs[:2], Workspace.default())

    shown = AppTest.from_function(page, default_timeout=60).run()
    (missing,) = shown.expander
    assert missing.label == "3 files of initial weights are missing"
    assert "ResNet18" in texts(shown)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "wpi_kpcam")) for name in STUDIES]
)
def test_train_opens_on_every_study(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With no data there yet, the form stands and nothing counts as changed."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(workspace.home))
    page = open_page("train", preset=name)
    assert not page.exception
    assert "Changed against the preset" not in texts(page)
    (models,) = [box for box in page.multiselect if box.label == "Models"]
    assert models.value == presets.all_presets()[name].chosen


@pytest.mark.parametrize(
    ("name", "button"),
    [("wpi_kpcam", "Train 2 models, 5 runs each"), ("uts_neuroblastoma", "Train 2 models, 10 runs each")],
)
def test_the_form_begins_with_the_studys_own_protocol(
    open_page: OpenPage, workspace: Workspace, name: str, button: str
) -> None:
    del workspace
    page = open_page("train", preset=name)
    assert not page.exception
    assert button in [one.label for one in page.button]


def test_what_a_study_says_without_a_number_is_shown_in_words() -> None:
    def page() -> None:
        from histo_core.studies.recipes import STUDIES
        from pages.train import preset_view

        preset_view.about(STUDIES["wpi_kpcam"])

    reported = printed(AppTest.from_function(page, default_timeout=60).run())
    assert reported["votes of flips", "finding"] == "no clear change"
