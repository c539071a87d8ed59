"""A flat file of pixels: what goes in comes out, and damage is seen."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from histo_core.data.dataset import Dataset
from histo_core.data.storage.memmap import MemmapPatches, write_memmap
from histo_core.errors import CorruptDataError

SIZES = [(8, 8), (8, 8), (5, 8), (8, 3), (8, 8), (1, 1)]


def patches(sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


@pytest.fixture
def written(make_dataset: Callable[..., Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Write images into a store and open it."""

    def write(images: Sequence[np.ndarray], **how: object) -> MemmapPatches:
        dataset = make_dataset([0] * len(images))
        monkeypatch.setattr(dataset, "read_source", lambda rows: [images[row] for row in rows], raising=False)
        (tmp_path / "store").mkdir()
        write_memmap(dataset, tmp_path / "store", **how)
        return MemmapPatches(tmp_path / "store")

    return write


def test_patches_of_one_size_come_as_one_array(written: Callable) -> None:
    images = patches([(8, 6)] * 300)
    store = written(images)
    rows = [299, 0, 7, 7]
    read = store.read(rows)
    assert isinstance(read, np.ndarray)
    np.testing.assert_array_equal(read, np.stack([images[row] for row in rows]))
    np.testing.assert_array_equal(store.__getitems__(rows), read)
    assert (len(store), store.bytes) == (300, 300 * 8 * 6 * 3)
    assert not (store.folder / "sizes.npy").exists()


def test_odd_patches_come_at_their_own_size(written: Callable) -> None:
    images = patches(SIZES)
    store = written(images)
    for rows in ([0, 2, 3, 5], [5], [4, 0, 1, 1], []):
        read = store.read(rows)
        assert len(read) == len(rows)
        for row, patch in zip(rows, read, strict=True):
            np.testing.assert_array_equal(patch, images[row])
    assert isinstance(store.read([4, 0]), np.ndarray)
    assert store.bytes == sum(image.nbytes for image in images)


def test_the_manifest_says_what_was_written(written: Callable) -> None:
    images, steps = patches([(8, 6)] * 300), []
    store = written(images, progress=lambda *step: steps.append(step))
    manifest = json.loads((store.folder / "manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(b"".join(image.tobytes() for image in images)).hexdigest()
    assert (manifest["samples"], manifest["size"], manifest["dataset"]) == (300, [8, 6], "memory")
    assert steps == [(256, 300), (300, 300)]


def test_it_pickles_to_its_place(written: Callable) -> None:
    images = patches([(32, 32)] * 20)
    store = written(images)
    store.read([0])
    sent = pickle.dumps(store)
    assert len(sent) < 2000
    np.testing.assert_array_equal(pickle.loads(sent).read([19]), images[19][None])  # noqa: S301  (our own bytes)


def test_a_changed_byte_is_found_by_verifying(written: Callable) -> None:
    store, steps = written(patches(SIZES)), []
    store.verify(lambda *step: steps.append(step))
    assert steps[-1] == (store.bytes, store.bytes)
    content = bytearray((store.folder / "pixels.bin").read_bytes())
    content[100] ^= 1
    (store.folder / "pixels.bin").write_bytes(content)
    with pytest.raises(CorruptDataError, match=r"pixels\.bin is not as it was written.*convert again"):
        store.verify()


def replace(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (replace("pixels.bin", lambda old: old[:-1]), "pixels.bin has another size"),
        (lambda folder: (folder / "pixels.bin").unlink(), "pixels.bin cannot be read"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json cannot be read"),
        (replace("manifest.json", lambda old: old[:20]), "manifest.json is not as it was written"),
        (replace("manifest.json", lambda old: b"[]"), "manifest.json is not as it was written"),
        (replace("manifest.json", lambda old: old.replace(b'"size": null', b'"size": 5')), "not as it was written"),
        (replace("manifest.json", lambda old: old.replace(b'"size": null', b'"siz": null')), "not as it was written"),
        (replace("manifest.json", lambda old: old.replace(b'"samples": ', b'"samples": 1')), "sizes.npy does not fit"),
        (replace("manifest.json", lambda old: old.replace(b'"format": 1', b'"format": 9')), "another version"),
        (replace("sizes.npy", lambda old: old[:100]), "sizes.npy cannot be read"),
        (replace("sizes.npy", lambda old: old[:-1] + b"\1"), "sizes.npy does not fit"),
    ],
)
def test_damage_is_seen_when_it_is_opened(written: Callable, damage: Callable[[Path], object], says: str) -> None:
    folder = written(patches(SIZES)).folder
    damage(folder)
    with pytest.raises(CorruptDataError, match=says):
        MemmapPatches(folder)
