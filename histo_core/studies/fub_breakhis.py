"""Benign or malignant on BreaKHis with three residual networks (2022)."""

from __future__ import annotations

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig
from histo_core.config.train import TrainConfig
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.studies.recipes import (
    STUDIES,
    Beside,
    NamedConfig,
    Recipe,
    Reported,
    ReportedConfusion,
    Sweep,
    by_class,
)
from histo_core.studies.words import fub_breakhis as words

_MEAN, _STD = (0.805, 0.653, 0.782), (0.129, 0.181, 0.116)
"""Of 197 of the images at 200X, from 33 patients."""
_FOLD = 2
"""Of the five published ones; it holds 168 benign and 429 malignant images for test."""
_OTHER_RATE = "resnet18, rate of the text"
_Rates = tuple[float, float, float]
_CLASSES = ("benign", "malignant")


def _run(name: str, epochs: int, learning_rate: float = 0.0005) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="breakhis", options={"magnification": 200, "fold": _FOLD}),
        split=SplitConfig(method="auto", valid=0.15, test=0.3),
        preprocess=PreprocessConfig(resize=224, mean=_MEAN, std=_STD),
        augment=PRESETS["fub_breakhis"],
        model=ModelConfig(name=name, weights="imagenet", options={"head": "dense_256_100", "dropout": 0.4}),
        train=TrainConfig(
            epochs=epochs,
            batch_size=32,
            optimizer="adamax",
            learning_rate=learning_rate,
            schedule="exponential",
            epoch_factor=0.9,
        ),
    )


def _reported(benign: _Rates, malignant: _Rates, mean: _Rates, runs: tuple[str, ...] = ()) -> tuple[Reported, ...]:
    return by_class({"benign": benign, "malignant": malignant, "weighted average": mean}, runs=runs)


STUDIES.add(
    "fub_breakhis",
    Recipe(
        name="fub_breakhis",
        title="Three residual networks on BreaKHis at 200X",
        source="Benign or malignant on BreaKHis 200X with three residual networks (2022)",
        data="breakhis",
        configs=(
            NamedConfig("resnet18", _run("resnet18", 15), "ResNet18 from ImageNet, all layers trained, 15 epochs."),
            NamedConfig("resnext50_32x4d", _run("resnext50_32x4d", 5), "ResNeXt50, the same for 5 epochs."),
            NamedConfig("wide_resnet50_2", _run("wide_resnet50_2", 5), "Wide ResNet50, the same for 5 epochs."),
            NamedConfig(
                _OTHER_RATE,
                _run("resnet18", 15, learning_rate=0.005),
                "ResNet18 with the learning rate that the report's text names, ten times its table's.",
            ),
        ),
        chosen=("resnet18", "resnext50_32x4d", "wide_resnet50_2"),
        sweeps=(Sweep("Learning rate", "resnet18", {"train.learning_rate": (0.0005, 0.005, 0.1)}),),
        reported={
            "resnet18": (
                *_reported((0.83, 0.71, 0.76), (0.89, 0.94, 0.92), (0.87, 0.88, 0.87), (_OTHER_RATE,)),
                Reported("accuracy", 0.87, words.ACCURACY, Beside("accuracy", "test", runs=(_OTHER_RATE,))),
            ),
            "resnext50_32x4d": _reported((0.76, 0.68, 0.72), (0.88, 0.92, 0.90), (0.85, 0.85, 0.85)),
            "wide_resnet50_2": _reported((0.51, 0.82, 0.63), (0.91, 0.69, 0.78), (0.80, 0.73, 0.74)),
        },
        confusions=(
            ReportedConfusion("resnet18", _CLASSES, ((119, 49), (25, 404))),
            ReportedConfusion("resnext50_32x4d", _CLASSES, ((115, 53), (36, 393))),
            ReportedConfusion("wide_resnet50_2", _CLASSES, ((138, 30), (134, 295))),
        ),
        facts=words.FACTS,
        doubts=words.DOUBTS,
        ours=words.OURS,
        wished=words.WISHED,
    ),
)
