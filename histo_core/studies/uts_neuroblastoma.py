"""Five grades of neuroblastoma with ResNet34 from scratch (2019)."""

from __future__ import annotations

from typing import Literal

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig
from histo_core.config.protocol import Metric, ProtocolConfig, SweepValue
from histo_core.config.train import TrainConfig
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.studies.recipes import (
    STUDIES,
    Beside,
    NamedConfig,
    Protocol,
    Recipe,
    Reported,
    ReportedConfusion,
    Sweep,
    by_class,
    numbers,
)
from histo_core.studies.words import uts_neuroblastoma as words

_CLASSES = ("DNB", "GN", "GNB", "PDNB", "UDNB")
_TESTED = {"DNB": 37, "GN": 16, "GNB": 9, "PDNB": 114, "UDNB": 31}
_MATRICES = {
    "dropout 0": ((28, 0, 1, 8, 0), (0, 15, 1, 0, 0), (0, 4, 5, 0, 0), (2, 0, 0, 110, 2), (0, 0, 0, 2, 29)),
    "dropout 0.25": ((33, 0, 0, 4, 0), (0, 15, 1, 0, 0), (0, 1, 8, 0, 0), (17, 0, 0, 87, 10), (0, 0, 0, 1, 30)),
    "dropout 0.5": ((21, 1, 0, 15, 0), (0, 15, 1, 0, 0), (0, 3, 6, 0, 0), (2, 0, 0, 110, 2), (0, 0, 0, 3, 28)),
    "dropout 0.75": ((28, 0, 2, 7, 0), (0, 15, 1, 0, 0), (0, 3, 6, 0, 0), (2, 0, 0, 105, 3), (0, 0, 0, 2, 29)),
    "L1": ((32, 0, 1, 4, 0), (0, 15, 1, 0, 0), (1, 0, 8, 0, 0), (14, 0, 0, 85, 15), (0, 0, 0, 0, 31)),
    "L2": ((36, 0, 1, 0, 0), (0, 13, 3, 0, 0), (0, 0, 9, 0, 0), (20, 0, 0, 83, 11), (0, 0, 0, 0, 31)),
    "final": ((33, 0, 0, 4, 0), (0, 15, 1, 0, 0), (0, 2, 7, 0, 0), (10, 0, 0, 92, 12), (0, 0, 0, 0, 31)),
    "last": ((25, 0, 0, 12, 0), (0, 15, 1, 0, 0), (0, 3, 6, 0, 0), (4, 0, 0, 109, 1), (0, 0, 0, 0, 31)),
}


def _split(method: Literal["auto", "random"]) -> SplitConfig:
    return SplitConfig(method=method, valid=0.2, test=0.2)


def _run(split: SplitConfig, model: ModelConfig, backbone: Literal["trained", "frozen"] = "trained") -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="neuroblastoma"),
        split=split,
        preprocess=PreprocessConfig(resize=224),
        augment=PRESETS["uts_neuroblastoma"],
        model=model,
        train=TrainConfig(
            epochs=50,
            batch_size=32,
            optimizer="sgd",
            learning_rate=0.01,
            backbone=backbone,
            balance="enlarge",
            enlarge_to=600,
        ),
    )


_RESNET34 = ModelConfig(name="resnet34", options={"dropout": 0.0})
_BY_IMAGE = "resnet34, split by image"
_SLOW = {"train.learning_rate": (0.001,)}
_CHOSEN_BY: Metric = "valid_accuracy"
"""The sweeps' F1 is the micro average, which is the accuracy; the report's test set is our validation set."""
_KERAS_L2 = 2 * 0.0001
"""Keras adds l2 * w^2 to the loss, whose gradient is 2 * l2 * w; a weight decay adds itself times w."""
_DROPOUT, _OPTIMISER, _L1, _L2 = "Dropout", "Optimiser", "L1 penalty", "L2 penalty"
_SPLITS = ProtocolConfig(kind="repeats", repeats=10, new="splits")
_TEN, _TEN_BY_IMAGE = "Ten splits by patient", "Ten splits by image"


def _tried(field: str, rows: dict[SweepValue, tuple[float, str]]) -> tuple[Reported, ...]:
    """The F1 that a sweep is reported to reach at each value, with its doubt."""
    word = {"model.options.dropout": "at dropout", "train.optimizer": "with"}[field]
    return tuple(
        Reported(f"F1 {word} {tried}", value, doubt, Beside("accuracy", changes={field: tried}))
        for tried, (value, doubt) in rows.items()
    )


def _penalty(field: str, tried: float, name: str) -> Reported:
    return Reported(f"F1 with an {name}", 0.83, words.MICRO, Beside("accuracy", changes={field: tried}))


