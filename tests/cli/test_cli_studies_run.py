"""``studies run``: from a name that ``studies show`` prints to the configurations that wait in the queue."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest

from histo_core.config import RunConfig
from histo_core.experiments.api import experiments
from histo_core.experiments.from_study import data_of, wanted
from histo_core.runs.preflight import Checked
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.studies.recipes import STUDIES, NamedConfig
from histo_core.workspace import Workspace

ROOT = ("--root", "/data/study")


@pytest.fixture(autouse=True)
def _unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data are not here and networks are large: what is queued is what the command made, as it is."""

    def taken(configs: Sequence[RunConfig], *_: object, **__: object) -> list[Checked]:
        splits = [sha256(one.split.model_dump_json().encode()).hexdigest() for one in configs]
        return [Checked(one, "data", split, "", "cpu", "title") for one, split in zip(configs, splits, strict=True)]

    monkeypatch.setattr("histo_core.runs.preflight.check", taken)
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)


def queued(workspace: Workspace) -> list[Run]:
    """Runs in the order in which they were queued."""
    return sorted(Store.open(workspace).runs(), key=lambda run: run.created_at)


def differing(run: Run, base: RunConfig) -> dict[str, Any]:
    """Dotted fields of a queued run that differ from a study's run; its folder aside."""
    found: dict[str, Any] = {}

    def walk(path: str, ours: Any, theirs: Any) -> None:
        if isinstance(ours, dict) and isinstance(theirs, dict):
            for key in {*ours, *theirs}:
                walk(f"{path}.{key}".lstrip("."), ours.get(key), theirs.get(key))
        elif ours != theirs:
            found[path] = ours

    walk("", run.config.model_dump(mode="json"), base.model_dump(mode="json"))
    assert found.pop("data.root") == "/data/study"
    return found


def over(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return list(changes)


SWEEPS: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("fub_breakhis", "Learning rate"): over({}, {"train.learning_rate": 0.005}, {"train.learning_rate": 0.1}),
    ("uts_neuroblastoma", "Epochs"): [
        {"train.learning_rate": 0.001} | ({} if epochs == 50 else {"train.epochs": epochs})
        for epochs in (50, 100, 150, 200)
    ],
    ("uts_neuroblastoma", "Dropout"): [
        {"train.learning_rate": 0.001} | ({} if rate == 0 else {"model.options.dropout": rate})
        for rate in (0, 0.25, 0.5, 0.75)
    ],
    ("uts_neuroblastoma", "Optimiser"): [
        {"train.learning_rate": 0.001} | ({} if name == "sgd" else {"train.optimizer": name})
        for name in ("sgd", "rmsprop", "adagrad", "adam")
    ],
    ("uts_neuroblastoma", "L1 penalty"): over({}, {"train.l1": 0.0001}),
    ("uts_neuroblastoma", "L2 penalty"): over({}, {"train.weight_decay": 0.0002}),
    ("uts_neuroblastoma", "Learning rate"): [
        {} if rate == 0.01 else {"train.learning_rate": rate} for rate in (0.01, 0.005, 0.001, 0.0001)
    ],
    ("wpi_kpcam", "Learning rate, 20 epochs"): [
        {"train.epochs": 20} | ({} if rate == 0.0001 else {"train.learning_rate": rate})
        for rate in (0.0001, 0.001, 0.01, 0.1, 1.0)
    ],
    ("wpi_kpcam", "Dropout, the same everywhere"): [
        {"model.options.dropout": [rate] * 3} for rate in (0.0, 0.1, 0.2, 0.5)
    ],
    ("wpi_kpcam", "Dropout, layer by layer"): [
        {} if rates == [0.2, 0.1, 0.0] else {"model.options.dropout": rates}
        for rates in (
            *([0.5, 0.2, 0.0], [0.5, 0.2, 0.1], [0.5, 0.5, 0.2]),
            *([0.2, 0.1, 0.0], [0.2, 0.2, 0.1], [0.1, 0.1, 0.0]),
        )
    ],
    ("wpi_kpcam", "Activation"): over({}, {"model.options.activation": "leaky_relu"}),
    ("wpi_kpcam", "Extra linear layer"): over({}, {"model.options.extra_linear": True}),
}
"""What sets each queued trial apart from the study's run, by hand from the studies' files."""


