from __future__ import annotations

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment import changes_nothing
from histo_core.data.transforms.augment_presets import PRESETS, TITLES


def test_each_preset_has_a_title_of_its_own() -> None:
    assert list(PRESETS) == list(TITLES)
    assert len(set(TITLES.values())) == len(PRESETS)


def test_the_default_is_the_configurations() -> None:
    assert PRESETS["default"] == AugmentConfig()
    assert [name for name, config in PRESETS.items() if changes_nothing(config)] == ["none", "wpi_kpcam"]
