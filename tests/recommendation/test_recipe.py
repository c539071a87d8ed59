"""The recommended recipe, from made-up facts: no image is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from histo_core.auditing.domain_shift import StainProfile
from histo_core.config import IMAGENET_MEAN, RunConfig
from histo_core.errors import ConfigError, DataError
from histo_core.recommendation.choice import Recommendation, duration_in_words
from histo_core.recommendation.duration import predicted_seconds
from histo_core.recommendation.facts import DataFacts
from histo_core.recommendation.machine import Machine
from histo_core.recommendation.recipe import Wishes, recommend, with_choices

TWO_CORES = Machine(cores=2, memory=16 << 30)
AT_HAND = {"squeezenet1_1": "imagenet"}
DATA = RunConfig.parse({"data": {"dataset": "folder", "root": "/data"}, "seed": 3})
STAINED = StainProfile((0.1, 0.2, 0.0), (0.03, 0.02, 0.01), 256)


def facts(**changes: object) -> DataFacts:
    """600 patches of 96 pixels in two classes, without patients: Kaggle's PCam as it lies in ../shared/data."""
    patches = {"train": (180, 180), "valid": (45, 45), "test": (75, 75)}
    known = DataFacts(
        ("normal", "tumour"), patches, {(96, 96): 600}, (0.7, 0.54, 0.69), (0.23, 0.28, 0.21), stain=STAINED
    )
    return replace(known, **changes)  # type: ignore[arg-type]


PCAM = facts(patches={"train": (3000, 3000), "valid": (500, 500), "test": (500, 500)}, sizes={(96, 96): 8000})
IDC = facts(
    patches={"train": (1075, 459), "valid": (270, 110), "test": (438, 186)},
    sizes={(50, 50): 2500, (14, 50): 20, (50, 14): 18},
    groups="patient",
    grouped={"train": (60, 55), "valid": (15, 13), "test": (25, 23)},
)
BREAKHIS = facts(
    patches={"train": (45, 75), "valid": (9, 20), "test": (18, 30)},
    sizes={(224, 224): 197},
    groups="patient",
    grouped={"train": (5, 15), "valid": (1, 4), "test": (2, 6)},
)


def recommended(known: DataFacts, machine: Machine = TWO_CORES, minutes: float = 30, **given: object) -> Recommendation:
    wishes = Wishes(DATA, {key.replace("__", "."): value for key, value in given.items()}, minutes, AT_HAND)
    return recommend(known, machine, wishes)


def from_scratch(known: DataFacts, minutes: float = 30) -> Recommendation:
    return recommend(known, TWO_CORES, Wishes(DATA, minutes=minutes))


@pytest.mark.parametrize(
    ("known", "network", "side", "epochs", "kept", "balance"),
    [
        pytest.param(facts(), "squeezenet1_1", 160, 30, "last", "none", id="kpcam"),
        pytest.param(PCAM, "squeezenet1_1", 128, 10, "best", "none", id="pcam_jpeg"),
        pytest.param(IDC, "p4m_resnet", 48, 32, "best", "weights", id="idc"),
        pytest.param(BREAKHIS, "squeezenet1_1", None, 30, "last", "weights", id="breakhis_224"),
    ],
)
def test_the_recipe_of_each_data_set_with_weights_at_hand(
    known: DataFacts, network: str, side: int | None, epochs: int, kept: str, balance: str
) -> None:
    found = recommended(known)
    config = found.config
    assert (config.model.name, config.preprocess.crop, config.preprocess.resize) == (network, None, side)
    assert (config.train.epochs, config.train.checkpoint, config.train.balance) == (epochs, kept, balance)
    assert (config.data, config.split, config.seed) == (DATA.data, DATA.split, DATA.seed)
    assert config.train.schedule == "one_cycle"
    assert config.train.average_decay is not None
    assert found.seconds < 30 * 60


