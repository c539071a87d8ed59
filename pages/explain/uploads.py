"""Take an image of the user's own, and choose the tile of it that is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.explain.patches import Patch
from pages.shared.components import image_upload
from pages.shared.components.image_upload import say_doubts, sha256_of

if TYPE_CHECKING:
    from histo_core.prediction.image_answer import ImageAnswer  # it loads PyTorch

__all__ = ["Upload", "say_doubts", "uploaded"]


@dataclass(frozen=True, eq=False)
class Upload:
    """An image of the user's own: the model's answer, and the tile of it that is explained."""

    answer: ImageAnswer
    patch: Patch


def uploaded(run: Run, workspace: Workspace) -> Upload | None:
    """Draw the uploader, and the tiles of an image that is larger than the training patches.

    Returns:
        None until an image is chosen. Its name is only displayed.
    """
    found = image_upload.upload(run, workspace)
    if found is None:
        return None
    answer = found.answer
    chosen = image_upload.choose_tile(found, "Tile to explain", "explained", page="explain") if answer.tiled else 0
    tile = image_upload.tile_of(found, chosen)
    name = f"{found.name}, tile {chosen + 1}" if answer.tiled else found.name
    doubts = tuple(doubt.sentence for doubt in (*answer.doubts, *answer.tile_doubts[chosen]))
    return Upload(answer, Patch(name, tile, sha256_of(tile), microns=found.microns, doubts=doubts))
