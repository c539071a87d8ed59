from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from histo_core.config import AugmentConfig, PreprocessConfig, RunConfig, parse_config
from histo_core.config.protocol import ProtocolConfig, changed
from histo_core.data.dataset import DATASETS
from histo_core.data.splits.folds import folds_of
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.errors import UnknownNameError
from histo_core.models.registry import MODELS, build_network
from histo_core.studies.recipes import STUDIES, NamedConfig, Recipe, Reported
from histo_core.training.loss import build_loss
from histo_core.training.optimizer import build_optimizer
from histo_core.training.schedule import factor

RECIPES = [pytest.param(recipe, id=name) for name, recipe in STUDIES.items()]
RUNS = [pytest.param(run, id=f"{name}-{run.name}") for name, recipe in STUDIES.items() for run in recipe.configs]
SIDES = {"breakhis": 460, "neuroblastoma": 300}
"""Pixels of what is neither cropped nor resized; others have 96."""
_SMALL_ENOUGH = {"cnn_narrow", "cnn_wide", "cnn_rnn", "gcnn", "resnet18", "efficientnet_b0", "vgg16", "p4m_densenet"}
"""One of each family and head is built each time, the others where slow tests run."""


def member(study: str, name: str) -> RunConfig:
    return next(run.config for run in STUDIES[study].configs if run.name == name)


def stated(numbers: Mapping[str, tuple[Reported, ...]], model: str) -> dict[str, float | str]:
    return {number.measure: number.value for number in numbers[model]}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_complete(recipe: Recipe) -> None:
    assert STUDIES[recipe.name] is recipe
    assert recipe.data in DATASETS
    names = [run.name for run in recipe.configs]
    assert len(set(names)) == len(names) > 0
    assert set(recipe.chosen) <= set(names)
    assert all(run.note.endswith(".") for run in recipe.configs)
    assert recipe.source
    assert recipe.ours
    assert all(sentence.endswith(".") for sentence in (*recipe.doubts, *recipe.ours, *recipe.facts, *recipe.wished))


@pytest.mark.parametrize("recipe", RECIPES)
def test_runs_sweeps_and_protocols_are_found_by_a_name_of_their_own(recipe: Recipe) -> None:
    everything = (*recipe.configs, *recipe.experiments)
    assert len({one.name for one in everything}) == len(everything)
    assert all(recipe.find(one.name) is one for one in everything)
    assert not any("/" in one.name for one in everything), "an origin has it between names"
    assert {one.member for one in recipe.experiments} <= {one.name for one in recipe.configs}
    with pytest.raises(UnknownNameError, match=f"{recipe.name}.* has no run, sweep or protocol 'nosuch'"):
        recipe.find("nosuch")


@pytest.mark.parametrize("recipe", RECIPES)
def test_numbers_stand_beside_runs_that_there_are(recipe: Recipe) -> None:
    """What is compared is of a run, sweep or protocol, or says of which runs; a trial is one of its sweep's."""
    sweeps = {one.name: one for one in recipe.sweeps}
    names = {one.name for one in (*recipe.configs, *recipe.experiments)}
    for of, stated in recipe.reported.items():
        for one in stated:
            if one.beside is None:
                continue
            assert {*one.beside.runs} <= {run.name for run in recipe.configs}
            assert of in names or one.beside.runs
            if of in sweeps:
                assert all(value in sweeps[of].fields[field] for field, value in one.beside.changes.items())
                assert one.beside.changes


def test_a_rate_is_printed_with_two_digits_at_least() -> None:
    shown = [Reported("x", value).printed for value in (0.9, 0.5159, 0.0, 120, 2.5, 1.0, "no clear change")]
    assert shown == ["0.90", "0.5159", "0.00", "120", "2.5", "1", "no clear change"]
    assert Reported("x", 0.9, "odd").said == "0.90 (doubt: odd)"


