"""Which rule each fact of wpi_kpcam.yaml is held to."""

from __future__ import annotations

from study_facts import (
    EVERYWHERE,
    Rule,
    channels,
    config,
    equal,
    reported,
    sentence,
    spoken,
    sweep,
)

RULES: dict[str, Rule] = EVERYWHERE | {
    "data": spoken("images"),
    "data.label": sentence,
    "data.validation": sentence,
    "preprocessing.crop": lambda study, path, value: (
        str(value).startswith("centre 32x32")
        and {study.config(run).preprocess.crop for run in ("cnn_rnn", "cnn_narrow", "cnn_wide")} == {32}
    ),
    "models.cnn_rnn": spoken("cnn-rnn", "convolutions"),
    "models.cnn_rnn.between": sentence,
    "models.cnn_rnn.conv_channels": equal(lambda study: channels(study, "cnn_rnn")),
    "models.cnn_rnn.dropout": config(["cnn_rnn"], "model.options.dropout"),
    "models.cnn_rnn.activation": config(["cnn_rnn"], "model.options.activation"),
    "models.cnn_rnn.open": sentence,
    "models.baseline_cnn_wide": spoken("plain cnns", "linear layer", "sigmoid"),
    "models.baseline_cnn_wide.conv_channels": equal(lambda study: channels(study, "cnn_wide")),
    "models.baseline_cnn_narrow": spoken("plain cnns", "linear layer", "sigmoid"),
    "models.baseline_cnn_narrow.conv_channels": equal(lambda study: channels(study, "cnn_narrow")),
    "models.resnet50_transfer": spoken("resnet50", "imagenet", "sigmoid"),
    "models.resnet50_transfer.weights": config(["resnet50_transfer"], "model.weights"),
    "training.cnn_rnn": config(
        ["cnn_rnn", "cnn_narrow", "cnn_wide"],
        loss="train.loss",
        optimizer="train.optimizer",
        lr="train.learning_rate",
        epochs="train.epochs",
    ),
    "training.resnet50_transfer": config(
        ["resnet50_transfer"],
        loss="train.loss",
        optimizer="train.optimizer",
        batch_size="train.batch_size",
        epochs="train.epochs",
    ),
    "sweeps.lr": sweep("Learning rate, 20 epochs", "train.learning_rate"),
    "sweeps.dropout_same": lambda study, path, value: (
        isinstance(value, list)
        and sweep("Dropout, the same everywhere", "model.options.dropout")(study, path, [[one] * 3 for one in value])
    ),
    "sweeps.dropout_triples": sweep("Dropout, layer by layer", "model.options.dropout"),
    "sweeps.activation": lambda study, path, value: value in study.recipe.sweeps[3].fields["model.options.activation"],
    "sweeps.extra_linear": sweep("Extra linear layer", "model.options.extra_linear"),
    "evaluation": sentence,
    "reported.cnn_rnn": reported(
        "cnn_rnn",
        best_fold="best fold",
        train_accuracy="training accuracy of the best fold",
        test_accuracy="test accuracy of the best fold",
        held_out_accuracy="held-out accuracy",
        minutes="training time in minutes",
    ),
    "reported.cnn_rnn.lr_sweep_best.lr": equal(
        lambda study: study.recipe.reported["Learning rate, 20 epochs"][0].beside.changes["train.learning_rate"]
    ),
    "reported.cnn_rnn.lr_sweep_best.accuracy": reported(
        "Learning rate, 20 epochs", "accuracy at the best learning rate, 0.0001"
    ),
    "reported.resnet50_transfer": reported(
        "resnet50_transfer", test_accuracy="test accuracy", minutes="training time in minutes"
    ),
    "reported.baseline_cnn_best": reported("best plain CNN", "test accuracy"),
    "reported.tta": reported("votes of flips", "finding"),
    "reported.high_lr": sentence,
}
