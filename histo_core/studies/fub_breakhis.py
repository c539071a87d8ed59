"""Benign or malignant on BreaKHis with three residual networks (2022)."""

from __future__ import annotations

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig
from histo_core.config_train import TrainConfig
from histo_core.data.transforms.augment_presets import PRESETS
from histo_core.studies.recipes import (
    STUDIES,
    NamedConfig,
    Recipe,
    Reported,
    ReportedConfusion,
    Sweep,
    by_class,
    numbers,
)

_MEAN, _STD = (0.805, 0.653, 0.782), (0.129, 0.181, 0.116)
"""Of 197 of the images at 200X, from 33 patients."""
_TABLE = ("precision", "recall", "F1")
_CLASSES = ("benign", "malignant")


def _run(name: str, epochs: int, learning_rate: float = 0.0005) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="breakhis", options={"magnification": 200}),
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


def _reported(benign: tuple[float, ...], malignant: tuple[float, ...], mean: tuple[float, ...]) -> tuple[Reported, ...]:
    return by_class(_TABLE, {"benign": benign, "malignant": malignant, "both, weighted": mean})


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
                "resnet18, rate of the text",
                _run("resnet18", 15, learning_rate=0.005),
                "ResNet18 with the learning rate that the report's text names, ten times its table's.",
            ),
        ),
        chosen=("resnet18", "resnext50_32x4d", "wide_resnet50_2"),
        sweeps=(Sweep("Learning rate", "resnet18", {"train.learning_rate": (0.0005, 0.005, 0.1)}),),
        reported={
            "resnet18": (
                *_reported((0.83, 0.71, 0.76), (0.89, 0.94, 0.92), (0.87, 0.88, 0.87)),
                *numbers({"accuracy": 0.87}),
            ),
            "resnext50_32x4d": _reported((0.76, 0.68, 0.72), (0.88, 0.92, 0.90), (0.85, 0.85, 0.85)),
            "wide_resnet50_2": _reported((0.51, 0.82, 0.63), (0.91, 0.69, 0.78), (0.80, 0.73, 0.74)),
        },
        confusions=(
            ReportedConfusion("resnet18", _CLASSES, ((119, 49), (25, 404))),
            ReportedConfusion("resnext50_32x4d", _CLASSES, ((115, 53), (36, 393))),
            ReportedConfusion("wide_resnet50_2", _CLASSES, ((138, 30), (134, 295))),
        ),
        doubts=(
            "The report prints 652 benign images at 40X; 625 is what its other figures add up to.",
            "The learning rate is 0.0005 in the table and 0.005 in the text that compares it with 0.1.",
            "ResNet18's accuracy is given as 87%; its matrix says 523 of 597, which is 0.876.",
            "Benign images are the smaller class and left so. Only scores by image are given, which differ from those "
            "by patient.",
            "The curves suggest that epochs were judged on the part that is reported as test.",
        ),
        ours=(
            "Three tenths of the patients are the test part, touched once, and epochs are chosen on other patients. "
            "For the report's own test part, put dsfold2.txt into the data's folder and choose the published fold 2.",
            "Scores are by image; their intervals draw whole patients.",
            "The one dropout layer stands behind the layer of 256, and the schedule's factor is 0.9 an epoch: neither "
            "is given.",
            "The mean and SD are those of 197 of the images at 200X; the whole frame is squeezed to 224 x 224.",
            "What the authors wished for is a setting away: all magnifications (0), a test share of 0.2, class balance "
            "and a sweep of the learning rate.",
        ),
    ),
)
