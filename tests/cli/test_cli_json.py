"""What commands say to other programs: one shape, numbers as they are, nothing else on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from histo_core.cli.as_json import say_json
from histo_core.cli.compare_json import comparison_json
from histo_core.comparison.api import compare
from histo_core.comparison.ensemble_recipe import EnsembleRecipe
from histo_core.comparison.join import load
from histo_core.comparison.kept_ensembles import keep_ensemble
from histo_core.comparison.recalibrate import keep_calibration
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.dataset import DATASETS
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.scorecard import METRIC_NAMES
from histo_core.experiments.api import experiments, start_experiment
from histo_core.prediction.kept_calibration import remove_calibration
from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.studies.recipes import STUDIES
from histo_core.workspace import Workspace

DATA = DataConfig(dataset="phantom", options={"patches": 80, "patients": 8})
OPTIONS = ("--dataset", "phantom", "--option", "patches=80", "--option", "patients=8")
COMMANDS = (
    *(
        "runs list",
        "runs list --columns name,test_auroc",
        "runs differences RUN RUN2",
        "runs show RUN",
        "experiments list",
        "experiments show EXPERIMENT",
        "studies list",
    ),
    *("studies show fub_breakhis", "data list", f"data check {' '.join(OPTIONS)}", "compare RUN RUN2"),
)


def _config(model: str) -> RunConfig:
    train = TrainConfig(epochs=1, batch_size=16, device="cpu", threads=1)
    return RunConfig(data=DATA, preprocess=PreprocessConfig(crop=32), model=ModelConfig(name=model), train=train)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, str]]:
    """Two runs that have ended, and an experiment of the first and another that waits, each by the word for its id."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
        workspace = Workspace(tmp_path_factory.mktemp("trained"))
        ids = {}
        for word, model in (("RUN", "cnn_narrow"), ("RUN2", "cnn_rnn")):
            ids[word] = launch(_config(model), workspace, start_supervisor=False).run_id
            assert work(ids[word], workspace) == 0
        repeats = ProtocolConfig(kind="repeats", repeats=2)
        ids["EXPERIMENT"] = start_experiment(_config("cnn_narrow"), repeats, workspace).experiment_id
    return workspace, ids


