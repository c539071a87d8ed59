from __future__ import annotations

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment.draw import changes_nothing
from histo_core.data.transforms.augment.presets import GROUPS, PRESETS, TITLES


def test_each_preset_has_a_title_of_its_own() -> None:
    assert list(PRESETS) == list(TITLES)
    assert len(set(TITLES.values())) == len(PRESETS)


def test_the_default_is_the_configurations() -> None:
    assert PRESETS["default"] == AugmentConfig()
    assert [name for name, config in PRESETS.items() if changes_nothing(config)] == ["none", "wpi_kpcam"]


def test_each_setting_stands_in_one_group() -> None:
    grouped = [name for group in GROUPS.values() for name in group]
    assert sorted(grouped) == sorted(AugmentConfig.model_fields)


def test_the_studies_presets_are_the_reports() -> None:
    """Their figures, as the studies' files give them."""
    vgg16 = PRESETS["gatech_vgg16"]
    assert (vgg16.rotation, vgg16.shift, vgg16.shear, vgg16.zoom, vgg16.fill) == (40, 0.2, 0.2, 0.2, "nearest")
    assert PRESETS["fub_breakhis"].rotation == 20
    uts = PRESETS["uts_neuroblastoma"]
    assert (uts.rotation, uts.flip_axes) == (50, "left_right")
    second = PRESETS["pcam_gcnn_inception_2"]
    assert (second.rotation, second.shear, second.flip_chance, second.colour_chance) == (45, 45, 0.3, 0.3)
    scratch, final = PRESETS["pcam_gcnn_scratch"], PRESETS["pcam_gcnn_final"]
    assert (scratch.rotation, scratch.rotation_chance, scratch.flip_chance) == (90, 0.3, 0.25)
    assert final == scratch.model_copy(update={"rotation": 0.0, "rotation_chance": 1.0})
    assert not any(config.quarter_turns for name, config in PRESETS.items() if name.startswith(("fub", "uts", "pcam")))
