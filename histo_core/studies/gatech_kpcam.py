"""Metastasis on Kaggle's PatchCamelyon with ImageNet networks and a vote of them (2023)."""

from __future__ import annotations

from typing import Any, Literal

from histo_core.config import (
    AugmentConfig,
    DataConfig,
    ModelConfig,
    Option,
    PredictConfig,
    PreprocessConfig,
    RunConfig,
    SplitConfig,
)
from histo_core.config.protocol import SweepField
from histo_core.config.train import TrainConfig
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import STUDIES, Beside, NamedConfig, Recipe, Reported, Sweep, numbers
from histo_core.studies.words import gatech_kpcam as words

_TORCH, _NONE, _KERAS = PRESETS["gatech_kpcam"], PRESETS["none"], PRESETS["gatech_vgg16"]
Options = dict[str, Option | tuple[float, ...] | None]

_COMMON: dict[str, Any] = {
    "epochs": 10,
    "optimizer": "adam",
    "learning_rate": 0.005,
    "backbone_learning_rate": 0.0005,
    "weight_decay": 0.0001,
    "label_smoothing": 0.1,
}
_VGG16_TABLE: dict[str, Any] = {"epochs": 25, "learning_rate": 0.0001, "loss": "binary_cross_entropy"}
_DENSE: Options = {"head": "dense_512", "dropout": 0.3}
_DENSE_AFTER_POOL: Options = {**_DENSE, "cells": "all"}
"""Straight after the last max pool: 3 x 3 x 512 = 4,608 numbers of a patch of 96 pixels."""
_AUROC = Beside("auroc")


def _run(
    name: str,
    train: dict[str, Any] = _COMMON,
    *,
    augment: AugmentConfig = _TORCH,
    output: Literal["softmax", "sigmoid"] = "softmax",
    options: Options | None = None,
    **preprocess: Any,
) -> RunConfig:
    recommended = MODELS[name].preprocess
    return RunConfig(
        data=DataConfig(dataset="kpcam"),
        split=SplitConfig(method="random", valid=0.2, test=0.0),
        preprocess=PreprocessConfig(mean=recommended.mean, std=recommended.std, **preprocess),
        augment=augment,
        model=ModelConfig(name=name, weights="imagenet", output=output, options=options or {}),
        train=TrainConfig(batch_size=64, **train),
        predict=PredictConfig(parts=("valid",)),
    )


def _googlenet(**preprocess: Any) -> RunConfig:
    thawed = {"epochs": 20, "backbone": "frozen", "unfreeze_after": 10, "loss": "binary_cross_entropy"}
    return _run("googlenet", {**_COMMON, **thawed, "label_smoothing": 0.0}, output="sigmoid", **preprocess)


def _vgg16(**train: Any) -> RunConfig:
    return _run("vgg16", {**_VGG16_TABLE, **train}, augment=_KERAS, output="sigmoid", options=_DENSE_AFTER_POOL)


def _auroc(value: float, doubt: str = words.LABELS, measure: str = "AUROC in the competition") -> Reported:
    return Reported(measure, value, doubt, _AUROC)


def _with_and_without(name: str) -> tuple[NamedConfig, NamedConfig]:
    title = MODELS[name].title
    return (
        NamedConfig(name, _run(name), f"{title} from ImageNet, the backbone at a tenth of the head's learning rate."),
        NamedConfig(
            f"{name}, not augmented", _run(name, augment=_NONE), f"{title} without augmentation, to be compared."
        ),
    )


