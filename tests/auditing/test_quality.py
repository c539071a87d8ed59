"""Blank, blurred, inked and oddly coloured patches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

from histo_core.auditing.finding import Finding
from histo_core.auditing.pixel_stats import luma, measure
from histo_core.auditing.quality import quality_findings


def findings(images: np.ndarray, **columns: object) -> dict[str, Finding]:
    described = pd.DataFrame(
        {"sample_id": [f"{row:02d}" for row in range(len(images))], "split_set": "train", "label": "a"}
    )
    facts = pd.DataFrame(measure(images, luma(images)))
    return {found.key: found for found in quality_findings(described.assign(**columns), facts)}


def ids(finding: Finding) -> list[str]:
    return sorted(finding.table["sample_id"])


def test_good_patches_are_called_good(textures: np.ndarray) -> None:
    found = findings(textures)
    assert {finding.severity for finding in found.values()} == {"ok"}
    assert found["blank"].sentence == "No patch is blank."
    assert list(found) == ["blank", "blurred", "pen", "stain"]


def test_each_kind_is_found_and_only_that(textures: np.ndarray) -> None:
    images = textures.copy()
    images[3] = 243  # empty glass
    images[5] = (30, 25, 28)  # beside the slide
    images[7] = gaussian_filter(images[7].astype(float), (3, 3, 0))
    images[11, :20] = (25, 60, 170)  # a blue pen
    grey = luma(images[13:14])[0]
    images[13] = np.clip(grey[..., None] * 0.8, 0, 255)  # no stain at all
    found = findings(images)
    assert ids(found["blank"]) == ["03", "05"]
    assert ids(found["blurred"]) == ["07"]
    assert ids(found["pen"]) == ["11"]
    assert ids(found["stain"]) == ["13"]
    assert found["pen"].sentence == (
        "1 patch is marked with ink (2.5%): a network may learn the ink. The limit was set on PatchCamelyon."
    )
    assert all("set on PatchCamelyon" in found[key].sentence for key in ("blurred", "stain"))
    assert found["pen"].severity == "note"
    assert found["pen"].clause == ""
    assert found["blank"].severity == "warning"
    assert found["blank"].clause == "2 patches are blank"


def test_one_of_thousands_is_not_said_to_be_none(textures: np.ndarray) -> None:
    images = np.concatenate([textures[:1, :8, :8]] * 2001)
    images[0] = 243
    assert findings(images)["blank"].sentence == "1 patch is blank (under 0.1%): there is nothing to learn from."


def test_a_colour_cast_is_no_warning(textures: np.ndarray) -> None:
    """The limit is another data set's; ink on as many patches is one."""
    cast = textures.copy()
    cast[:20, ..., 1] = 255 - (255 - cast[:20, ..., 1]) // 3  # a green cast hides half of the stain
    found = findings(cast)["stain"]
    assert (found.severity, found.clause, len(found.table)) == ("note", "", 20)
    textures = textures.copy()
    textures[:20, :20] = (25, 60, 170)
    assert findings(textures)["pen"].severity == "warning"


def test_the_worst_come_first(textures: np.ndarray) -> None:
    images = textures.copy()
    images[2, :8], images[9, :40] = (25, 60, 170), (25, 60, 170)
    table = findings(images)["pen"].table
    assert list(table["sample_id"]) == ["09", "02"]
    assert list(table.columns) == ["sample_id", "split_set", "label", "ink"]


def test_sharpness_is_compared_within_a_magnification(textures: np.ndarray) -> None:
    coarse = textures[:20, :16, :16].repeat(4, 1).repeat(4, 2)
    enlarged = np.stack([gaussian_filter(image.astype(float), (2, 2, 0)).astype(np.uint8) for image in coarse])
    images = np.concatenate([textures[20:], enlarged])
    assert len(findings(images[:28])["blurred"].table) == 8
    assert findings(images, magnification=[100] * 20 + [400] * 20)["blurred"].table.empty


def test_blur_in_real_patches(shared_data: Path) -> None:
    files = sorted((shared_data / "pcam_jpeg" / "valid").rglob("*.jpg"))[:200]
    images = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    blurred = np.stack([gaussian_filter(image.astype(float), (2, 2, 0)).astype(np.uint8) for image in images[:40]])
    found = findings(np.concatenate([images, blurred]))
    called = {int(name) for name in found["blurred"].table["sample_id"]}
    contrast = luma(blurred).std(axis=(1, 2)) > 10
    assert len(called & set(200 + np.flatnonzero(contrast))) >= 0.9 * contrast.sum()
    assert len([row for row in called if row < 200]) <= 2


def test_ink_on_real_margins(shared_data: Path) -> None:
    names = ("12891/0/12891_idx5_x2951_y51", "10277/0/10277_idx5_x2651_y1351", "9173/0/9173_idx5_x801_y151")
    files = [shared_data / "idc" / f"{name}_class0.png" for name in names]
    tissue = sorted((shared_data / "idc" / "10256").rglob("*class1.png"))[:20]
    images = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in [*files, *tissue]])
    assert ids(findings(images)["pen"]) == ["00", "01", "02"]
