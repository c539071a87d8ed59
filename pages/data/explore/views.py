"""The views of the Data page, by their names in the URL."""

from __future__ import annotations

from importlib import import_module

from pages.data.explore import selection
from pages.data.explore.context import Explored

TITLES = {
    "overview": "Overview",
    "gallery": "Gallery",
    "map": "Map",
    "mosaic": "Mosaic",
    "stain": "Stain",
    "augment": "Augmentation",
    "split": "Splits",
    "audit": "Audit",
    "files": "Files",
}
_OF_SELECTION = {
    "overview": "overview",
    "gallery": "gallery",
    "map": "patch_map",
    "stain": "stain",
    "augment": "augmentation",
}
"""The modules of views that show the selection; the others look at the whole of the data."""


def draw(name: str, page: Explored) -> None:
    """Draw one view; its module is loaded when it is first asked for, and no other view runs."""
    if name in _OF_SELECTION:
        module = import_module(f"pages.data.explore.{_OF_SELECTION[name]}")
        module.draw(page, selection.choose(page))
    elif name == "mosaic":
        import_module("pages.data.explore.mosaic").draw(page)
    else:
        import_module(f"pages.data.{name}_view").draw(page.source, page.split, page.data, page.division)
