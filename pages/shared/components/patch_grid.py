"""Show clickable patches: each is a button cut from one contact sheet, so that a page sends only one image."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

from streamlit.components.v2 import component

COLUMNS = 12
LARGEST = 256
"""The most pixels of a patch's longer side in the sheet; a smaller patch keeps all its pixels."""


class Cell(NamedTuple):
    """One patch of a grid. All texts come from the user's files and are only set as text.

    Attributes:
        name: its id.
        note: what its button is called besides: label and answer.
        colour: of its frame.
        chosen: whether it is outlined.
        caption: a few words below it, one or several lines; empty for none.
        facts: lines that are shown while it is pointed at or has the focus.
    """

    name: str
    note: str
    colour: str
    chosen: bool = False
    caption: str = ""
    facts: tuple[str, ...] = ()


# Names are set as text (textContent, ariaLabel) and never as HTML.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid"), tip = parentElement.querySelector(".tip");
  const letters = atob(data.sheet), bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const rows = Math.ceil(data.cells.length / data.columns);
  const share = (position, count) => (count > 1 ? (100 * position) / (count - 1) : 0) + "%";
  const hide = () => { tip.hidden = true; };
  const show = (button, cell) => {
    tip.textContent = [cell.name, ...cell.facts].join("\\n");
    tip.hidden = false;
    const at = button.getBoundingClientRect(), own = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(at.left, innerWidth - own.width - 4)) + "px";
    tip.style.top = (at.bottom + own.height + 4 < innerHeight ? at.bottom + 4 : at.top - own.height - 4) + "px";
  };
  hide();
  grid.style.setProperty("--side", data.side + "px");
  grid.replaceChildren(
    ...data.cells.map((cell, number) => {
      const item = document.createElement("div"), button = document.createElement("button");
      button.type = "button";
      button.ariaLabel = cell.name + ", " + cell.note;
      button.ariaDescription = cell.facts.join("; ");
      button.style.borderColor = cell.colour;
      button.classList.toggle("chosen", cell.chosen);
      button.style.backgroundImage = `url(${address})`;
      button.style.backgroundSize = `${100 * data.columns}% ${100 * rows}%`;
      button.style.backgroundPosition =
        share(number % data.columns, data.columns) + " " + share(Math.floor(number / data.columns), rows);
      button.style.imageRendering = data.side > data.cell ? "pixelated" : "auto";
      button.onclick = () => { hide(); setTriggerValue("opened", number); };
      button.onmouseenter = button.onfocus = () => show(button, cell);
      button.onmouseleave = button.onblur = hide;
      button.onkeydown = (event) => event.key === "Escape" && hide();
      item.append(button);
      if (cell.caption) {
        const words = document.createElement("div");
        words.className = "words";
        words.ariaHidden = "true"; // the button's name says the same
        words.textContent = cell.caption;
        item.append(words);
      }
      return item;
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
.words {
  width: calc(var(--side) + 6px); font: 12px/1.4 var(--st-font); color: var(--st-text-color); overflow: hidden;
  text-overflow: ellipsis; white-space: pre;
}
.tip {
  position: fixed; z-index: 10; max-width: 360px; padding: 6px 8px; border: 1px solid var(--st-border-color);
  border-radius: 4px; background: var(--st-background-color); color: var(--st-text-color);
  font: 12px/1.5 var(--st-font); white-space: pre-line; overflow-wrap: anywhere; pointer-events: none;
}
.tip[hidden] { display: none; }
button.chosen, button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""
_HTML = '<div class="grid"></div><div class="tip" role="tooltip" hidden></div>'
_GRID = component("histoscope_patch_grid", html=_HTML, css=_CSS, js=_JS)


def patch_grid(sheet: bytes, cell: int, cells: Sequence[Cell], *, side: int, key: str) -> int | None:
    """Draw patches as buttons, as many in a row as fit.

    Args:
        sheet: their image, from `pages.shared.components.contact_sheet.packed_sheet` with `COLUMNS` columns.
        cell: side of one of its cells in pixels.
        cells: the patches in the sheet's order.
        side: side of a drawn patch, in the page's pixels; enlarged pixels stay square.
        key: keeps the grid while its patches change.

    Returns:
        The index of the patch that was just clicked, or None.
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