@pytest.mark.parametrize(
    ("known", "side", "epochs"),
    [
        pytest.param(facts(), None, 100, id="kpcam"),
        pytest.param(PCAM, None, 21, id="pcam_jpeg"),
        pytest.param(IDC, 48, 32, id="idc"),
        pytest.param(BREAKHIS, 112, 100, id="breakhis_224"),
    ],
)
def test_without_weights_a_symmetric_network_learns_from_scratch(
    known: DataFacts, side: int | None, epochs: int
) -> None:
    config = from_scratch(known).config
    assert (config.model.name, config.model.weights) == ("p4m_resnet", "none")
    assert (config.preprocess.resize, config.train.epochs) == (side, epochs)
    assert (config.augment.flips, config.augment.quarter_turns, config.predict.tta) == (False, False, "none")
    assert config.preprocess.mean == known.mean


def test_pretrained_weights_bring_their_own_colours_and_views() -> None:
    config = recommended(facts()).config
    assert (config.model.weights, config.preprocess.mean) == ("imagenet", IMAGENET_MEAN)
    assert (config.predict.tta, config.augment.flips) == ("symmetries", True)
    assert config.train.backbone_learning_rate == pytest.approx(3e-4)


def test_mixed_and_oblong_sizes_are_resized_and_nothing_is_cut_off() -> None:
    mixed = facts(sizes={(90, 90): 500, (300, 40): 99, (14, 50): 1})
    config = from_scratch(mixed).config
    assert (config.preprocess.crop, config.preprocess.resize) == (None, 96)
    (image,) = [choice for choice in from_scratch(mixed).choices if choice.title == "Image"]
    assert image.why.startswith("The 3 sizes from 50 x 14 to 40 x 300 px are all resized to 96 x 96 px; nothing is cut")
    oblong = from_scratch(facts(sizes={(460, 700): 600}))
    assert (oblong.config.preprocess.crop, oblong.config.preprocess.resize) == (None, 112)
    assert "700 x 460 px is squeezed" in next(choice.why for choice in oblong.choices if choice.title == "Image")
    tiny = from_scratch(facts(sizes={(14, 50): 600})).config
    assert tiny.preprocess.resize == 32, "the network's smallest input"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patches": {"train": (3,) * 9, "valid": (1,) * 9, "test": (1,) * 9}}, "Five patches a class are too few"),
        ({"patches": {"train": (1,) * 9, "valid": (0,) * 9, "test": (0,) * 9}}, "One patch a class is too few"),
        ({"patches": {"train": (180, 4), "valid": (45, 1), "test": (75, 1)}}, "6 of tumour"),
        ({"patches": {"train": (180, 0), "valid": (45, 0), "test": (75, 0)}}, "All labelled patches show normal"),
        ({"patches": {"train": (180, 0), "valid": (45, 0), "test": (75, 75)}}, "training set has no patch of tumour"),
    ],
)
def test_too_few_patches_are_refused_in_words_with_what_can_be_done(changes: dict, message: str) -> None:
    count = len(changes["patches"]["train"])
    classes = ("normal", "tumour") if count == 2 else tuple(f"tissue {number}" for number in range(count))
    with pytest.raises(DataError, match=message) as refused:
        recommended(facts(classes=classes, **changes))
    assert refused.value.remedy


def test_twelve_classes_of_which_one_is_rare_are_weighed() -> None:
    counts = (*(40,) * 11, 20)
    twelve = facts(classes=tuple("abcdefghijkl"), patches={"train": counts, "valid": (10,) * 12, "test": (10,) * 12})
    assert recommended(twelve).config.train.balance == "weights"
    even = replace(twelve, patches={**twelve.patches, "train": (40,) * 12})
    assert recommended(even).config.train.balance == "none"


def test_the_epoch_is_chosen_by_validation_only_where_enough_patients_are_in_it() -> None:
    few = replace(IDC, grouped={**IDC.grouped, "valid": (15, 9)})
    assert recommended(few).config.train.checkpoint == "last"
    epoch = next(choice for choice in recommended(few).choices if choice.title == "Epoch")
    assert "the validation set holds 9 patients of the rarer class" in epoch.why
    assert recommended(IDC).config.train.checkpoint == "best"


