"""File names for hostile sample ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from histo_core.data.formats.safe_names import safe_names


def test_names_that_are_safe_stay() -> None:
    assert safe_names(["train-000001", "SOB_B_A-14-22549AB-40-001", "x1.5", "größe"]) == [
        "train-000001",
        "SOB_B_A-14-22549AB-40-001",
        "x1.5",
        "größe",
    ]


def test_paths_become_one_name() -> None:
    assert safe_names(["benign/p 0.PNG", "malignant/p0.tif"]) == ["benign_p_0", "malignant_p0"]


def test_whatever_a_name_is_its_file_can_be_made_in_the_folder(tmp_path: Path) -> None:
    names = [
        *("../../etc/passwd", "..", ".", "", "/", ".hidden", "a/b", "a_b", "A_B", "a b", "<script>alert(1)</script>"),
        *("x" * 300, "x" * 301, "ü" * 300, "漢" * 300, "line\nbreak", "nul\0", 'quo"te', "emoji 🔬", "\udcff"),
    ]
    made = safe_names(names)
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        (tmp_path / f"{name}.png").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == len(names)
    assert not any(name.startswith(".") for name in made)
    assert "etc_passwd" in made[0]


@pytest.mark.parametrize("more", [[], ["a_b-C8687A08AA5D"], ["a_b-c8687a08aa5d-4e5a8d2b7b1f"]])
def test_a_name_that_was_marked_is_nobody_elses(more: list[str]) -> None:
    names = ["a b", "a_b", *more]
    for _ in range(3):  # the next one is called what another is marked as
        made = safe_names(names)
        assert len({name.casefold() for name in made}) == len(names)
        names.append(next(name for name in reversed(made) if name not in names))
    assert safe_names(["a b", "a_b"])[0] == "a_b-c8687a08aa5d"
