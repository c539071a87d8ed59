"""One batch is learnt by heart by a network that works, and the sentence says where to look if it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulty import PHANTOM, config_of, register

from histo_core.config import DataConfig, RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import CancelledError
from histo_core.jobs.kinds import JOBS, parse_params
from histo_core.jobs.one_batch import OneBatchParams, load_one_batch
from histo_core.training.one_batch import OneBatch
from histo_core.training.one_batch_fit import learn_one_batch
from histo_core.workspace import Workspace


@pytest.fixture(scope="module")
def phantom() -> Dataset:
    return open_dataset(DataConfig.model_validate(PHANTOM))


@pytest.fixture(autouse=True)
def _faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def tried(config: RunConfig, dataset: Dataset, workspace: Workspace) -> OneBatch:
    return learn_one_batch(config, dataset, make_split(dataset, config.split), workspace, patches=12, steps=60)


@pytest.mark.parametrize("model", ["cnn_narrow", "cnn_rnn"])
def test_a_network_that_works_learns_the_batch(model: str, phantom: Dataset, workspace: Workspace) -> None:
    found = tried(config_of(model), phantom, workspace)
    (own,) = found.tries
    assert own.learnt
    assert own.correct == own.patches == 12
    assert "network and loss work" in found.sentence


def test_settings_that_cannot_learn_are_told_from_the_network(phantom: Dataset, workspace: Workspace) -> None:
    found = tried(config_of("cnn_narrow", learning_rate=1e-8), phantom, workspace)
    own, usual = found.tries
    assert (own.learnt, usual.learnt) == (False, True)
    assert "Look at the learning rate" in found.sentence


@pytest.mark.parametrize("model", ["all_zero", "dead", "softmax"])
def test_a_network_that_cannot_learn_is_named(model: str, phantom: Dataset, workspace: Workspace) -> None:
    found = tried(config_of(model), phantom, workspace)
    assert [one.learnt for one in found.tries] == [False, False]
    assert "Look at the network" in found.sentence


def test_a_rate_far_too_high_ends_with_a_sentence(phantom: Dataset, workspace: Workspace) -> None:
    found = tried(config_of(optimizer="sgd", learning_rate=10, momentum=0.99), phantom, workspace)
    assert not found.learnt
    assert found.tries[1].learnt


def test_the_job_keeps_its_result(workspace: Workspace) -> None:
    params = parse_params("one_batch", {"config": config_of().model_dump(mode="json"), "patches": 8, "steps": 30})
    assert isinstance(params, OneBatchParams)
    assert load_one_batch(params, workspace) is None
    steps: list[tuple[int, int]] = []
    result = JOBS["one_batch"].run(params, workspace, lambda done, total: steps.append((done, total)))
    assert load_one_batch(params, workspace) == result
    assert steps[-1] == (60, 60)


def test_a_cancelled_job_keeps_nothing(phantom: Dataset, workspace: Workspace) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise CancelledError("Stopped.", "", "")

    config = config_of()
    with pytest.raises(CancelledError):
        learn_one_batch(config, phantom, make_split(phantom, config.split), workspace, patches=8, progress=stop)
    assert not Path(workspace.home, "one_batch").exists()
