"""Inception v3, All-CNN and group-equivariant networks on PatchCamelyon (2019)."""

from __future__ import annotations

from typing import Any

from histo_core.config import (
    AugmentConfig,
    DataConfig,
    ModelConfig,
    Option,
    PreprocessConfig,
    RunConfig,
    SplitConfig,
)
from histo_core.config.train import TrainConfig
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.studies.recipes import STUDIES, Beside, NamedConfig, Recipe, Reported, numbers
from histo_core.studies.words import pcam_gcnn as words

_MEAN, _STD = (0.700, 0.542, 0.692), (0.237, 0.280, 0.223)
"""Of 6,000 patches of the training set."""

_INCEPTION: dict[str, Any] = {
    "epochs": 24,
    "batch_size": 64,  # 200 at first, reduced in 3.3.1
    "learning_rate": 0.1,
    "momentum": 0.9,
    "backbone": "frozen",
    "schedule": "step",
    "step_epochs": 4,
    "step_factor": 0.16,
}
_RMSPROP: dict[str, Any] = {"optimizer": "rmsprop", "epsilon": 1.0}
_NESTEROV: dict[str, Any] = {"optimizer": "sgd", "nesterov": True}
_CYCLIC: dict[str, Any] = {
    "epochs": 24,
    "optimizer": "rmsprop",
    "momentum": 0.9,
    "epsilon": 1e-7,
    "schedule": "cyclic",
    "cycle_steps": 2000,
    "cycle_low": 0.01,
}
_FINAL: dict[str, Any] = {
    "epochs": 100,
    "optimizer": "adam",
    "schedule": "step",
    "step_epochs": 20,
    "step_factor": 0.1,
}
_SIX_LAYERS: dict[str, Any] = {
    "epochs": 24,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "schedule": "step",
    "step_epochs": 4,
    "step_factor": 0.16,
}
_TWICE: dict[str, Any] = {"loss_on": "probabilities"}
"""A softmax before the loss's own, which the report prints for the All-CNN only."""
_TOO_STRONG: dict[str, Any] = {"weight_decay": 0.9}
_FINAL_PRINTED: dict[str, Any] = {
    **_FINAL,
    "learning_rate": 0.05,
    "loss_sum": True,
    "schedule_every": "step",
}


def _inception(augment: AugmentConfig, *settings: dict[str, Any]) -> RunConfig:
    train = {name: value for changes in (_INCEPTION, *settings) for name, value in changes.items()}
    return RunConfig(
        data=DataConfig(dataset="pcam"),
        split=SplitConfig(method="auto"),
        preprocess=PreprocessConfig(resize=299),
        augment=augment,
        model=ModelConfig(name="inception_v3", weights="imagenet"),
        train=TrainConfig(**train),
    )


def _scratch(name: str, augment: str, train: dict[str, Any], **options: Option) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="pcam"),
        split=SplitConfig(method="auto"),
        preprocess=PreprocessConfig(mean=_MEAN, std=_STD),
        augment=PRESETS["none" if augment == "none" else f"pcam_gcnn_{augment}"],
        model=ModelConfig(name=name, options=dict(options)),
        train=TrainConfig(**{"batch_size": 64, **train}),
    )


def _both(name: str, note: str, ours: RunConfig, printed: RunConfig, literal: str) -> tuple[NamedConfig, NamedConfig]:
    return (
        NamedConfig(name, ours, note),
        NamedConfig(f"{name}, as printed", printed, f"The same {literal}.", as_printed=True),
    )


def _cyclic(
    name: str, network: str, note: str, *, softmax: bool = False, **options: Option
) -> tuple[NamedConfig, NamedConfig]:
    printed = {**_CYCLIC, **_TOO_STRONG, **(_TWICE if softmax else {}), "learning_rate": 0.1}
    return _both(
        name,
        note,
        _scratch(network, "scratch", {**_CYCLIC, "learning_rate": 0.001}, **options),
        _scratch(network, "scratch", printed, **options),
        f"with {'the softmax doubled, ' if softmax else ''}a weight decay of 0.9 and learning rates up to 0.1",
    )


