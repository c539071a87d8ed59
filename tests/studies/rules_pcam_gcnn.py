"""Which rule each fact of pcam_gcnn.yaml is held to."""

from __future__ import annotations

from study_facts import (
    EVERYWHERE,
    Rule,
    augment,
    channels,
    config,
    equal,
    every,
    layers,
    reported,
    sentence,
    spoken,
)

_INCEPTION_1, _INCEPTION_2 = "inception_1, as printed", "inception_2, as printed"
_CYCLIC = ("all_cnn, as printed", "all_gcnn, 17 layers, as printed", "gcnn, first settings, as printed")
_FINAL = "gcnn, as printed"
RULES: dict[str, Rule] = EVERYWHERE | {
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