STUDIES.add(
    "gatech_kpcam",
    Recipe(
        name="gatech_kpcam",
        title="ImageNet networks on Kaggle's PatchCamelyon, and their vote",
        source="Metastatic cancer detection on kPCam with six ImageNet CNNs and a vote ensemble (2023)",
        data="kpcam",
        configs=(
            *_with_and_without("resnet50"),
            *_with_and_without("efficientnet_b0"),
            *_with_and_without("xception"),
            NamedConfig("efficientnet_b7", _run("efficientnet_b7"), "The largest; the report gives no result for it."),
            NamedConfig("googlenet", _googlenet(), "GoogLeNet, ten epochs frozen and ten unfrozen, one sigmoid."),
            NamedConfig("vgg16", _vgg16(), "VGG16 with the settings of the report's table."),
            NamedConfig(
                "vgg16, frozen", _vgg16(backbone="frozen"), "The same with all but the head frozen, to be compared."
            ),
            NamedConfig(
                "vgg16, as in the text",
                _run("vgg16", {**_COMMON, "epochs": 25}, augment=_KERAS, options=_DENSE_AFTER_POOL),
                "VGG16 with the settings of the report's text: cross entropy, smoothing, two learning rates.",
            ),
            NamedConfig("densenet201", _run("densenet201", options=_DENSE), "DenseNet201 with all layers trained."),
            NamedConfig(
                "densenet201, frozen",
                _run(
                    "densenet201",
                    {**_COMMON, "backbone": "frozen", "backbone_learning_rate": None},
                    options=_DENSE,
                ),
                "DenseNet201 with all but the head frozen, to be compared.",
            ),
            NamedConfig(
                "googlenet, centre 64",
                _googlenet(crop=64, resize=224),
                "Is the centre enough? The central 64 pixels, enlarged to 224.",
            ),
            NamedConfig(
                "xception, centre 32",
                _run("xception", crop=32, resize=96, interpolation="nearest"),
                "Is the centre enough? The central 32 pixels, each repeated three times a side.",
            ),
        ),
        chosen=("resnet50", "efficientnet_b0"),
        sweeps=(
            Sweep(
                "Random search of VGG16",
                "vgg16",
                {
                    "train.learning_rate": SweepField(low=1e-5, high=1e-2, log=True),
                    "model.options.dropout": SweepField(low=0.1, high=0.6),
                },
            ),
        ),
        reported={
            "resnet50": (
                _auroc(0.8977, words.TABLES, "test AUROC with augmentation"),
                _auroc(0.836, f"{words.TABLES}; {words.LABELS}"),
            ),
            "resnet50, not augmented": (_auroc(0.836, "", "test AUROC"),),
            "efficientnet_b0": (_auroc(0.9075, "", "test AUROC with augmentation"), _auroc(0.9075)),
            "efficientnet_b0, not augmented": (_auroc(0.8648, "", "test AUROC"),),
            "xception": (_auroc(0.8497, "", "test AUROC with augmentation"), _auroc(0.8497)),
            "xception, not augmented": (_auroc(0.8396, "", "test AUROC"),),
            "googlenet": numbers(
                {
                    "AUROC in the competition": "not scored on the whole patch",
                    "validation": "scored by an F measure, not given",
                }
            ),
            "googlenet, centre 64": (
                _auroc(0.8597),
                Reported("share of labels that change in a turned random crop", 0.05, words.TURNED),
            ),
            "vgg16": (
                _auroc(0.8549),
                Reported("validation loss", 0.5159, beside=Beside("loss")),
                Reported("validation accuracy", 0.8891, words.VGG16, Beside("accuracy")),
                Reported("best validation accuracy", 0.9145, words.VGG16, Beside("accuracy")),
                _auroc(0.9333, "", "validation AUROC"),
                Reported("validation precision", 0.89, beside=Beside("precision of class of interest")),
                Reported("validation recall", 0.8221, beside=Beside("recall of class of interest")),
                Reported("validation accuracy, unfrozen", 0.91, words.VGG16, Beside("accuracy")),
            ),
            "vgg16, frozen": (Reported("validation accuracy", 0.81, beside=Beside("accuracy")),),
            "densenet201": (_auroc(0.8219), Reported("validation accuracy", 0.9052, beside=Beside("accuracy"))),
            "xception, centre 32": numbers(
                {
                    "finding": "predictions on the unlabelled competition test set are called inconsistent with cancer "
                    "pixels lying in the centre 32 x 32; human error, or Xception failing to extract features from "
                    "these pixels, are offered as reasons"
                }
            ),
            "majority vote": (Reported("AUROC in the competition", 0.89, words.VOTE),),
            "a CNN on melanoma, cited": tuple(
                Reported(measure, value, words.MELANOMA)
                for measure, value in (("sensitivity", 0.76), ("specificity", 0.60), ("accuracy", 0.68))
            ),
            "11 pathologists on melanoma, cited": tuple(
                Reported(measure, value, words.MELANOMA)
                for measure, value in (("sensitivity", 0.518), ("specificity", 0.665), ("accuracy", 0.592))
            ),
        },
        facts=words.FACTS,
        doubts=words.DOUBTS,
        ours=words.OURS,
    ),
)
