"""Which rule each fact of uts_neuroblastoma.yaml is held to."""

from __future__ import annotations

from study_facts import (
    EVERYWHERE,
    Rule,
    augment,
    config,
    equal,
    every,
    reported,
    sentence,
    spoken,
    sweep,
    table,
    whole_matrix,
)

RULES: dict[str, Rule] = EVERYWHERE | {
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