STUDIES.add(
    "uts_neuroblastoma",
    Recipe(
        name="uts_neuroblastoma",
        title="ResNet34 on five grades of neuroblastoma",
        source="Five grades of neuroblastoma with ResNet34 from scratch (2019)",
        data="neuroblastoma",
        configs=(
            NamedConfig(
                "resnet34",
                _run(_split("auto"), _RESNET34),
                "ResNet34 from scratch, every class enlarged to 600; by patient where patients are known.",
            ),
            NamedConfig(
                _BY_IMAGE,
                _run(_split("random"), _RESNET34),
                "The same with crops of one patient on both sides, as in the report: compare the two.",
            ),
            NamedConfig(
                "resnet50, frozen",
                _run(_split("auto"), ModelConfig(name="resnet50", weights="imagenet"), "frozen"),
                "ResNet50 from ImageNet, of which only the classifier is trained.",
            ),
        ),
        chosen=("resnet34", _BY_IMAGE),
        sweeps=tuple(
            Sweep(name, "resnet34", fields, _CHOSEN_BY)
            for name, fields in (
                ("Epochs", {"train.epochs": (50, 100, 150, 200), **_SLOW}),
                (_DROPOUT, {"model.options.dropout": (0.0, 0.25, 0.5, 0.75), **_SLOW}),
                (_OPTIMISER, {"train.optimizer": ("sgd", "rmsprop", "adagrad", "adam"), **_SLOW}),
                (_L1, {"train.l1": (0.0, 0.0001)}),
                (_L2, {"train.weight_decay": (0.0, _KERAS_L2)}),
                ("Learning rate", {"train.learning_rate": (0.01, 0.005, 0.001, 0.0001)}),
            )
        ),
        protocols=(Protocol(_TEN, "resnet34", _SPLITS), Protocol(_TEN_BY_IMAGE, _BY_IMAGE, _SPLITS)),
        reported={
            "resnet34": (
                *by_class(
                    {
                        "DNB": (0.93, 0.76, 0.84),
                        "GN": (0.79, 0.94, 0.86),
                        "GNB": (0.71, 0.56, 0.63),
                        "PDNB": (0.92, 0.96, 0.94),
                        "UDNB": (0.94, 0.94, 0.94),
                        "micro average": (0.90, 0.90, 0.90),
                        "macro average": (0.86, 0.83, 0.84),
                        "weighted average": (0.90, 0.90, 0.90),
                    },
                    words.TABLE,
                    (_BY_IMAGE,),
                ),
                *numbers({f"test images of {name}": images for name, images in _TESTED.items()}),
                Reported("test images in all", sum(_TESTED.values())),
            ),
            "resnet34, its worst table": tuple(
                Reported(one.measure, one.value, words.WORST_TABLE)
                for one in by_class(
                    {
                        "DNB": (0.49, 0.95, 0.64),
                        "GN": (0.60, 0.38, 0.46),
                        "GNB": (0.00, 0.00, 0.00),
                        "PDNB": (0.96, 0.77, 0.85),
                        "UDNB": (0.90, 0.90, 0.90),
                        "micro average": (0.76, 0.76, 0.76),
                        "macro average": (0.59, 0.60, 0.57),
                        "weighted average": (0.80, 0.76, 0.76),
                    }
                )
            ),
            "Epochs": numbers({"more epochs": "the loss is flat after 50"}),
            _DROPOUT: _tried(
                "model.options.dropout",
                {
                    0.0: (0.90, words.MICRO),
                    0.25: (0.84, words.QUARTER),
                    0.5: (0.87, words.MICRO),
                    0.75: (0.88, words.WORST_DROPOUT),
                },
            ),
            _OPTIMISER: _tried(
                "train.optimizer",
                {
                    "sgd": (0.90, words.SGD),
                    "rmsprop": (0.77, words.MICRO),
                    "adagrad": (0.69, words.MICRO),
                    "adam": (0.77, words.MICRO),
                },
            ),
            _L1: (_penalty("train.l1", 0.0001, _L1),),
            _L2: (_penalty("train.weight_decay", _KERAS_L2, _L2),),
            _TEN_BY_IMAGE: (
                *numbers(
                    {
                        f"F1 of split {number}": value
                        for number, value in enumerate(
                            (0.86, 0.89, 0.87, 0.86, 0.91, 0.87, 0.87, 0.87, 0.88, 0.90), start=1
                        )
                    }
                ),
                Reported("middle of the F1 interval", 0.885, words.MID_RANGE, Beside("accuracy", "test")),
                Reported("half the width of the F1 interval", 0.025, words.MID_RANGE),
                Reported("low end of GNB's F1", 0.63, words.GNB),
                Reported("high end of GNB's F1", 0.75, words.GNB),
            ),
            "resnet50, frozen": numbers(
                {"minutes an epoch, about": 10, "finding": "strong overfitting, so it was dropped"}
            ),
        },
        confusions=tuple(ReportedConfusion(f"resnet34, {name}", _CLASSES, rows) for name, rows in _MATRICES.items()),
        facts=words.FACTS,
        doubts=words.DOUBTS,
        ours=words.OURS,
        wished=words.WISHED,
    ),
)
