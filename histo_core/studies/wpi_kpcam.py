"""Metastasis classification on Kaggle's PatchCamelyon with a small CNN-RNN (2021)."""

from __future__ import annotations

from histo_core.config import DataConfig, ModelConfig, PredictConfig, PreprocessConfig, RunConfig, SplitConfig
from histo_core.config.protocol import Metric, ProtocolConfig
from histo_core.config.train import TrainConfig
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.studies.recipes import STUDIES, Beside, NamedConfig, Protocol, Recipe, Reported, Sweep, numbers
from histo_core.studies.words import wpi_kpcam as words

TRAINED, CHOOSING, HELD_OUT = 4_000, 1_000, 3_000
"""Patches: trained on at one time, of the fold that chooses, and held out."""
FOLDS = 5

_ALL = TRAINED + CHOOSING + HELD_OUT
_SPLIT = SplitConfig(method="random", subset=_ALL, test=HELD_OUT / _ALL, folds=FOLDS, hold_out=True)
_AS_IT_IS = PredictConfig(parts=("valid",))
_VOTE = PredictConfig(parts=("valid",), tta="flips", combine="vote")


def _small(name: str, predict: PredictConfig = _AS_IT_IS, *, as_printed: bool = False) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="kpcam"),
        split=_SPLIT,
        preprocess=PreprocessConfig(crop=32),
        augment=PRESETS["wpi_kpcam"],
        model=ModelConfig(
            name=name,
            output="sigmoids" if as_printed else "softmax",
            options={"activation": "relu", "dropout": (0.2, 0.1, 0.0), "extra_linear": False},
        ),
        train=TrainConfig(
            epochs=30, batch_size=64, learning_rate=1e-4, loss_on="probabilities" if as_printed else "logits"
        ),
        predict=predict,
    )


def _resnet50(predict: PredictConfig = _AS_IT_IS) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="kpcam"),
        split=_SPLIT,
        preprocess=PreprocessConfig(resize=224),
        augment=PRESETS["wpi_kpcam"],
        model=ModelConfig(name="resnet50", weights="imagenet", output="sigmoid"),
        train=TrainConfig(epochs=10, batch_size=64, learning_rate=1e-4, loss="binary_cross_entropy"),
        predict=predict,
    )


RATES = "Learning rate, 20 epochs"
_CHOSEN_BY: Metric = "valid_accuracy"
"""The study's criterion is test accuracy, of what is our validation set."""
_DROPOUTS = ((0.5, 0.2, 0.0), (0.5, 0.2, 0.1), (0.5, 0.5, 0.2), (0.2, 0.1, 0.0), (0.2, 0.2, 0.1), (0.1, 0.1, 0.0))

STUDIES.add(
    "wpi_kpcam",
    Recipe(
        name="wpi_kpcam",
        title="Small CNN-RNN on Kaggle's PatchCamelyon",
        source="Metastasis classification and localisation on kPCam with CNN-RNN and ResNet50 (2021)",
        data="kpcam",
        configs=(
            NamedConfig("cnn_rnn", _small("cnn_rnn"), "Three convolutions, read in raster order by a recurrent layer."),
            NamedConfig("cnn_narrow", _small("cnn_narrow"), "The baseline: the same convolutions without it."),
            NamedConfig("cnn_wide", _small("cnn_wide"), "The wider baseline."),
            NamedConfig("resnet50_transfer", _resnet50(), "ResNet50 from ImageNet, one output through a sigmoid."),
            NamedConfig(
                "cnn_narrow, votes of flips",
                _small("cnn_narrow", _VOTE),
                "The baseline, which predicts each patch and its two mirror images; most votes win.",
            ),
            NamedConfig(
                "resnet50_transfer, votes of flips", _resnet50(_VOTE), "ResNet50 with the same votes of three views."
            ),
            *(
                NamedConfig(
                    f"{name}, as printed",
                    _small(name, as_printed=True),
                    "Two sigmoids go into the cross entropy, which takes them for logits.",
                    as_printed=True,
                )
                for name in ("cnn_rnn", "cnn_narrow", "cnn_wide")
            ),
        ),
        chosen=("cnn_rnn", "cnn_narrow"),
        sweeps=(
            Sweep(
                RATES,
                "cnn_rnn",
                {"train.learning_rate": (0.0001, 0.001, 0.01, 0.1, 1.0), "train.epochs": (20,)},
                _CHOSEN_BY,
            ),
            Sweep(
                "Dropout, the same everywhere",
                "cnn_rnn",
                {"model.options.dropout": tuple((rate,) * 3 for rate in (0.0, 0.1, 0.2, 0.5))},
                _CHOSEN_BY,
            ),
            Sweep("Dropout, layer by layer", "cnn_rnn", {"model.options.dropout": _DROPOUTS}, _CHOSEN_BY),
            Sweep("Activation", "cnn_rnn", {"model.options.activation": ("relu", "leaky_relu")}, _CHOSEN_BY),
            Sweep("Extra linear layer", "cnn_rnn", {"model.options.extra_linear": (False, True)}, _CHOSEN_BY),
        ),
        protocols=(Protocol("Five folds", "cnn_rnn", ProtocolConfig(kind="folds", folds=FOLDS, metric=_CHOSEN_BY)),),
        reported={
            "cnn_rnn": (
                Reported("best fold", 5),
                Reported("training accuracy of the best fold", 0.8089, words.FOLD),
                Reported("test accuracy of the best fold", 0.8284, words.FOLD, Beside("accuracy")),
                Reported("held-out accuracy", 0.8132, words.HELD_OUT, Beside("accuracy", "test")),
                Reported("training time in minutes", 14),
            ),
            RATES: (
                Reported(
                    "accuracy at the best learning rate, 0.0001",
                    0.8092,
                    beside=Beside("accuracy", changes={"train.learning_rate": 0.0001}),
                ),
                Reported("accuracy at high learning rates", "stays near 0.50"),
            ),
            "best plain CNN": (
                Reported("test accuracy", 0.6066, words.PLAIN, Beside("accuracy", runs=("cnn_narrow", "cnn_wide"))),
            ),
            "resnet50_transfer": (
                Reported("test accuracy", 0.80, "its learning rate is not given", Beside("accuracy")),
                Reported("training time in minutes", 120),
            ),
            "votes of flips": numbers({"finding": "no clear change"}),
        },
        facts=words.FACTS,
        doubts=words.DOUBTS,
        ours=words.OURS,
    ),
)
