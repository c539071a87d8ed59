"""How often a test set was scored: once for each that looks, from each entry point, over a restart as well."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from small_runs import DATA, OPTIONS, small_config, trained_run

from histo_core.comparison.compare import compare
from histo_core.comparison.join import join, load
from histo_core.config import (
    DataConfig,
    PredictConfig,
    SplitConfig,
)
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.errors import CancelledError
from histo_core.prediction import stored
from histo_core.prediction.predict import predict_with
from histo_core.runs.store.delete import delete
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import TEST_SCORES
from histo_core.runs.store.test_set_access import fingerprint_of, record_score, scored_before, scored_in_words
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

TEST = PredictConfig(parts=("test",))
TEST_SET = "t" * 64


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Phantom tissue, drawn once."""
    workspace = Workspace(tmp_path_factory.mktemp("held out") / "home")
    prepare_dataset(DATA, workspace)
    return workspace


@pytest.fixture
def home(drawn: Workspace, workspace: Workspace) -> Workspace:
    workspace.home.mkdir(parents=True, exist_ok=True)
    (workspace.home / "data").symlink_to(drawn.home / "data")
    return workspace


def trained(workspace: Workspace, *, seed: int = 0, split_sets: tuple[str, ...] = ("valid",)) -> Run:
    predict = PredictConfig.model_validate({"parts": split_sets})
    return trained_run(small_config({"batch_size": 32}, predict=predict, seed=seed), workspace)


def looks(workspace: Workspace, run: Run) -> int:
    """How often the run's test set was scored for anybody, as a process that starts now sees it."""
    return scored_before(Store.open(workspace).database, run.test_fingerprint, "somebody who comes now")


def test_a_set_is_known_by_its_content_and_the_ids_in_it_in_whatever_order(home: Workspace) -> None:
    dataset = open_dataset(DATA, home)
    split = make_split(dataset, SplitConfig(), home)
    ids = sorted(dataset.table["sample_id"].iloc[split.indices("test")])
    by_hand = hashlib.sha256("\0".join([dataset.content_hash, *ids]).encode()).hexdigest()
    assert fingerprint_of(dataset, split) == by_hand
    other = split.split_sets.copy()
    other[split.indices("valid")] = "train"  # what is left out of the test set does not name it
    assert fingerprint_of(dataset, Split(other, "random", "f", "")) == by_hand
    fewer = split.split_sets.copy()
    fewer[split.indices("test")[0]] = "train"
    assert fingerprint_of(dataset, Split(fewer, "random", "f", "")) != by_hand
    assert fingerprint_of(dataset, Split(np.full_like(split.split_sets, "train"), "random", "f", "")) == ""


def test_others_count_and_only_those_before(workspace: Workspace) -> None:
    """In the database's own rows: three looked, one a day."""
    database = Store.open(workspace).database
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"test_fingerprint": TEST_SET, "scored_for": name, "scored_at": start + timedelta(days=day)}
        for day, name in enumerate(("a", "b", "c"))
    ]
    with database.write() as connection:
        connection.execute(sa.insert(TEST_SCORES), rows)
    assert [scored_before(database, TEST_SET, name) for name in ("a", "b", "c", "nobody yet")] == [0, 1, 2, 3]
    assert scored_before(database, "u" * 64, "a") == 0
    together = [{"test_fingerprint": "v" * 64, "scored_for": name, "scored_at": start} for name in ("a", "b")]
    with database.write() as connection:
        connection.execute(sa.insert(TEST_SCORES), together)
    assert scored_before(database, "v" * 64, "a") == 0, "of two at the same moment none was before the other"


