"""Compare on the training set: what is missing is offered, and what is shown is called what it is."""

from __future__ import annotations

import shutil

import pytest
from page_helpers import HOSTILE, OpenPage, run_named, texts

from histo_core.comparison.training_set import LEARNT
from histo_core.jobs.api import find_job
from histo_core.jobs.kinds import JOBS, parse_params
from histo_core.prediction.training_set import job_params
from histo_core.workspace import Workspace


@pytest.fixture
def finished(finished_workspace: Workspace, workspace: Workspace) -> Workspace:
    """A copy of its own: what is predicted there changes what other pages show."""
    shutil.copytree(finished_workspace.home, workspace.home, dirs_exist_ok=True)
    return workspace


def test_a_missing_training_set_is_offered_and_then_compared(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(
        "pages.shared.components.job_card.start_job",
        lambda kind, params, workspace, user: started.append((kind, params)),
    )
    runs = [run_named(finished, name) for name in ("Small CNN", HOSTILE)]
    page = open_page("compare", runs=[run.run_id for run in runs])
    chooser = next(one for one in page.selectbox if one.label == "Patches")
    assert [option.split(":")[0] for option in chooser.options] == ["test", "validation", "training"]
    chooser.select("train").run()
    assert not page.exception
    assert "2 models of 2 have no predictions of their training sets yet" in texts(page).replace("\\", "")
    assert not page.get("plotly_chart")
    assert "Colour-only baseline" not in [one.label for one in page.toggle]
    buttons = [one for one in page.button if one.label == "Predict its training set"]
    assert len(buttons) == 2
    buttons[0].click().run()
    assert started == [("predict", job_params(runs[0]))]
    assert find_job("predict", job_params(runs[0]), finished) is None

    for number, run in enumerate(runs):
        JOBS["predict"].run(parse_params("predict", job_params(run)), finished, lambda done, total: None)
        page = open_page("compare", runs=[run.run_id for run in runs], split_set="train")
        if number == 0:
            assert "1 model of 2 has no predictions of its training set yet" in texts(page).replace("\\", "")
    assert not page.exception
    assert not page.error
    assert LEARNT in texts(page).replace("\\", "")
    assert "training: what the models have learnt from" in texts(page).replace("\\", "")
    assert len(page.dataframe[0].value) == 2
    assert "Patches it got wrong" not in [link.label for link in page.get("page_link")]
    back = open_page("compare", runs=[run.run_id for run in runs])
    assert "Patches it got wrong" in [link.label for link in back.get("page_link")]
    assert LEARNT not in texts(back).replace("\\", "")