def backbone_of(known: DataFacts, **given: Any) -> tuple[object, ...]:
    config = recommended(known, **given).config
    return config.train.backbone, config.model.options.get("head"), config.train.backbone_learning_rate


def test_features_stay_as_they_are_where_few_patients_train() -> None:
    assert backbone_of(BREAKHIS) == ("frozen", "dense_512", None)
    (why,) = [choice.why for choice in recommended(BREAKHIS).choices if choice.title == "Backbone"]
    assert why.startswith("The training set holds 5 patients of the rarest class, too few to change features")
    enough = replace(BREAKHIS, grouped={**BREAKHIS.grouped, "train": (20, 60)})
    few = replace(BREAKHIS, grouped={**BREAKHIS.grouped, "train": (60, 19)})
    assert (backbone_of(enough)[0], backbone_of(few)[0]) == ("trained", "frozen")
    assert backbone_of(facts())[0] == "trained", "patients are not known"
    assert from_scratch(BREAKHIS).config.train.backbone == "trained", "no features to keep"
    assert recommended(BREAKHIS).seconds < recommended(BREAKHIS, train__backbone="trained").seconds / 2


def test_a_backbone_that_is_settled_stays_so() -> None:
    assert backbone_of(facts(), train__backbone="frozen") == ("frozen", "dense_512", None)
    assert backbone_of(BREAKHIS, train__backbone="trained") == ("trained", None, 3e-4)
    assert backbone_of(BREAKHIS, train__backbone_learning_rate=1e-4) == ("trained", None, 1e-4)
    assert backbone_of(BREAKHIS, model__name="vit_b_16", model__weights="imagenet")[0] == "frozen"
    own = recommended(BREAKHIS, model__name="squeezenet1_1", model__weights="/models/own.safetensors").config
    assert (own.train.backbone, own.model.options) == ("frozen", {}), "its classifier has the shape of its own run"


def test_the_stains_are_varied_where_there_are_any() -> None:
    (why,) = [choice.why for choice in recommended(facts()).choices if choice.title == "Stain"]
    assert why.startswith("Between 256 patches haematoxylin differs by 30% and eosin by 10% (SD).")
    by_patient = replace(STAINED, groups=33, group_spread=(0.01, 0.05, 0.01))
    (why,) = [
        choice.why for choice in recommended(replace(BREAKHIS, stain=by_patient)).choices if choice.title == "Stain"
    ]
    assert why.startswith("Between 33 patients haematoxylin differs by 10% and eosin by 25% (SD).")
    assert recommended(facts()).config.augment.stain == 0.05
    frozen = recommended(BREAKHIS).config.augment
    assert (frozen.stain, frozen.jitter, frozen.hue) == (0, 0, 0), "frozen features cannot learn to ignore colours"
    assert (frozen.flips, frozen.quarter_turns) == (True, True)
    assert recommended(facts(stain=None)).config.augment.stain == 0


def test_the_size_of_a_pixel_is_said() -> None:
    def image(known: DataFacts) -> str:
        return next(choice.why for choice in recommended(known).choices if choice.title == "Image")

    assert image(facts(microns=0.97)).endswith("A pixel of the input shows 0.58 µm of tissue."), "0.97 * 96 / 160"
    assert "in micrometres is not known" in image(facts())


def test_one_patient_mixed_magnifications_and_unknown_patients_are_doubts() -> None:
    one = replace(BREAKHIS, grouped={"train": (5, 15), "valid": (1, 4), "test": (1, 6)}, magnifications=("40", "200"))
    said = " ".join(recommended(one).doubts)
    assert "The test set holds 1 patient of the rarer class" in said
    assert "mix the magnifications 40, 200" in said
    assert recommended(IDC).doubts == ()
    assert "Patients are not known" in " ".join(recommended(facts()).doubts)
    lacking = facts(patches={"train": (180, 180), "valid": (90, 0), "test": (75, 75)})
    assert "No validation patch shows tumour" in " ".join(recommended(lacking).doubts)