@pytest.mark.parametrize(("study", "name"), SWEEPS, ids=["-".join(one) for one in SWEEPS])
def test_a_sweep_queues_the_studys_own_trials(call, workspace: Workspace, study: str, name: str) -> None:
    done = call("studies", "run", study, name, *ROOT)
    assert done.code == 0, done.err
    sweep = STUDIES[study].find(name)
    assert not isinstance(sweep, NamedConfig)
    base = STUDIES[study].run(sweep.member).config
    found = [differing(run, base) for run in queued(workspace)]
    for one in found:  # no trial sees the test set
        assert one.pop("predict.parts", ["valid"]) == ["valid"]
    by_text = lambda one: json.dumps(one, sort_keys=True)  # noqa: E731
    assert sorted(found, key=by_text) == sorted(SWEEPS[study, name], key=by_text)
    assert {run.origin for run in queued(workspace)} == {f"{study}/{sweep.member}/{name}"}
    (experiment,) = experiments(workspace)
    assert (experiment.origin, experiment.protocol.metric) == (f"{study}/{sweep.member}/{name}", sweep.metric)
    assert experiment.experiment_id in done.out


def test_every_sweep_is_pinned() -> None:
    grids = [(study, one.name) for study, recipe in STUDIES.items() for one in recipe.sweeps]
    assert {*SWEEPS, ("gatech_kpcam", "Random search of VGG16")} == {*grids}


def test_a_random_search_draws_from_the_studys_ranges(call, workspace: Workspace) -> None:
    call("studies", "run", "gatech_kpcam", "Random search of VGG16", *ROOT)
    runs = queued(workspace)
    assert len(runs) == 20
    drawn = defaultdict(set)
    for run in runs:
        assert run.config.model.options["cells"] == "all"
        drawn["rate"].add(run.config.train.learning_rate)
        drawn["dropout"].add(run.config.model.options["dropout"])
    assert len(drawn["rate"]) == len(drawn["dropout"]) == 20
    assert all(1e-5 <= one <= 1e-2 for one in drawn["rate"])
    assert all(0.1 <= one <= 0.6 for one in drawn["dropout"])


def test_five_folds_hold_the_same_three_thousand_out(call, workspace: Workspace) -> None:
    call("studies", "run", "wpi_kpcam", "Five folds", *ROOT)
    base = STUDIES["wpi_kpcam"].run("cnn_rnn").config
    assert base.split.hold_out
    found = sorted((differing(run, base) for run in queued(workspace)), key=lambda one: one.get("split.fold", 0))
    assert found == over({}, *({"split.fold": fold} for fold in (1, 2, 3, 4)))
    assert {run.config.predict.parts for run in queued(workspace)} == {("valid",)}


@pytest.mark.parametrize(
    ("name", "member", "method"),
    [("Ten splits by patient", "resnet34", "auto"), ("Ten splits by image", "resnet34, split by image", "random")],
)
def test_ten_splits_have_seeds_of_their_own(call, workspace: Workspace, name: str, member: str, method: str) -> None:
    call("studies", "run", "uts_neuroblastoma", name, *ROOT)
    runs = queued(workspace)
    assert sorted(run.config.split.seed for run in runs) == sorted(run.config.seed for run in runs) == list(range(10))
    assert {(run.config.split.method, run.config.train.enlarge_to) for run in runs} == {(method, 600)}
    assert {run.origin for run in runs} == {f"uts_neuroblastoma/{member}/{name}"}


