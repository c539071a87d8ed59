"""A launch copied as a command is, once the shell has read it, the same launch."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from page_helpers import HOSTILE, small_run
from typer.testing import CliRunner

from histo_core.cli import app
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.studies.recipes import STUDIES, NamedConfig
from histo_core.workspace import Workspace
from pages.train.run_command import command, file_names

LISTS = {
    "model.options.dropout": SweepField(values=((0.5, 0.2, 0.0), (0.1, 0.1, 0.0))),
    "train.learning_rate": SweepField(values=(1e-05, 0.01, 1.0)),
    "train.optimizer": SweepField(values=("sgd", "adam")),
    "train.amsgrad": SweepField(values=(False, True)),
    "train.clip_norm": SweepField(values=(None, 1.0)),
}
RANGES = {
    "train.learning_rate": SweepField(low=1e-05, high=0.1, log=True),
    "train.epochs": SweepField(low=1.0, high=30.0, log=True, whole=True),
    "train.weight_decay": SweepField(low=0.0, high=0.5),
}
PROTOCOLS = {
    "single": ProtocolConfig(),
    "folds": ProtocolConfig(kind="folds", folds=5, repeats=2),
    "repeats": ProtocolConfig(kind="repeats", repeats=10, new="splits"),
    "grid": ProtocolConfig(kind="sweep", sweep=LISTS, metric="valid_loss", folds=3),
    "tpe": ProtocolConfig(kind="sweep", sweep=RANGES, sampler="tpe", trials=7, pruning=True),
}


class _StopError(Exception):
    pass


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_copied_command_asks_for_what_the_form_asked_for(
    protocol: ProtocolConfig, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def start(config: Any, *given: Any, **written: Any) -> None:
        asked.update(written, config=config, protocol=given[0] if len(given) == 2 else ProtocolConfig())
        raise _StopError

    monkeypatch.setattr("histo_core.experiments.api.start_experiment", start)
    monkeypatch.setattr("histo_core.cli.train.launch", start)
    for name in ("train", "experiments_start"):
        monkeypatch.setattr(f"histo_core.cli.{name}.build_phantom_data", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    member = NamedConfig(HOSTILE, small_run("cnn_narrow"), "")
    (tmp_path / "run.yaml").write_text(member.config.to_yaml())
    line = command(member, "run.yaml", protocol, tags=("a b", "-c"), note="two\nlines", priority=-3)
    python, dash, package, *words = shlex.split(line)
    assert (python, dash, package) == ("python", "-m", "histo_core")
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, _StopError), result.output
    assert (asked["config"], asked["protocol"]) == (member.config, protocol)
    assert (asked["name"], tuple(asked["tags"]), asked["note"]) == (HOSTILE, ("a b", "-c"), "two\nlines")
    assert asked["priority"] == -3


def test_each_run_of_a_study_has_a_file_of_its_own() -> None:
    for study in STUDIES:
        configs = STUDIES[study].configs
        assert len(set(file_names(configs))) == len(configs)
    assert "gcnn_as_printed.yaml" in file_names(STUDIES["pcam_gcnn"].configs)


def test_file_names_are_plain_and_never_the_same() -> None:
    members = [NamedConfig(name, small_run("cnn_narrow"), "") for name in ("../A b", "a/B", "<>", HOSTILE)]
    assert file_names(members) == ["a_b.yaml", "a_b-2.yaml", "run.yaml", "script_alert_1_script_bold_x.yaml"]