@pytest.mark.parametrize("minutes", [3, 30])
def test_a_large_data_set_fits_into_the_time(minutes: float) -> None:
    large = facts(
        patches={"train": (50_000, 50_000), "valid": (500, 500), "test": (500, 500)}, sizes={(96, 96): 102_000}
    )
    for found in (recommended(large, minutes=minutes), from_scratch(large, minutes=minutes)):
        assert found.seconds <= 60 * minutes
        assert found.seconds >= 60 * minutes / 3, "the time is used"
        time = next(choice for choice in found.choices if choice.title == "Time")
        assert set(time.values) <= {"train.epochs", "train.max_train_samples"}
        assert time.values
    slow = recommended(large, minutes=minutes).config
    fast = recommended(large, Machine(cores=16, memory=16 << 30), minutes).config
    assert fast.train.epochs * (fast.train.max_train_samples or 100_000) > slow.train.epochs * (
        slow.train.max_train_samples or 100_000
    )


def test_the_batch_is_halved_where_memory_is_short() -> None:
    config = recommended(BREAKHIS, Machine(cores=2, memory=1 << 30)).config
    assert config.train.batch_size == 8
    assert recommended(BREAKHIS).config.train.batch_size == 32


def test_what_is_given_stays_and_its_reason_goes() -> None:
    given = {"train__epochs": 2, "model__name": "resnet18", "preprocess__resize": 64, "augment__jitter": 0.3}
    found = recommended(facts(), **given, train__checkpoint="best")
    config = found.config
    assert (config.train.epochs, config.model.name, config.preprocess.resize) == (2, "resnet18", 64)
    assert (config.augment.jitter, config.augment.hue, config.train.checkpoint) == (0.3, 0.02, "best")
    reasons = {choice.title: choice.why for choice in found.choices}
    assert "Epoch" not in reasons
    assert reasons["Training"].endswith(" As given, train.epochs is 2.")
    assert config.model.weights == "none", "only SqueezeNet's are at hand"
    with pytest.raises(ConfigError, match="nosuch"):
        recommended(facts(), train__nosuch=1)


def test_the_choices_are_the_configuration() -> None:
    """Every choice is in the configuration, and nothing else differs from a plain one."""
    for found in (recommended(facts()), from_scratch(PCAM), recommended(PCAM, minutes=2)):
        assert with_choices(DATA, found.choices, {}) == found.config
        assert len({choice.title for choice in found.choices}) == len(found.choices)
        assert all(choice.why.endswith(".") for choice in found.choices)


@pytest.mark.parametrize(
    ("network", "side", "milliseconds"),
    [
        *(("p4m_resnet", side, ms) for side, ms in ((48, 3), (96, 10), (112, 15))),
        *(("squeezenet1_1", side, ms) for side, ms in ((96, 5), (128, 8), (160, 13), (224, 28))),
        ("resnet18", 96, 24),
    ],
)
def test_the_duration_agrees_with_what_was_measured(network: str, side: int, milliseconds: float) -> None:
    """CPU milliseconds a training patch, validation included: ../shared/RECIPE.md, rule 7."""
    known = facts(patches={"train": (5_000, 5_000), "valid": (750, 750), "test": (0, 0)})
    given = {"model.name": network, "preprocess.resize": side, "train.epochs": 10, "predict.parts": ["valid"]}
    config = with_choices(DATA, (), given)
    seconds = predicted_seconds(config, known, Machine(cores=1, memory=1 << 30))
    assert seconds == pytest.approx(10 * 10_000 * milliseconds / 1000, rel=0.25)


def test_a_duration_in_words() -> None:
    words = [duration_in_words(seconds) for seconds in (3, 60, 725, 5_300, 30_000)]
    assert words == ["less than a minute", "about 1 minute", "about 12 minutes", "about 88 minutes", "about 8.3 hours"]