@pytest.mark.parametrize("recipe", RECIPES)
def test_its_data_and_shares_are_those_of_one_form(recipe: Recipe) -> None:
    """A form has one data set for all members; what it does not ask for is the same."""
    assert len({run.config.data.model_dump_json() for run in recipe.configs}) == 1
    parse_config(DATASETS[recipe.data].Options, recipe.configs[0].config.data.options)


@pytest.mark.parametrize("run", RUNS)
def test_every_run_names_what_exists_and_survives_yaml(run: NamedConfig) -> None:
    assert RunConfig.from_yaml(run.config.to_yaml()) == run.config
    spec = MODELS[run.config.model.name]
    parse_config(spec.Options, run.config.model.options)
    assert run.config.model.weights == "none" or spec.imagenet is not None
    assert run.as_printed == run.name.endswith(", as printed")


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(
            *run.values, id=run.id, marks=[pytest.mark.slow] * (run.values[0].config.model.name not in _SMALL_ENOUGH)
        )  # type: ignore[union-attr]
        for run in RUNS
    ],
)
def test_every_run_builds_its_network(run: NamedConfig) -> None:
    """Without memory, for the input that its preprocessing makes."""
    config = run.config
    side = config.preprocess.resize or config.preprocess.crop or SIDES.get(config.data.dataset, 96)
    classes = 5 if config.data.dataset == "neuroblastoma" else 2
    with torch.device("meta"):
        network = build_network(config.model, classes, (side, side)).eval()
        assert network(torch.rand(2, 3, side, side)).shape == (2, classes)
    build_loss(config.train, np.arange(classes), classes, torch.device("cpu"), config.model.output)


@pytest.mark.parametrize("recipe", RECIPES)
def test_its_sweeps_and_protocol_can_be_carried_out(recipe: Recipe) -> None:
    members = {run.name: run.config for run in recipe.configs}
    for sweep in recipe.sweeps:
        lists = {
            field: values if isinstance(values, tuple) else (values.low, values.high)
            for field, values in sweep.fields.items()
        }
        if sweep.protocol.sampler == "grid":
            assert sweep.protocol.size == math.prod(len(values) for values in lists.values())
        for field, values in lists.items():
            for value in values:
                config = changed(members[sweep.member], {field: value})
                parse_config(MODELS[config.model.name].Options, config.model.options)
    for protocol in recipe.protocols:
        if protocol.protocol.kind == "folds":
            assert len(folds_of(members[protocol.member].split)) == protocol.protocol.folds


@pytest.mark.parametrize("recipe", RECIPES)
def test_printed_matrices_are_square(recipe: Recipe) -> None:
    for matrix in recipe.confusions:
        assert len(matrix.counts) == len(matrix.classes)
        assert all(len(row) == len(matrix.classes) for row in matrix.counts)


@pytest.mark.parametrize("recipe", RECIPES)
def test_augmentations_are_the_named_ones(recipe: Recipe) -> None:
    assert all(run.config.augment in PRESETS.values() for run in recipe.configs)


def test_the_kpcam_study_is_as_published() -> None:
    recipe = STUDIES["wpi_kpcam"]
    cnn_rnn = recipe.configs[0].config
    assert (cnn_rnn.train.learning_rate, cnn_rnn.train.epochs, cnn_rnn.train.optimizer) == (1e-4, 30, "adam")
    assert (cnn_rnn.preprocess.crop, cnn_rnn.preprocess.resize) == (32, None)
    assert len({run.config.split for run in recipe.configs}) == 1
    split = cnn_rnn.split
    assert split.subset is not None
    assert split.subset * split.test == 3000
    assert split.subset * (1 - split.test) * 4 / 5 == 4000
    values = stated(recipe.reported, "cnn_rnn")
    assert values["held-out accuracy"] == 0.8132
    assert stated(recipe.reported, "best plain CNN") == {"test accuracy": 0.6066}
    assert (values["best fold"], values["test accuracy of the best fold"]) == (5, 0.8284)
    rates = stated(recipe.reported, "Learning rate, 20 epochs")
    assert rates == {
        "accuracy at the best learning rate, 0.0001": 0.8092,
        "accuracy at high learning rates": "stays near 0.50",
    }
    assert {sweep.metric for sweep in recipe.sweeps} == {recipe.protocol.metric} == {"valid_accuracy"}
    assert stated(recipe.reported, "votes of flips") == {"finding": "no clear change"}
    assert {run.config.predict.parts for run in recipe.configs} == {("valid",)}, "the held-out set is touched once"
    printed = member("wpi_kpcam", "cnn_rnn, as printed")
    assert (printed.model.output, printed.train.loss_on) == ("sigmoids", "probabilities")
    resnet = member("wpi_kpcam", "resnet50_transfer")
    assert (resnet.model.output, resnet.train.loss, resnet.preprocess.resize) == (
        "sigmoid",
        "binary_cross_entropy",
        224,
    )
    votes = member("wpi_kpcam", "cnn_narrow, votes of flips").predict
    assert (votes.tta, votes.combine) == ("flips", "vote")


