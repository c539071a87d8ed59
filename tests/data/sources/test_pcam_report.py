"""The report's tables, counted by hand and, at full size, held to the published study's numbers."""

from itertools import cycle

import numpy as np
import pandas as pd

from histo_core.data.dataset import Dataset
from histo_core.data.sources.pcam_report import pcam_report

PUBLISHED = {"train": (262_144, 216), "valid": (32_768, 54), "test": (32_768, 129)}
"""Patches and slides of each set."""


def as_pcam(dataset: Dataset) -> Dataset:
    dataset.name = "pcam"
    return dataset


def test_any_other_data_set_has_no_report(make_dataset) -> None:
    assert pcam_report(make_dataset([0, 1], split=["train", "test"])) is None


def test_without_metadata_only_patches_are_counted(make_dataset) -> None:
    report = pcam_report(as_pcam(make_dataset([0, 1, 1], split=["train", "train", "test"], slide_id=None)))
    assert report is not None
    assert report.patches.loc["train"].tolist() == [1, 1, 2]
    assert report.slides is None
    assert report.shares is None


def test_slides_and_their_types_are_counted_once_a_set(make_dataset) -> None:
    dataset = make_dataset(
        [0, 1, 1, 0, 0, 1],
        split=["train"] * 3 + ["valid", "test", "test"],
        slide_id=["n1", "t1", "t1", "n2", "t9", None],
        slide_type=["normal", "tumor", "tumor", "normal", "tumor", None],
        tumor_patch=[False, True, True, True, False, None],
    )
    report = pcam_report(as_pcam(dataset))
    assert report is not None
    assert report.patches["tumour_anywhere"].tolist() == [2, 1, 0]
    assert report.slides is not None
    assert report.slides.to_dict("index") == {
        "train": {"normal": 1, "tumor": 1, "total": 2},
        "valid": {"normal": 1, "tumor": 0, "total": 1},
        "test": {"normal": 0, "tumor": 1, "total": 1},
    }
    assert report.shares is not None
    tumour = report.shares.set_index(["split", "slide_type"])["of_camelyon16"]
    assert tumour["train", "tumor"] == 1 / 110
    assert tumour["valid", "normal"] == 1 / 160
    assert tumour["test", "tumor"] == 1 / 49


def test_test_slides_count_though_their_names_say_no_type(make_dataset) -> None:
    dataset = make_dataset(
        [0, 1, 1, 0, 0],
        split=["train", "train", "valid", "test", "test"],
        slide_id=["n1", "t1", "t2", "a", "b"],
        slide_type=["normal", "tumor", "tumor", None, None],
    )
    report = pcam_report(as_pcam(dataset))
    assert report is not None
    assert report.slides is not None
    assert report.slides.to_dict("index") == {
        "train": {"normal": 1, "tumor": 1, "unknown type": 0, "total": 2},
        "valid": {"normal": 0, "tumor": 1, "unknown type": 0, "total": 1},
        "test": {"normal": 0, "tumor": 0, "unknown type": 2, "total": 2},
    }
    assert report.shares is not None
    shares = report.shares.set_index(["split", "slide_type"])
    assert shares.loc["test"].index.tolist() == ["all"]
    assert shares["of_pcam"].dropna().to_dict() == {("train", "all"): 0.4, ("valid", "all"): 0.2, ("test", "all"): 0.4}
    assert shares["of_camelyon16"]["test", "all"] == 2 / 130


def test_the_published_shares_come_out_at_full_size(make_dataset) -> None:
    # As CAMELYON16 names its slides; of which type each of PCam's is, is made up.
    names = {
        split_set: [
            f"camelyon16_test_{number:03d}" if split_set == "test" else f"camelyon16_train_{kind}_{number:03d}"
            for number, kind in zip(range(slides), cycle(("tumor", "normal", "normal")), strict=False)
        ]
        for split_set, (_, slides) in PUBLISHED.items()
    }
    splits = np.repeat(list(PUBLISHED), [n for n, _ in PUBLISHED.values()])
    slides = pd.Series(
        np.concatenate([np.resize(names[split_set], n) for split_set, (n, _) in PUBLISHED.items()]), dtype=object
    )
    kinds = slides.str.extract("_(tumor|normal)_", expand=False)
    dataset = as_pcam(make_dataset(np.arange(len(slides)) % 2, split=splits, slide_id=slides, slide_type=kinds))
    report = pcam_report(dataset)
    assert report is not None
    assert report.shares is not None
    whole = report.shares[report.shares["slide_type"] == "all"].set_index("split")
    assert whole["slides"].tolist() == [216, 54, 129]
    np.testing.assert_allclose(whole["of_camelyon16"], [0.8, 0.2, 129 / 130])
    np.testing.assert_allclose(whole.loc["valid", "of_pcam"], 0.1353, atol=5e-5)
    assert report.patches["total"].tolist() == [262_144, 32_768, 32_768]