STUDIES.add(
    "pcam_gcnn",
    Recipe(
        name="pcam_gcnn",
        title="Inception v3 and group-equivariant networks on PatchCamelyon",
        source="Inception v3, All-CNN and P4 group-equivariant CNN on PCam (2019)",
        data="pcam",
        configs=(
            *_both(
                "gcnn",
                "Six layers over quarter turns at half the channels, then two linear ones over the whole map.",
                _scratch("gcnn", "final", {**_FINAL, "learning_rate": 0.001}, width=0.5),
                _scratch("gcnn", "final", _FINAL_PRINTED, width=0.5),
                "with losses summed and a rate of 0.05 that falls tenfold every 20 batches",
            ),
            *_both(
                "inception_1",
                "Inception v3 from ImageNet, frozen, with RMSprop.",
                _inception(PRESETS["none"], _RMSPROP, {"alpha": 0.9}),
                _inception(PRESETS["none"], _RMSPROP, _TOO_STRONG),
                "with a weight decay of 0.9",
            ),
            *_both(
                "inception_2",
                "Inception v3 from ImageNet, frozen, with Nesterov's momentum and augmentation.",
                _inception(PRESETS["pcam_gcnn_inception_2"], _NESTEROV, {"learning_rate": 0.01}),
                _inception(PRESETS["pcam_gcnn_inception_2"], _NESTEROV, _TOO_STRONG),
                "with a weight decay of 0.9 and a rate of 0.1",
            ),
            *_cyclic(
                "all_cnn",
                "all_cnn",
                "Seventeen convolutions without a pool, a leaky ReLU after each.",
                softmax=True,
                init="glorot",
                last_activation=True,
            ),
            NamedConfig(
                "all_cnn, kaiming",
                _scratch(
                    "all_cnn",
                    "scratch",
                    {**_CYCLIC, "learning_rate": 0.001},
                    init="kaiming",
                    last_activation=True,
                ),
                "The same from the initial weights that were tried later.",
            ),
            *_cyclic(
                "all_gcnn, 17 layers",
                "all_gcnn",
                "All-CNN over quarter turns, every channel a field of four: for a GPU with very much memory.",
                width=2.0,
                init="glorot",
                last_activation=True,
            ),
            *_cyclic(
                "all_gcnn, 9 layers",
                "all_gcnn",
                "The same reduced to nine layers for want of memory.",
                layers=9,
                width=2.0,
                init="glorot",
                last_activation=True,
            ),
            *_cyclic(
                "gcnn, first settings",
                "gcnn",
                "The six layers at full width, trained as the All-CNNs were.",
                width=1.0,
            ),
            NamedConfig(
                "gcnn, 24 epochs",
                _scratch("gcnn", "none", _SIX_LAYERS, width=1.0, init="kaiming"),
                "The six layers of figures 14 and 15: Kaiming's initial weights, Adam, steps, no augmentation.",
            ),
            NamedConfig(
                "p4m_densenet",
                _scratch("p4m_densenet", "final", {**_FINAL, "learning_rate": 0.001}),
                "What the authors wished to try next: a DenseNet over quarter turns and mirroring.",
            ),
        ),
        chosen=("gcnn", "inception_1"),
        reported={
            "gcnn": (
                Reported("accuracy", 0.50, words.HALF, Beside("accuracy", "test", runs=("gcnn, as printed",))),
                Reported("accuracy on CIFAR10", 0.64, words.CIFAR10),
                *numbers({"hours an epoch, before": 2.5, "hours an epoch, after": 0.5}),
            ),
            "gcnn, 24 epochs": (Reported("accuracy", 0.50, words.HALF, Beside("accuracy")),),
            "all_cnn": numbers({"hours an epoch": 2}),
            **{
                name: (
                    Reported(
                        "accuracy of the best epoch", best, beside=Beside("accuracy", runs=(f"{name}, as printed",))
                    ),
                    Reported("test AUROC", auc, words.WINNER, Beside("auroc", "test", runs=(f"{name}, as printed",))),
                )
                for name, best, auc in (("inception_1", 0.8149, 0.87), ("inception_2", 0.7812, 0.85))
            },
            "inception v3": numbers({"minutes an epoch, frozen": 20, "minutes an epoch, all trained": 60}),
            "p4m_densenet": (
                Reported("accuracy, cited", 0.898, beside=Beside("accuracy", "test")),
                Reported("AUROC, cited", 0.96, words.OWN_PAGE, Beside("auroc", "test")),
            ),
        },
        facts=words.FACTS,
        doubts=words.DOUBTS,
        ours=words.OURS,
        wished=words.WISHED,
    ),
)