def test_the_breakhis_study_is_as_published() -> None:
    for name, epochs in (("resnet18", 15), ("resnext50_32x4d", 5), ("wide_resnet50_2", 5)):
        config = member("fub_breakhis", name)
        train = config.train
        assert (train.epochs, train.batch_size, train.learning_rate) == (epochs, 32, 0.0005)
        assert (train.optimizer, train.schedule, train.epoch_factor) == ("adamax", "exponential", 0.9)
        assert config.model.options == {"head": "dense_256_100", "dropout": 0.4}
        assert config.model.weights == "imagenet"
        assert config.augment.rotation == 20
        assert config.data.options == {"magnification": 200, "fold": 2}, "the published fold that the report took"
    (resnet18, *_) = STUDIES["fub_breakhis"].confusions
    assert np.array(resnet18.counts).sum() == 597
    assert np.trace(resnet18.counts) / 597 == pytest.approx(0.876, abs=5e-4)


def test_the_neuroblastoma_study_is_as_published() -> None:
    recipe = STUDIES["uts_neuroblastoma"]
    config = member("uts_neuroblastoma", "resnet34")
    train = config.train
    assert (train.optimizer, train.learning_rate, train.epochs) == ("sgd", 0.01, 50)
    assert (train.balance, train.enlarge_to) == ("enlarge", 600)
    assert (config.model.weights, config.augment.rotation, config.augment.flip_axes) == ("none", 50, "left_right")
    assert member("uts_neuroblastoma", "resnet34, split by image").split.method == "random"
    assert member("uts_neuroblastoma", "resnet50, frozen").train.backbone == "frozen"
    assert (recipe.protocol.repeats, recipe.protocol.new) == (10, "splits")
    fields = {sweep.name: dict(sweep.fields) for sweep in recipe.sweeps}
    for name in ("Epochs", "Dropout", "Optimiser"):
        assert fields[name]["train.learning_rate"] == (0.001,), "the tables' captions say at 0.001"
    assert fields["Optimiser"]["train.optimizer"] == ("sgd", "rmsprop", "adagrad", "adam")
    assert fields["L1 penalty"] == {"train.l1": (0.0, 0.0001)}
    assert fields["L2 penalty"] == {"train.weight_decay": (0.0, 0.0002)}, "Keras' 1e-4, see the test below"
    assert [one.member for one in recipe.protocols] == ["resnet34", "resnet34, split by image"]
    tested = {name: stated(recipe.reported, "resnet34")[f"test images of {name}"] for name in ("DNB", "GN", "GNB")}
    assert tested == {"DNB": 37, "GN": 16, "GNB": 9}
    rows = {name: sum(row) for name, row in zip(recipe.confusions[0].classes, recipe.confusions[0].counts, strict=True)}
    assert {name: rows[name] for name in tested} == tested
    repeats = [n.value for n in recipe.reported["Ten splits by image"] if n.measure.startswith("F1 of split")]
    assert len(repeats) == 10
    assert np.mean(repeats) == pytest.approx(0.878)
    assert np.std(repeats, ddof=1) == pytest.approx(0.017, abs=5e-4)
    matrices = {matrix.name: np.array(matrix.counts) for matrix in recipe.confusions}
    totals = {name: matrix.sum() for name, matrix in matrices.items()}
    assert totals.pop("resnet34, dropout 0.75") == 203
    assert set(totals.values()) == {207}
    assert np.trace(matrices["resnet34, final"]) / 207 == pytest.approx(0.860, abs=5e-4)


