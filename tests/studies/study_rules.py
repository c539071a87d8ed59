"""Which rule each fact of each study's file is held to."""

from __future__ import annotations

from study_facts import (
    Rule,
    augment,
    channels,
    config,
    equal,
    every,
    layers,
    matrix,
    networks,
    rates,
    reported,
    sentence,
    spoken,
    sweep,
    table,
    whole_matrix,
)

_EVERYWHERE: dict[str, Rule] = {
    "study": equal(lambda study: study.recipe.name),
    "title": equal(lambda study: study.recipe.source),
    "data.dataset": equal(lambda study: study.recipe.data),
    "doubt": sentence,
    "ours": sentence,
}

_WPI: dict[str, Rule] = _EVERYWHERE | {
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

_SIZES = ("ResNet18", "Wide-ResNet50-2", "ResNeXt50-32x4d")
_FUB_RUNS = ("resnet18", "resnext50_32x4d", "wide_resnet50_2")
_FUB: dict[str, Rule] = _EVERYWHERE | {
    "data.magnification": config(_FUB_RUNS, "data.options.magnification"),
    "data.classes": spoken("benign (b)", "malignant (m)"),
    "data.subtypes": lambda study, path, value: spoken(*str(value).split("_"))(study, path, value),
    "data.counts": lambda study, path, value: spoken(
        f"at {path.rpartition('.')[2]}x" if "all" not in path else "in all"
    )(study, path, value),
    "data.split": sentence,
    "preprocessing": sentence,
    "augmentation": augment(_FUB_RUNS, flips=True, flip_axes="both", rotation=20.0),
    "models.networks": networks,
    "models.weights": spoken("imagenet", "all layers retrained"),
    "models.head": lambda study, path, value: spoken("the head is", str(value))(study, path, value),
    "models.open": sentence,
    "training": config(
        _FUB_RUNS,
        optimizer="train.optimizer",
        lr="train.learning_rate",
        batch_size="train.batch_size",
        scheduler="train.schedule",
        loss="train.loss",
    ),
    "training.epochs": config(_FUB_RUNS[1:], "train.epochs"),
    "training.epochs_resnet18": config(["resnet18"], "train.epochs"),
    "evaluation": sentence,
    "reported": rates,
    "reported.note": sentence,
    **{f"reported.{name}.confusion": matrix for name in _FUB_RUNS},
    "wished_for": sentence,
    "claimed_sizes": sentence,
    "ours.1": spoken("by image", "intervals by patient", "is not computed"),
}

_RESNETS = ("resnet50", "efficientnet_b0", "xception")
_GATECH: dict[str, Rule] = _EVERYWHERE | {
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

_INCEPTION_1, _INCEPTION_2 = "inception_1, as printed", "inception_2, as printed"
_CYCLIC = ("all_cnn, as printed", "all_gcnn, 17 layers, as printed", "gcnn, first settings, as printed")
_FINAL = "gcnn, as printed"
_PCAM: dict[str, Rule] = _EVERYWHERE | {
    "data.files": sentence,
    "data.images": spoken("patches for training", "for validation", "for test"),
    "data.tumor_patch": spoken("tumour", "tumor_patch"),
    "data.slides.pcam": spoken("slides of pcam"),
    "data.slides.camelyon16": spoken("slides of camelyon16"),
    "data.wsi_name": spoken("camelyon16_<split>_<label>_<number>"),
    "data.label": sentence,
    "data.resolution": sentence,
    "exploration": sentence,
    "preprocessing": sentence,
    "models.inception_v3": every(
        spoken("inception v3", "imagenet", "frozen", "auxiliary", "linear layer to 2"),
        lambda study, path, value: (
            {
                (one.model.weights, one.train.backbone, one.preprocess.resize)
                for one in (study.config("inception_1"), study.config(_INCEPTION_1), study.config(_INCEPTION_2))
            }
            == {("imagenet", "frozen", 299)}
        ),
    ),
    "models.all_cnn.layers": layers("all_cnn"),
    "models.all_cnn.sizes": spoken("all-cnn's sides"),
    "models.all_cnn.init": every(
        sentence,
        lambda study, path, value: (
            [study.config(run).model.options["init"] for run in ("all_cnn", "all_cnn, kaiming")]
            == ["glorot", "kaiming"]
        ),
    ),
    "models.all_gcnn": lambda study, path, value: (
        sentence(study, path, str(value).partition(" (ours")[0])
        and spoken("ends at 11 x 11", "17 to 9")(study, path, "")
    ),
    "models.gcnn.layers": layers("gcnn", times=2),
    "models.gcnn.open": sentence,
    "training.inception_1": config(
        [_INCEPTION_1],
        optimizer="train.optimizer",
        lr="train.learning_rate",
        momentum="train.momentum",
        eps="train.epsilon",
        weight_decay="train.weight_decay",
        epochs="train.epochs",
    ),
    "training.inception_1.scheduler": lambda study, path, value: (
        value == "step every 4 epochs x0.16"
        and (study.config(_INCEPTION_1).train.step_epochs, study.config(_INCEPTION_1).train.step_factor) == (4, 0.16)
    ),
    "training.inception_1.batch_size": every(
        sentence, lambda study, path, value: study.config(_INCEPTION_1).train.batch_size == 64
    ),
    "training.inception_1.augmentation": spoken("inception's first run", "no augmentation"),
    "training.inception_2.optimizer": lambda study, path, value: (
        value == "sgd nesterov"
        and study.config(_INCEPTION_2).train.optimizer == "sgd"
        and study.config(_INCEPTION_2).train.nesterov
    ),
    "training.inception_2.rest": lambda study, path, value: (
        value == "as inception_1"
        and all(
            getattr(study.config(_INCEPTION_1).train, name) == getattr(study.config(_INCEPTION_2).train, name)
            for name in (
                "learning_rate",
                "momentum",
                "weight_decay",
                "step_epochs",
                "step_factor",
                "epochs",
                "batch_size",
            )
        )
    ),
    "training.inception_2.augmentation": augment(
        [_INCEPTION_2], rotation=45.0, flip_chance=0.3, shear=45.0, geometry_chance=0.3, colour_chance=0.3
    ),
    "training.from_scratch_1": config(
        _CYCLIC,
        optimizer="train.optimizer",
        momentum="train.momentum",
        eps="train.epsilon",
        weight_decay="train.weight_decay",
        scheduler="train.schedule",
        epochs="train.epochs",
    ),
    "training.from_scratch_1.lr": lambda study, path, value: (
        value
        == [
            study.config(_CYCLIC[0]).train.learning_rate * study.config(_CYCLIC[0]).train.cycle_low,
            study.config(_CYCLIC[0]).train.learning_rate,
        ]
    ),
    "training.from_scratch_1.switching every 2000 iterations": every(
        sentence, lambda study, path, value: study.config(_CYCLIC[0]).train.cycle_steps == 2000
    ),
    "training.from_scratch_1.augmentation": augment(
        _CYCLIC, rotation=90.0, rotation_chance=0.3, flip_chance=0.25, colour_chance=0.5, pixel_dropout=0.2, elastic=1.5
    ),
    "training.six_layers": every(
        spoken("six layers", "figures 14 and 15"),
        lambda study, path, value: (
            value not in (6, "96 to 384")
            or (len(channels(study, "gcnn, 24 epochs")), channels(study, "gcnn, 24 epochs")[-1]) == (6, 384)
        ),
    ),
    "training.six_layers.layers": equal(lambda study: len(channels(study, "gcnn, 24 epochs"))),
    "training.six_layers.init": lambda study, path, value: (
        value == "kaiming normal" and study.config("gcnn, 24 epochs").model.options["init"] == "kaiming"
    ),
    "training.six_layers.scheduler": config(["gcnn, 24 epochs"], "train.schedule"),
    "training.six_layers.optimizer": lambda study, path, value: (
        value == "adam tried" and study.config("gcnn, 24 epochs").train.optimizer == "adam"
    ),
    "training.six_layers.epochs": config(["gcnn, 24 epochs"], "train.epochs"),
    "training.from_scratch_final": config(
        [_FINAL],
        optimizer="train.optimizer",
        lr="train.learning_rate",
        epochs="train.epochs",
        batch_size="train.batch_size",
    ),
    "training.from_scratch_final.scheduler": lambda study, path, value: (
        value == "x0.1 every 20 epochs"
        and (study.config("gcnn").train.step_epochs, study.config("gcnn").train.step_factor) == (20, 0.1)
    ),
    "training.from_scratch_final.eval_batch_size": spoken("in evaluation", "adam"),
    "training.from_scratch_final.channels": lambda study, path, value: (
        value == "halved" and study.config(_FINAL).model.options["width"] == 0.5
    ),
    "training.from_scratch_final.augmentation": augment([_FINAL], rotation=0.0),
    "training.loss": every(sentence, lambda study, path, value: study.config(_FINAL).train.loss_sum),
    "training.final_init": every(sentence, lambda study, path, value: "init" not in study.config(_FINAL).model.options),
    "engineering_lessons": sentence,
    "engineering_lessons.5": lambda study, path, value: all(
        any(word in text.lower() for text in study.recipe.wished)
        for word in str(value).lower().removeprefix("wished for, ").split("; ")
        for word in [word.strip()]
    ),
    "evaluation": sentence,
    **{
        f"reported.{name}": reported(name, accuracy="accuracy of the best epoch", auc="test AUROC")
        for name in ("inception_1", "inception_2")
    },
    "reported.gcnn": reported(
        "gcnn",
        pcam_accuracy="accuracy",
        cifar10_accuracy="accuracy on CIFAR10",
        hours_per_epoch_before="hours an epoch, before",
        hours_per_epoch_after="hours an epoch, after",
    ),
    "reported.cnn": reported("all_cnn", "hours an epoch"),
    "reported.inception_minutes_per_epoch": reported(
        "inception v3", frozen="minutes an epoch, frozen", full="minutes an epoch, all trained"
    ),
    "reported.p4m_densenet_reference": reported("p4m_densenet", accuracy="accuracy, cited", auc="AUROC, cited"),
}

_UTS: dict[str, Rule] = _EVERYWHERE | {
    "data.classes": lambda study, path, value: spoken(f"{path.rpartition('.')[2].lower()} ", str(value))(
        study, path, value
    ),
    "data.images": lambda study, path, value: spoken(f"{path.rpartition('.')[2].lower()} {value}", "images:")(
        study, path, value
    ),
    "data.patients": lambda study, path, value: spoken(f"{path.rpartition('.')[2].lower()} {value}", "patients:")(
        study, path, value
    ),
    "data.split": spoken("for training", "for test"),
    "data.test_counts": lambda study, path, value: reported("resnet34", f"test images of {path.rpartition('.')[2]}")(
        study, path, value
    ),
    "balancing": every(
        sentence,
        augment(["resnet34"], rotation=50.0, flips=True, flip_axes="left_right"),
        lambda study, path, value: study.config("resnet34").train.enlarge_to == 600,
    ),
    "models.resnet34.weights": config(["resnet34"], "model.weights"),
    "models.resnet34.head": sentence,
    "models.resnet50": spoken("resnet50 from imagenet", "frozen backbone", "average pool", "softmax"),
    "models.resnet50.weights": config(["resnet50, frozen"], "model.weights"),
    "models.resnet50.frozen backbone": lambda study, path, value: (
        value == "frozen backbone" and study.config("resnet50, frozen").train.backbone == "frozen"
    ),
    "training": config(
        ["resnet34", "resnet34, split by image"],
        optimizer="train.optimizer",
        lr="train.learning_rate",
        epochs="train.epochs",
        dropout="model.options.dropout",
    ),
    "open": sentence,
    "sweeps.epochs": sweep("Epochs", "train.epochs"),
    "sweeps.dropout": sweep("Dropout", "model.options.dropout"),
    "sweeps.optimizer": lambda study, path, value: value in study.recipe.sweeps[2].fields["train.optimizer"],
    "sweeps.regularization": lambda study, path, value: (
        value == [{"l1": 0.0001}, {"l2": 0.0001}]
        and study.recipe.sweeps[3].fields == {"train.l1": (0.0, 0.0001)}
        and study.recipe.sweeps[4].fields == {"train.weight_decay": (0.0, 0.0002)}
    ),
    "sweeps.lr": sweep("Learning rate", "train.learning_rate"),
    "repeats": every(
        sentence,
        lambda study, path, value: (
            {(one.protocol.repeats, one.protocol.new) for one in study.recipe.protocols} == {(10, "splits")}
        ),
    ),
    "evaluation": sentence,
    "evaluation.2": lambda study, path, value: spoken("evaluation:", str(value).lower())(study, path, value),
    "reported.class_order": lambda study, path, value: (
        study.recipe.confusions[0].classes[int(path[-1])] == value if path[-1].isdigit() else False
    ),
    "reported.dropout_f1": lambda study, path, value: reported(
        "Dropout", f"F1 at dropout {float(path.removeprefix('reported.dropout_f1.').replace('nosuch', '9'))}"
    )(study, path, value),
    "reported.dropout_confusion": whole_matrix(),
    "reported.optimizer_f1": lambda study, path, value: reported("Optimiser", f"F1 with {path.rpartition('.')[2]}")(
        study, path, value
    ),
    "reported.l1_confusion": whole_matrix("L1"),
    "reported.l2_confusion": whole_matrix("L2"),
    "reported.regularized_f1": every(
        reported("L1 penalty", "F1 with an L1 penalty"), reported("L2 penalty", "F1 with an L2 penalty")
    ),
    "reported.final_confusion": whole_matrix("final"),
    "reported.last_confusion": whole_matrix("last"),
    "reported.report": table("resnet34"),
    "reported.resnet50": lambda study, path, value: (
        value == "strong overfitting, about 10 minutes an epoch, dropped"
        and study.reported("resnet50, frozen", "minutes an epoch, about") == 10
        and study.reported("resnet50, frozen", "finding") == "strong overfitting, so it was dropped"
    ),
    "reported.worst_report": table("resnet34, its worst table"),
    "reported.repeats_interval": lambda study, path, value: (
        str(value).startswith("0.885 plus or minus 0.025")
        and study.reported("Ten splits by image", "middle of the F1 interval") == 0.885
        and study.reported("Ten splits by image", "half the width of the F1 interval") == 0.025
        and sentence(study, path, "mid-range; the ten values have mean 0.878, SD 0.017")
    ),
    "reported.gnb_f1_interval": equal(
        lambda study: [study.reported("Ten splits by image", f"{end} end of GNB's F1") for end in ("low", "high")]
    ),
    "reported.repeats_f1": equal(
        lambda study: [study.reported("Ten splits by image", f"F1 of split {number}") for number in range(1, 11)]
    ),
    "wished_for": sentence,
}

RULES: dict[str, dict[str, Rule]] = {
    "wpi_kpcam": _WPI,
    "fub_breakhis": _FUB,
    "gatech_kpcam": _GATECH,
    "pcam_gcnn": _PCAM,
    "uts_neuroblastoma": _UTS,
}