@pytest.mark.parametrize("study", list(STUDIES))
def test_every_run_is_queued_as_the_study_has_it(call, workspace: Workspace, study: str) -> None:
    """The first and the last from the command line, all of them from what it starts with."""
    recipe = STUDIES[study]
    root = data_of(recipe, None, "/data/study", {})
    for member in recipe.configs:
        (piece,) = wanted(recipe, member.name, data=root)
        assert piece.config == member.config.model_copy(update={"data": root})
        assert piece.protocol.kind == "single"
    for place, member in enumerate(dict.fromkeys((recipe.configs[0].name, recipe.configs[-1].name))):
        done = call("studies", "run", study, member, *ROOT, "--tag", "mine", "--note", "again", "--priority", "3")
        assert done.code == 0, done.err
        run = queued(workspace)[place]
        assert differing(run, recipe.run(member).config) == {}
        assert (run.name, run.origin) == (member, f"{study}/{member}")
        assert (run.tags, run.note, run.priority) == (("mine",), "again", 3)
        assert f"run {run.run_id}" in done.out


def test_without_a_name_the_chosen_runs_begin_under_the_first_protocol(call, workspace: Workspace) -> None:
    call("studies", "run", "wpi_kpcam", *ROOT, "--name", "mine")
    assert sorted(one.name for one in experiments(workspace)) == [
        "mine cnn_narrow: Five folds",
        "mine cnn_rnn: Five folds",
    ]
    assert {one.config.model.name for one in experiments(workspace)} == {"cnn_rnn", "cnn_narrow"}
    assert len(queued(workspace)) == 10
    call("studies", "run", "fub_breakhis", *ROOT)
    assert [run.name for run in queued(workspace)[10:]] == ["resnet18", "resnext50_32x4d", "wide_resnet50_2"]


def test_other_data_another_run_and_other_fields(call, workspace: Workspace) -> None:
    options = ("--dataset", "folder", "--root", "/data/mine", "--option", "patient_pattern=x", "--skip-broken")
    done = call("studies", "run", "wpi_kpcam", "Activation", "--of", "cnn_wide", *options, "--set", "train.epochs=3")
    assert done.code == 0, done.err
    runs = queued(workspace)
    assert {run.config.model.options["activation"] for run in runs} == {"relu", "leaky_relu"}
    for run in runs:
        assert (run.config.model.name, run.config.train.epochs) == ("cnn_wide", 3)
        data = run.config.data
        assert (data.dataset, data.root, data.skip_broken) == ("folder", "/data/mine", True)
        assert data.options == {"patient_pattern": "x"}
        assert run.origin == "wpi_kpcam/cnn_wide/Activation"


def test_the_studys_own_options_of_the_data_stay_unless_others_are_given(call, workspace: Workspace) -> None:
    call("studies", "run", "fub_breakhis", "resnet18", *ROOT, "--option", "magnification=0")
    (run,) = queued(workspace)
    assert run.config.data.options == {"magnification": 0, "fold": 2}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("wpi_kpcam", "nosuch"), "has no run, sweep or protocol 'nosuch'"),
        (("wpi_kpcam", "activation"), "Did you mean 'Activation'"),
        (("wpi_kpcam", "Activation", "--of", "nosuch"), "has no run 'nosuch'"),
        (("wpi_kpcam", "cnn_rnn", "--of", "cnn_wide"), "can be of another run than its own"),
        (("wpi_kpcam", "--of", "cnn_wide"), "can be of another run than its own"),
        (("wpi_kpcam", "cnn_rnn", "--set", "train.nosuch=3"), "train.nosuch is not a field"),
        (("nosuch",), "Unknown study 'nosuch'"),
    ],
)
def test_what_cannot_be_is_one_message(call, workspace: Workspace, arguments: tuple[str, ...], says: str) -> None:
    done = call("studies", "run", *arguments, *ROOT)
    assert done.code == 2
    assert says in done.err
    assert queued(workspace) == []