def test_an_l2_penalty_of_keras_is_twice_as_much_weight_decay() -> None:
    """One step by hand on a weight of 3: Keras' loss has 1e-4 x 3 x 3 more, whose slope is 2 x 1e-4 x 3 = 6e-4."""
    (penalty,) = [sweep for sweep in STUDIES["uts_neuroblastoma"].sweeps if sweep.name == "L2 penalty"]
    (field,) = penalty.protocol.sweep
    config = changed(member("uts_neuroblastoma", "resnet34"), {field: penalty.protocol.sweep[field].values[1]})
    model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    torch.nn.init.constant_(model.weight, 3.0)
    optimizer = build_optimizer(config.train, model, ("head",), torch.device("cpu"))
    (0.0 * model.weight).sum().backward()
    optimizer.step()
    assert model.weight.item() == pytest.approx(3.0 - 0.01 * 6e-4, abs=1e-12)
    keras = torch.tensor(3.0, requires_grad=True)
    (1e-4 * keras**2).backward()
    assert keras.grad is not None
    assert keras.grad.item() == pytest.approx(6e-4)


def test_the_gatech_study_is_as_published() -> None:
    common = member("gatech_kpcam", "resnet50").train
    assert (common.learning_rate, common.backbone_learning_rate, common.weight_decay) == (0.005, 0.0005, 0.0001)
    assert (common.label_smoothing, common.epochs) == (0.1, 10)
    googlenet = member("gatech_kpcam", "googlenet")
    train = googlenet.train
    assert (train.backbone, train.unfreeze_after, train.epochs) == ("frozen", 10, 20)
    assert (googlenet.model.output, train.loss) == ("sigmoid", "binary_cross_entropy")
    table, text = member("gatech_kpcam", "vgg16"), member("gatech_kpcam", "vgg16, as in the text")
    assert (table.train.learning_rate, table.train.loss, table.train.epochs) == (1e-4, "binary_cross_entropy", 25)
    assert (text.train.learning_rate, text.train.loss, text.train.label_smoothing) == (0.005, "cross_entropy", 0.1)
    assert table.model.options == text.model.options == {"head": "dense_512", "dropout": 0.3, "cells": "all"}
    reported = STUDIES["gatech_kpcam"].reported
    assert stated(reported, "googlenet, centre 64")["AUROC in the competition"] == 0.8597
    assert stated(reported, "googlenet")["AUROC in the competition"] == "not scored on the whole patch"
    assert "competition test set" in str(stated(reported, "xception, centre 32")["finding"])
    assert table.augment.rotation == 40
    for name in ("vgg16, frozen", "densenet201, frozen"):
        assert member("gatech_kpcam", name).train.backbone == "frozen"
    for name in ("resnet50", "efficientnet_b0", "xception"):
        with_it, without = member("gatech_kpcam", name), member("gatech_kpcam", f"{name}, not augmented")
        assert with_it.model_copy(update={"augment": without.augment}) == without
        assert without.augment == AugmentConfig(flips=False, quarter_turns=False, jitter=0)
    (search,) = STUDIES["gatech_kpcam"].sweeps
    assert (search.member, search.protocol.sampler) == ("vgg16", "random")
    cited = stated(STUDIES["gatech_kpcam"].reported, "11 pathologists on melanoma, cited")
    assert cited == {"sensitivity": 0.518, "specificity": 0.665, "accuracy": 0.592}
    centre = member("gatech_kpcam", "xception, centre 32").preprocess
    assert centre == PreprocessConfig(
        crop=32, resize=96, interpolation="nearest", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
    )


