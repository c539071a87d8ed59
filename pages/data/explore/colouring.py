"""Choose what patches are coloured by, the same in gallery, map and mosaic."""

from __future__ import annotations

from dataclasses import dataclass

from histo_core.plots.theme import NEUTRAL, PALETTE, class_colours
from pages.data.explore import predicted
from pages.data.explore.context import Explored
from pages.data.explore.predicted import ANSWER, CLASS, CONFIDENCE, Predicted
from pages.shared.app import url_state
from pages.shared.components import columns
from pages.shared.components.columns import Column

ANSWER_COLOURS = {"wrong": "#D55E00", "right": "#009E73"}
"""Two colours that colour-blind readers tell apart, and the words are beside them."""
BAND_COLOURS = dict(
    zip(predicted.BANDS, ("#00224E", "#35456C", "#666970", "#948E77", "#C8B866", "#FEE838"), strict=True)
)
"""Six steps of cividis."""
_TITLES = {CLASS: "Predicted class", ANSWER: "Right or wrong", CONFIDENCE: "Confidence"}
_ABSENT = {"label": "no label", CLASS: "no prediction", ANSWER: "not judged", CONFIDENCE: "no prediction"}


@dataclass(frozen=True, eq=False)
class Colouring:
    """What patches are coloured by.

    Attributes:
        by: the name of the column, as in the link.
        column: its values and codes.
        colours: of each value.
        absent: the word for patches without a value.
    """

    by: str
    column: Column
    colours: dict[str, str]
    absent: str

    def name(self, row: int) -> str:
        """Return the value of a row, or the word for none."""
        code = int(self.column.codes[row])
        return self.absent if code < 0 else self.column.values[code]

    def colour(self, row: int) -> str:
        """Return the colour of a row; grey without a value."""
        return self.colours.get(self.name(row), NEUTRAL)


def choose(page: Explored, answers: Predicted | None) -> Colouring:
    """Draw the choice of a column of few values: of the data, of the split, or of the predictions."""
    known = {"label": page.columns.label, "split": page.columns.split_set}
    known |= {} if answers is None else answers.columns
    known |= {name: column for name, column in page.columns.filters.items() if len(column.values) <= len(PALETTE)}
    by = url_state.choose(
        "Coloured by",
        "colour",
        list(known),
        format_func=lambda name: _TITLES.get(name) or columns.title(name),
        width=160,
        help="The frames, the dots of the map and the boxes of the mosaic.",
    )
    return Colouring(by, known[by], _colours(by, known[by], page), _ABSENT.get(by, "none"))


def _colours(by: str, column: Column, page: Explored) -> dict[str, str]:
    """Return the colours of a column's values; classes of the data keep theirs."""
    fixed = {ANSWER: ANSWER_COLOURS, CONFIDENCE: BAND_COLOURS}
    if by in fixed:
        return fixed[by]
    known = page.colours if by == CLASS and set(column.values) <= set(page.colours) else {}
    return {name: known.get(name, colour) for name, colour in class_colours(column.values).items()}
