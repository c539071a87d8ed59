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
from histo_core.config_protocol import SweepField
from histo_core.config_train import TrainConfig
from histo_core.data.transforms.augment_presets import PRESETS
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import STUDIES, NamedConfig, Recipe, Sweep, numbers

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
    return _run("vgg16", {**_VGG16_TABLE, **train}, augment=_KERAS, output="sigmoid", options=_DENSE)


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
                _run("vgg16", {**_COMMON, "epochs": 25}, augment=_KERAS, options=_DENSE),
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
            "resnet50": numbers({"AUROC with augmentation": 0.8977, "AUROC in the competition": 0.836}),
            "resnet50, not augmented": numbers({"AUROC": 0.836}),
            "efficientnet_b0": numbers({"AUROC with augmentation": 0.9075, "AUROC in the competition": 0.9075}),
            "efficientnet_b0, not augmented": numbers({"AUROC": 0.8648}),
            "xception": numbers({"AUROC with augmentation": 0.8497, "AUROC in the competition": 0.8497}),
            "xception, not augmented": numbers({"AUROC": 0.8396}),
            "googlenet": numbers(
                {"AUROC in the competition": 0.8597, "validation": "scored by an F measure, not given"}
            ),
            "vgg16": numbers(
                {
                    "AUROC in the competition": 0.8549,
                    "validation loss": 0.5159,
                    "validation accuracy": 0.8891,
                    "best validation accuracy": 0.9145,
                    "validation AUROC": 0.9333,
                    "validation precision": 0.89,
                    "validation recall": 0.8221,
                    "validation accuracy, unfrozen": 0.91,
                }
            ),
            "vgg16, frozen": numbers({"validation accuracy": 0.81}),
            "densenet201": numbers({"AUROC in the competition": 0.8219, "validation accuracy": 0.9052}),
            "googlenet, centre 64": numbers({"share of labels that change in a turned random crop": 0.05}),
            "xception, centre 32": numbers(
                {"finding": "does not agree with the labels: human error, or features that the centre lacks"}
            ),
            "majority vote": numbers({"AUROC in the competition": 0.89}),
            "a CNN on melanoma, cited": numbers({"sensitivity": 0.76, "specificity": 0.60, "accuracy": 0.68}),
            "11 pathologists on melanoma, cited": numbers(
                {"sensitivity": 0.518, "specificity": 0.665, "accuracy": 0.592}
            ),
        },
        doubts=(
            "ResNet50 with augmentation has 0.8977 in one table and 0.836 in another, which is the figure without.",
            "VGG16 is described with cross entropy, smoothing and rates of 0.0005 and 0.005 in the text, with binary "
            "cross entropy and 0.0001 in its table; its validation accuracy is 0.8891 and 0.9145; 8,000 steps of 64 "
            "are three times the training set.",
            "A 'ResNet-52' is named, which does not exist. EfficientNet-B7 has no result.",
            "The competition's scores may come from submitted labels instead of probabilities.",
            "A vote of labels throws the probabilities away, which costs AUROC; their mean was not tried.",
        ),
        ours=(
            "Choices are made on the validation part, and AUROC always comes from probabilities; the competition's "
            "test images have no labels here, so no test part is cut.",
            "The ranges of jitter and rotation, the input size (patches as they are, 96 pixels), the batch size beside "
            "VGG16's 64 and, between 10 and 25, the epochs (10) are not given for most networks.",
            "An epoch is one pass over the training part and one over the validation part: VGG16's 8,000 and 2,000 "
            "steps are not repeated. The ranges of its random search are not given either.",
            "A vote of labels is to be read next to the mean of the probabilities.",
            "The rate of DenseNet201's one dropout layer is VGG16's 0.3. GoogLeNet's binary cross entropy is not "
            "smoothed.",
        ),
    ),
)