def test_the_pcam_study_is_as_published() -> None:
    printed = member("pcam_gcnn", "inception_1, as printed").train
    assert (printed.optimizer, printed.learning_rate, printed.momentum, printed.epsilon) == ("rmsprop", 0.1, 0.9, 1.0)
    assert (printed.weight_decay, printed.schedule, printed.step_epochs, printed.step_factor) == (0.9, "step", 4, 0.16)
    assert (printed.epochs, printed.batch_size, printed.backbone) == (24, 64, "frozen"), "200, reduced to 64 in 3.3.1"
    second = member("pcam_gcnn", "inception_2, as printed").train
    assert (second.optimizer, second.nesterov, second.learning_rate) == ("sgd", True, 0.1)
    cyclic = member("pcam_gcnn", "all_cnn, as printed").train
    assert (cyclic.schedule, cyclic.cycle_steps, cyclic.epsilon, cyclic.weight_decay) == ("cyclic", 2000, 1e-7, 0.9)
    assert cyclic.learning_rate * cyclic.cycle_low == pytest.approx(0.001)
    assert {member("pcam_gcnn", f"all_gcnn, {layers} layers").model.options["layers"] for layers in (9,)} == {9}
    doubled = {run.name for run in STUDIES["pcam_gcnn"].configs if run.config.train.loss_on == "probabilities"}
    assert doubled == {"all_cnn, as printed"}, "softmax is printed for the All-CNN only"
    six = member("pcam_gcnn", "gcnn, 24 epochs")
    assert (six.train.epochs, six.train.optimizer, six.train.schedule) == (24, "adam", "step")
    assert (six.train.step_epochs, six.train.step_factor) == (4, 0.16)
    assert six.model.options == {"width": 1.0, "init": "kaiming"}
    assert six.augment == PRESETS["none"]
    for name in ("all_cnn", "all_cnn, kaiming", "all_gcnn, 17 layers", "all_gcnn, 9 layers, as printed"):
        assert member("pcam_gcnn", name).model.options["last_activation"] is True


def test_the_group_cnns_last_run_reads_as_printed() -> None:
    """Learning ends within 200 batches."""
    config = member("pcam_gcnn", "gcnn, as printed")
    train = config.train
    assert (train.epochs, train.batch_size, train.loss_sum, train.loss_on) == (100, 64, True, "logits")
    assert config.model.options == {"width": 0.5}
    assert train.learning_rate == 0.05
    assert train.learning_rate * factor(train, 4096, 0, 200, []) == pytest.approx(5e-12)
    mended = member("pcam_gcnn", "gcnn").train
    assert factor(mended, 4096, 19, 4095, []) == 1
    assert factor(mended, 4096, 20, 0, []) == pytest.approx(0.1)
    assert (mended.loss_sum, mended.loss_on, mended.weight_decay) == (False, "logits", 0)


def test_each_studys_wishes_are_kept() -> None:
    assert {name: len(recipe.wished) for name, recipe in STUDIES.items()} == {
        "fub_breakhis": 5,
        "gatech_kpcam": 0,
        "pcam_4000": 0,
        "pcam_gcnn": 7,
        "uts_neuroblastoma": 4,
        "wpi_kpcam": 0,
    }
    assert "Watching activations for dead nodes." in STUDIES["uts_neuroblastoma"].wished


def test_a_question_is_known_again_whatever_it_is_chosen_by() -> None:
    recipe = STUDIES["uts_neuroblastoma"]
    ten = ProtocolConfig(kind="repeats", repeats=10, new="splits", metric="valid_loss")
    assert recipe.asks("resnet34", ten) == "Ten splits by patient"
    assert recipe.asks("resnet34, split by image", ten) == "Ten splits by image"
    assert recipe.asks("resnet34", ProtocolConfig(kind="repeats", repeats=9, new="splits")) == ""
    dropout = next(one for one in recipe.sweeps if one.name == "Dropout").protocol
    assert recipe.asks("resnet50, frozen", dropout) == "Dropout"
