"""Which rule each fact of gatech_kpcam.yaml is held to."""

from __future__ import annotations

from study_facts import (
    EVERYWHERE,
    Rule,
    augment,
    config,
    every,
    networks,
    reported,
    sentence,
    spoken,
)

_RESNETS = ("resnet50", "efficientnet_b0", "xception")
RULES: dict[str, Rule] = EVERYWHERE | {
    "data.images": spoken("data:"),
    "data.split": spoken("for training", "for validation"),
    "data.competition_test": spoken("unlabelled tiff", "auroc", "submission csv"),
    "open": sentence,
    "models": networks,
    "heads.vgg16": spoken("vgg16", "dense layer of 512 after the final max pool", "dropout 0.3"),
    "heads.densenet201": spoken("densenet201", "dense layer of 512 after the final pool", "one dropout layer"),
    "training.resnet50_and_efficientnet_b0.epochs": config(_RESNETS[:2], "train.epochs"),
    "training.common": config(
        [*_RESNETS, "densenet201", "efficientnet_b7"],
        optimizer="train.optimizer",
        lr_backbone="train.backbone_learning_rate",
        lr_head="train.learning_rate",
        weight_decay="train.weight_decay",
        loss="train.loss",
        label_smoothing="train.label_smoothing",
    ),
    "training.common.epochs": spoken("training in common", "epochs"),
    "training.googlenet.loss": config(["googlenet", "googlenet, centre 64"], "train.loss"),
    "training.googlenet.schedule": every(
        sentence,
        lambda study, path, value: all(
            (train.backbone, train.unfreeze_after, train.epochs) == ("frozen", 10, 20)
            for train in (study.config(run).train for run in ("googlenet", "googlenet, centre 64"))
        ),
    ),
    "training.vgg16": config(
        ["vgg16"],
        epochs="train.epochs",
        batch_size="train.batch_size",
        lr="train.learning_rate",
        optimizer="train.optimizer",
        loss="train.loss",
        dropout="model.options.dropout",
    ),
    "training.vgg16.steps_train": spoken("vgg16", "steps of training"),
    "training.vgg16.steps_val": spoken("vgg16", "of validation"),
    "training.vgg16.search": every(sentence, lambda study, path, value: study.recipe.sweeps[0].member == "vgg16"),
    "training.densenet201": sentence,
    "augmentation.torch": sentence,
    "augmentation.vgg16": augment(
        ["vgg16"], rotation=40.0, shift=0.2, shear=0.2, zoom=0.2, flip_axes="left_right", flips=True, fill="nearest"
    ),
    "experiments": sentence,
    "experiments.augmentation_ablation": every(
        sentence,
        lambda study, path, value: all(
            study.config(run).augment != study.config(f"{run}, not augmented").augment for run in _RESNETS
        ),
    ),
    "experiments.frozen_against_full": every(
        sentence,
        lambda study, path, value: all(
            (study.config(run).train.backbone, study.config(f"{run}, frozen").train.backbone) == ("trained", "frozen")
            for run in ("vgg16", "densenet201")
        ),
    ),
    "reported.test_auroc_augmentation": lambda study, path, value: reported(
        path.split(".")[-2] + ("" if path.endswith("with") else ", not augmented"),
        "test AUROC with augmentation" if path.endswith(".with") else "test AUROC",
    )(study, path, value),
    "reported.competition_auroc": lambda study, path, value: reported(
        {"googlenet_centre_64": "googlenet, centre 64", "majority_vote": "majority vote"}.get(
            path.split(".")[-1], path.split(".")[-1]
        ),
        "AUROC in the competition",
    )(study, path, value),
    "reported.vgg16_validation": reported(
        "vgg16",
        loss="validation loss",
        accuracy="validation accuracy",
        auc="validation AUROC",
        precision="validation precision",
        recall="validation recall",
        best_accuracy="best validation accuracy",
        unfrozen_accuracy="validation accuracy, unfrozen",
    ),
    "reported.vgg16_validation.frozen_accuracy": reported("vgg16, frozen", "validation accuracy"),
    "reported.densenet201_validation": reported("densenet201", "validation accuracy"),
    "reported.centre_bias_googlenet": reported(
        "googlenet, centre 64", "share of labels that change in a turned random crop"
    ),
    "reported.centre_bias_xception": reported("xception, centre 32", "finding"),
    "reported.googlenet": sentence,
    "reported.cnn_elsewhere": lambda study, path, value: reported("a CNN on melanoma, cited", path.rpartition(".")[2])(
        study, path, value
    ),
    "reported.pathologists_elsewhere": lambda study, path, value: reported(
        "11 pathologists on melanoma, cited", path.rpartition(".")[2]
    )(study, path, value),
}