def test_of_one_and_the_same_the_first_time_counts_and_its_time_stays(workspace: Workspace) -> None:
    for name in ("a", "b", "a"):
        with Store.open(workspace).database.write() as connection:
            record_score(connection, TEST_SET, name)
    with Store.open(workspace).database.write() as connection:
        record_score(connection, "", "a")  # of a test set without patches nothing is remembered
    with Store.open(workspace).database.read() as connection:
        rows = connection.execute(sa.select(TEST_SCORES.c.scored_for).order_by(TEST_SCORES.c.scored_at)).scalars().all()
    assert rows == ["a", "b"]
    assert scored_before(Store.open(workspace).database, TEST_SET, "a") == 0


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "not scored before."), (1, "scored once before; "), (2, "scored 2 times before; ")],
)
def test_in_words(count: int, words: str) -> None:
    assert scored_in_words(count).startswith(words)


def test_a_run_counts_once_when_it_has_predicted_its_test_set_and_comparing_it_adds_nothing(home: Workspace) -> None:
    without = trained(home)
    assert looks(home, without) == 0
    first = trained(home, seed=1, split_sets=("valid", "test"))
    assert (first.test_fingerprint, looks(home, first)) == (without.test_fingerprint, 1)
    second = trained(home, seed=2, split_sets=("test",))
    assert looks(home, first) == 2
    for _ in range(2):
        compare(join([load(first, home), load(second, home)], "test"))
    assert looks(home, first) == 2
    assert [
        scored_before(Store.open(home).database, first.test_fingerprint, one.run_id) for one in (first, second)
    ] == [
        0,
        1,
    ]
    delete(first.run_id, home)
    assert looks(home, second) == 2, "what was seen is not forgotten with the run"


def test_a_run_that_ended_otherwise_showed_nothing(home: Workspace) -> None:
    run = trained(home)
    store = Store.open(home)
    me = ProcessIdentity.current()
    config = run.config.model_copy(update={"seed": 9, "predict": PredictConfig()})
    for status in (RunStatus.FAILED, RunStatus.CANCELLED):
        facts = {"data_hash": run.data_hash, "split_fingerprint": run.split_fingerprint}
        other = store.enqueue(config, **facts, test_fingerprint=run.test_fingerprint, device="cpu", name="")
        store.claim(other.run_id, me)
        store.finish(other.run_id, me, status)
        assert looks(home, run) == 0


def test_predictions_count_once_whatever_way_they_meet_the_runs_test_set(
    home: Workspace,
) -> None:
    run = trained(home)
    own = run.config.split

    def predict(split: SplitConfig | None, how: PredictConfig, data: DataConfig = DATA) -> None:
        predict_with(run.run_id, data, home, split=split, predict=how)

    predict(own, PredictConfig(parts=("train", "valid")))
    predict(None, PredictConfig(), DataConfig(dataset="phantom", options=OPTIONS | {"seed": 5}))
    assert looks(home, run) == 0, "neither other sets nor other data"
    predict(own, TEST)
    predict(own, TEST)
    assert looks(home, run) == 1, "the second time it was only read"
    predict(own, PredictConfig(parts=("test",), tta="flips"))
    assert looks(home, run) == 2, "another question"
    predict(None, PredictConfig())
    assert looks(home, run) == 3, "all patches, among them those"
    made = stored.list_predictions(home, run.run_id)
    words = [check["sentence"] for one in made for check in one.facts["checks"] if "scored" in check["sentence"]]
    assert len(words) == 3
    assert sum("2 times" in one for one in words) == sum("once" in one for one in words) == 1


def test_predictions_that_were_broken_off_showed_nothing_and_made_again_they_are_the_same(home: Workspace) -> None:
    run = trained(home)

    def stop(done: int, total: int) -> None:
        raise CancelledError("It was stopped on request.")

    with pytest.raises(CancelledError):
        predict_with(run.run_id, DATA, home, split=run.config.split, predict=TEST, progress=stop)
    assert looks(home, run) == 0
    found = predict_with(run.run_id, DATA, home, split=run.config.split, predict=TEST)
    assert looks(home, run) == 1
    for file in found.folder.iterdir():
        file.unlink()
    found.folder.rmdir()
    assert predict_with(run.run_id, DATA, home, split=run.config.split, predict=TEST).id == found.id
    assert looks(home, run) == 1
