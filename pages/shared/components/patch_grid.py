"""Patches one can click: each is a button cut from one contact sheet, so that a page is one picture and not dozens."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

from streamlit.components.v2 import component

COLUMNS = 12
LARGEST = 256
"""Pixels of a patch's longer side in the sheet, at most; a smaller patch keeps every pixel it has."""


class Cell(NamedTuple):
    """One patch of a grid. Its name and note come from the user's files and are only ever set as text."""

    name: str
    note: str
    colour: str
    chosen: bool = False


# Names reach the page by textContent's safe kin (title, ariaLabel) and never as HTML.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const letters = atob(data.sheet), bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const rows = Math.ceil(data.cells.length / data.columns);
  const share = (position, count) => (count > 1 ? (100 * position) / (count - 1) : 0) + "%";
  grid.style.setProperty("--side", data.side + "px");
  grid.replaceChildren(
    ...data.cells.map((cell, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = cell.name + "\\n" + cell.note;
      button.ariaLabel = cell.name + ", " + cell.note;
      button.style.borderColor = cell.colour;
      button.classList.toggle("chosen", cell.chosen);
      button.style.backgroundImage = `url(${address})`;
      button.style.backgroundSize = `${100 * data.columns}% ${100 * rows}%`;
      button.style.backgroundPosition =
        share(number % data.columns, data.columns) + " " + share(Math.floor(number / data.columns), rows);
      button.style.imageRendering = data.side > data.cell ? "pixelated" : "auto";
      button.onclick = () => setTriggerValue("opened", number);
      return button;
    }),
  );
  return () => URL.revokeObjectURL(address);
}
"""
_CSS = """
.grid { display: grid; gap: 4px; grid-template-columns: repeat(auto-fill, calc(var(--side) + 6px)); }
button {
  width: calc(var(--side) + 6px); height: calc(var(--side) + 6px); padding: 0; border: 3px solid; border-radius: 2px;
  background-color: transparent; background-origin: content-box; background-clip: content-box;
  background-repeat: no-repeat; cursor: pointer;
}
button:hover { filter: brightness(1.1); }
button.chosen, button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""
_GRID = component("histoscope_patch_grid", html='<div class="grid"></div>', css=_CSS, js=_JS)


def patch_grid(sheet: bytes, cell: int, cells: Sequence[Cell], *, side: int, key: str) -> int | None:
    """Draw patches as buttons, as many in a row as there is room for.

    Args:
        sheet: their picture, from `pages.shared.components.contact_sheet.packed_sheet` with `COLUMNS` columns.
        cell: side of one of its cells in pixels.
        cells: the patches in the sheet's order.
        side: of a drawn patch, in the page's pixels; pixels that grow stay square.
        key: keeps the grid in place while its patches change.

    Returns:
        The number of the patch that was just clicked; None unless one was.
    """
    result = _GRID(
        key=key,
        data={
            "sheet": base64.b64encode(sheet).decode("ascii"),
            "cell": cell,
            "columns": min(COLUMNS, len(cells)),
            "side": side,
            "cells": [cell._asdict() for cell in cells],
        },
        on_opened_change=lambda: None,
    )
    return None if result.opened is None else int(result.opened)