@pytest.fixture
def found(
    trained: tuple[Workspace, dict[str, str]], call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], dict[str, Any]]:
    """What a command prints with ``--json``, read; numbers that JSON does not know are refused."""
    workspace, ids = trained
    monkeypatch.setenv("HISTOSCOPE_HOME", str(workspace.home))

    def read(command: str) -> dict[str, Any]:
        done = call(*(ids.get(word, word) for word in command.split()), "--json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out, parse_constant=pytest.fail)

    return read


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_gives_facts_tables_and_sentences(command: str, found: Callable[[str], dict[str, Any]]) -> None:
    said = found(command)
    more = ["runs", "ensembles", "threshold", "prevalence", "equality", "differences", "slices", "interaction", "cases"]
    more = more if command.startswith("compare") else []
    assert list(said) == ["facts", "tables", "sentences", *more]
    assert said["tables"]
    assert all(isinstance(row, dict) for table in said["tables"].values() for row in table)
    assert all(isinstance(text, str) and text for text in said["sentences"])


def test_runs_are_the_rows_of_the_store(
    trained: tuple[Workspace, dict[str, str]], found: Callable[[str], dict[str, Any]]
) -> None:
    workspace, ids = trained
    rows = {row["run_id"]: row for row in found("runs list")["tables"]["runs"]}
    assert set(rows) == {run.run_id for run in Store.open(workspace).runs()}
    row, run = rows[ids["RUN"]], Store.open(workspace).get(ids["RUN"])
    assert (row["status"], row["model"], row["dataset"], row["place"]) == ("succeeded", "cnn_narrow", "phantom", None)
    assert datetime.fromisoformat(row["ended_at"]) == run.ended_at
    assert [row["place"] for row in rows.values() if row["status"] == "queued"] == [1]
    shown = found("runs show RUN")
    assert RunConfig.parse(shown["facts"]["config"]) == run.config
    (epoch,) = shown["tables"]["epochs"]
    assert epoch["valid_loss"] > 0


def test_an_experiment_lists_its_members_with_null_for_what_is_not_known(
    trained: tuple[Workspace, dict[str, str]], found: Callable[[str], dict[str, Any]]
) -> None:
    (experiment,) = experiments(trained[0])
    (row,) = found("experiments list")["tables"]["experiments"]
    assert (row["experiment_id"], row["kind"], row["runs"]) == (experiment.experiment_id, "repeats", 2)
    shown = found("experiments show EXPERIMENT")
    members = shown["tables"]["members"]
    assert [member["run_id"] for member in members] == [member.run_id for member in experiment.members]
    assert members[0]["test_auroc"] > 0
    assert members[1]["test_auroc"] is None
    assert "1 still to come" in shown["sentences"][-1]


def test_a_comparison_has_unrounded_numbers(found: Callable[[str], dict[str, Any]], call: Callable[..., Any]) -> None:
    said = found("compare RUN RUN2")
    models = said["tables"]["models"]
    assert len(models) == 2
    assert models[0]["auroc"] != round(models[0]["auroc"], 3)
    assert len(said["tables"]["differences"]) == 1
    assert said["facts"]["rule"]["kind"] == "number"
    assert said["facts"]["split_set"] == "test"


def test_a_comparison_has_each_runs_metrics_by_name(
    trained: tuple[Workspace, dict[str, str]], found: Callable[[str], dict[str, Any]]
) -> None:
    said = found("compare RUN RUN2 --threshold 0.4")
    workspace, ids = trained
    result = compare([ids["RUN"], ids["RUN2"]], workspace, threshold=0.4)
    for run, model in zip(said["runs"], result.results, strict=True):
        assert run["run_id"] == model.run_id
        expected = result.scorecard(model)
        assert list(run["metrics"]) == list(METRIC_NAMES)
        for name, one in run["metrics"].items():
            undefined = not expected[name].defined
            assert one["value"] is None if undefined else one["value"] == expected[name].value
            assert one["method"] == expected[name].method
        assert run["metrics"]["auroc"]["low"] == model.auroc.low if model.auroc else True
        assert run["threshold"] == {"value": 0.4, "origin": "chosen by hand"}
        assert run["calibration"]["bins"] == 15
    (pair,) = said["differences"]
    assert pair["value"] == result.differences[0].difference.value
    assert 0 <= said["equality"]["p_value"] <= 1
    assert said["threshold"] == {"rule": "0.4", "chosen_on": "none"}


def test_a_comparison_has_ensembles_and_what_recalibration_gains(
    trained: tuple[Workspace, dict[str, str]], found: Callable[[str], dict[str, Any]]
) -> None:
    said = found("compare RUN RUN2 --ensemble mean --ensemble weighted:3,1")
    workspace, ids = trained
    mean, weighted = said["ensembles"]
    assert (mean["kind"], mean["weights"], weighted["weights"]) == ("mean", None, [3, 1])
    assert mean["members"] == weighted["members"] == [ids["RUN"], ids["RUN2"]]
    runs = {run["run_id"]: run for run in said["runs"]}
    assert list(runs) == [ids["RUN"], ids["RUN2"], mean["id"], weighted["id"]]
    assert runs[mean["id"]]["metrics"] == mean["metrics"]
    tables = [load(Store.open(workspace).get(run_id), workspace).table.query("split == 'test'") for run_id in
              (ids["RUN"], ids["RUN2"])]  # fmt: skip
    shares = {mean["id"]: (0.5, 0.5), weighted["id"]: (0.75, 0.25)}
    tumour = (tables[0]["y_true"] == "tumour").to_numpy()
    for entry, (first, second) in shares.items():
        p = first * tables[0]["prob_tumour"].to_numpy() + second * tables[1]["prob_tumour"].to_numpy()
        assert runs[entry]["metrics"]["brier"]["value"] == pytest.approx(((p - tumour) ** 2).mean())
    for run in said["runs"]:
        calibration = run["calibration"]
        assert calibration["brier"] == run["metrics"]["brier"]
        assert calibration["ece"] == run["metrics"]["ece"]
        assert calibration["kept"] is None
        assert list(calibration["recalibrated"]) == ["temperature", "platt", "isotonic"]
        for one in calibration["recalibrated"].values():
            assert one["reason"] or {"intercept", "slope", "brier", "log_loss", "ece"} < set(one)
    keep_calibration(ids["RUN"], "temperature", workspace)
    kept = [run["calibration"]["kept"] for run in found("compare RUN RUN2")["runs"]]
    remove_calibration(ids["RUN"], workspace)
    assert kept == ["temperature", None]


def test_a_kept_ensemble_stands_in_the_place_of_a_run_and_is_a_look_of_its_members(
    trained: tuple[Workspace, dict[str, str]], found: Callable[[str], dict[str, Any]]
) -> None:
    workspace, ids = trained
    kept = keep_ensemble("Ours", EnsembleRecipe("mean", (ids["RUN"], ids["RUN2"])), workspace)
    said = found(f"compare {kept.id}")
    (one,) = said["ensembles"]
    assert (one["id"], one["name"], one["members"]) == (kept.id, "Ours", [ids["RUN"], ids["RUN2"]])
    expected = found("compare RUN RUN2 --ensemble mean")["ensembles"][0]["metrics"]
    assert one["metrics"]["auroc"] == expected["auroc"]
    assert "Beside these runs, the test set was" in said["sentences"][-1]


def test_the_calibration_error_is_computed_once_a_set_of_probabilities(
    trained: tuple[Workspace, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from histo_core.comparison import calibration_gain

    workspace, ids = trained
    counted: list[int] = []
    own = calibration_gain.calibration_error
    monkeypatch.setattr(
        "histo_core.evaluation.scorecard.calibration_error", lambda *_, **__: pytest.fail("a second time")
    )
    monkeypatch.setattr(calibration_gain, "calibration_error", lambda *a, **k: counted.append(1) or own(*a, **k))
    (run,) = comparison_json(compare([ids["RUN"]], workspace))["runs"]
    after = [one for one in run["calibration"]["recalibrated"].values() if not one["reason"]]
    assert len(counted) == 1 + len(after)


def test_a_threshold_from_validation_comes_with_its_range_and_promise_and_the_prevalence_is_named(
    trained: tuple[Workspace, dict[str, str]], found: Callable[[str], dict[str, Any]]
) -> None:
    said = found("compare RUN RUN2 --threshold validation:sensitivity=0.9 --prevalence 0.05")
    workspace, ids = trained
    result = compare([ids["RUN"], ids["RUN2"]], workspace, threshold="validation:sensitivity=0.9", prevalence=0.05)
    assert said["prevalence"] == {"stated": 0.05, "sampled": result.share}
    assert said["facts"]["prevalence"] == 0.05
    for run, model, chosen in zip(said["runs"], result.results, result.chosen, strict=True):
        threshold = run["threshold"]
        assert (threshold["chosen_on"], threshold["value"]) == ("valid", model.metrics.threshold)
        expected = [None if np.isnan(limit) else limit for limit in chosen.range()]
        assert [threshold["low"], threshold["high"]] == expected
        for rate, promised in zip(("sensitivity", "specificity"), chosen.promised(), strict=True):
            assert threshold["promised"][rate]["value"] == promised.value
        assert run["metrics"]["ppv"]["value"] == (
            model.metrics.precision.value if model.metrics.precision.defined else None
        )
        assert "at a prevalence of 0.05" in run["metrics"]["accuracy"]["method"]


def test_what_is_checked_studied_and_known_is_all_there(found: Callable[[str], dict[str, Any]]) -> None:
    checked = found(f"data check {' '.join(OPTIONS)}")
    assert (checked["facts"]["patches"], checked["facts"]["patients"]) == (80, 8)
    assert sum(row["tumour"] + row["normal"] for row in checked["tables"]["split"]) == 80
    assert [row["dataset"] for row in found("data list")["tables"]["datasets"]] == list(DATASETS)
    assert [row["study"] for row in found("studies list")["tables"]["studies"]] == list(STUDIES)
    study = STUDIES["fub_breakhis"]
    shown = found("studies show fub_breakhis")
    assert shown["facts"]["doubts"] == list(study.doubts)
    assert len(shown["tables"]["reported"]) >= sum(map(len, study.reported.values())) > 0


def test_broken_files_are_in_the_object_and_the_error_beside_it(call: Callable[..., Any], tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / "mine" / kind).mkdir(parents=True)
        (tmp_path / "mine" / kind / "1.png").write_bytes(b"")
    done = call("data", "check", "--dataset", "folder", "--root", str(tmp_path / "mine"), "--json")
    assert done.code == 2
    assert done.err.startswith("Error: ")
    assert len(json.loads(done.out)["tables"]["problems"]) == 2


class _Colour(Enum):
    BLUE = "blue"


@dataclass(frozen=True)
class _Found:
    interval: Interval
    where: Path


def test_values_of_all_kinds_become_json(capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC)
    frame = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "x": [np.float32(0.5), float("inf")]})
    say_json(
        facts={
            "colour": _Colour.BLUE,
            "at": moment,
            "set": ("a",),
            "k": {1: np.int64(2)},
            "no": None,
            "yes": np.True_,
        },
        tables={"frame": frame, "records": [_Found(Interval.undefined("why"), Path("/x"))]},
        sentences=["said", ""],
    )
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "facts": {
            "colour": "blue", "at": "2026-11-30T01:02:03+00:00", "set": ["a"], "k": {"1": 2}, "no": None, "yes": True
        },
        "tables": {
            "frame": [{"n": 1, "x": 0.5}, {"n": None, "x": None}],
            "records": [
                {
                    "interval": {"value": None, "low": None, "high": None, "method": "why", "warning": ""},
                    "where": "/x",
                }
            ],
        },
        "sentences": ["said"],
    }  # fmt: skip
