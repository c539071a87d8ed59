"""Overlays of hand-made maps: colours by hand, pieces of the figure, pixels of the PNG."""

from __future__ import annotations

import base64
import dataclasses
from io import BytesIO

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from histo_core.errors import ConfigError
from histo_core.explanation.base import Explanation
from histo_core.explanation.influence import Influence
from histo_core.plots.overlay import common_scale, describe, overlay_figure, overlay_png
from histo_core.plots.overlay_layers import edges, enlarge, plotly_scale, signed_colours, unseen_label

BLUE, ORANGE = (0, 114, 178), (230, 159, 0)
PINK = (200, 150, 190)
SIDE, FACTOR = 24, 20


def explained(*, cropped: bool = True, name: str = "tumour", strength: float = 0.4) -> Explanation:
    """24 x 24; the middle 16 x 16 seen: its left half speaks for, its right half against at half the strength."""
    values, seen = np.zeros((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), not cropped)
    values[4:20, 4:12], values[4:20, 12:20] = strength, -strength / 2
    seen[4:20, 4:20] = True
    segments = np.where(seen, np.arange(SIDE)[None] // 12, -1)
    return Explanation("lime", values, seen, 1, name, 0.87, {}, 0, {"r_squared": 0.9}, segments)


@pytest.fixture
def pink() -> np.ndarray:
    return np.full((SIDE, SIDE, 3), PINK, np.uint8)


def heatmap(figure: go.Figure) -> go.Heatmap:
    return next(trace for trace in figure.data if isinstance(trace, go.Heatmap))


def decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def test_signed_colours_by_hand() -> None:
    colours = signed_colours(np.array([[-2.0, -1.0, -0.4, 0.0, 0.2, 1.0, 3.0]]), scale=1)
    assert colours.dtype == np.uint8
    assert colours[0, :3].tolist() == [[*BLUE, 255], [*BLUE, 255], [*BLUE, 102]]
    assert colours[0, 3, 3] == 0
    assert colours[0, 4:].tolist() == [[*ORANGE, 51], [*ORANGE, 255], [*ORANGE, 255]]


def test_the_figure_uses_the_same_colours() -> None:
    stops = plotly_scale()
    assert stops[0] == [0.0, "rgba(0,114,178,1)"]
    assert stops[-1] == [1.0, "rgba(230,159,0,1)"]
    assert [stop for stop, _ in stops] == [0, 0.5, 0.5, 1]
    assert all(str(colour).endswith(",0)") for stop, colour in stops if stop == 0.5)


def test_the_figure(pink: np.ndarray) -> None:
    explanation = explained()
    figure = overlay_figure(pink, explanation, opacity=0.3)
    drawn = heatmap(figure)
    assert (drawn.zmin, drawn.zmax) == pytest.approx((-0.4, 0.4))
    assert drawn.opacity == 0.3
    assert np.isnan(drawn.z[~explanation.seen]).all()
    np.testing.assert_array_equal(drawn.z[explanation.seen], explanation.map[explanation.seen])
    assert list(drawn.colorbar.ticktext) == ["-0.4 speaks<br>against", "0", "0.4 speaks<br>for tumour"]
    assert figure.layout.title.text == "What spoke for tumour, by LIME"
    assert figure.layout.meta["alt"] == describe(explanation)
    assert [note.text for note in figure.layout.annotations] == ["not seen"]


def test_axes_are_pixels_of_equal_size_from_the_top(pink: np.ndarray) -> None:
    layout = overlay_figure(pink, explained()).layout
    assert layout.xaxis.range == (-0.5, 23.5)
    assert layout.yaxis.range == (23.5, -0.5)
    assert layout.yaxis.scaleanchor == "x"


def test_fine_marks_lie_on_the_image(pink: np.ndarray) -> None:
    first, marks = (trace for trace in overlay_figure(pink, explained()).data if isinstance(trace, go.Image))
    pixels = Image.open(BytesIO(base64.b64decode(marks.source.split(",")[1])))
    assert Image.open(BytesIO(base64.b64decode(first.source.split(",")[1]))).size == (SIDE, SIDE)
    # Edges, not centres, must agree: the first fine pixel begins and the last one ends where the image does.
    assert marks.x0 - marks.dx / 2 == pytest.approx(-0.5)
    assert marks.x0 + (pixels.width - 0.5) * marks.dx == pytest.approx(SIDE - 0.5)
    assert marks.y0 + (pixels.height - 0.5) * marks.dy == pytest.approx(SIDE - 0.5)


def test_two_maps_at_one_scale(pink: np.ndarray) -> None:
    weak, strong = explained(strength=0.1), explained(strength=0.8)
    scale = common_scale(weak, strong)
    assert scale == pytest.approx(0.8)
    assert heatmap(overlay_figure(pink, weak, scale=scale)).zmax == scale
    assert decoded(overlay_png(pink, weak, scale=scale))[240, 160].tolist() != pytest.approx(
        decoded(overlay_png(pink, weak))[240, 160].tolist(), abs=20
    )


def test_a_map_of_zeros_can_be_drawn(pink: np.ndarray) -> None:
    nothing = explained(strength=0, cropped=False)
    assert common_scale(nothing) == 1
    assert heatmap(overlay_figure(pink, nothing)).zmax == 1
    assert (decoded(overlay_png(pink, nothing))[: SIDE * FACTOR, : SIDE * FACTOR] == PINK).all()


def test_names_are_shown_letter_by_letter(pink: np.ndarray) -> None:
    figure = overlay_figure(pink, explained(name="<b>x</b>"))
    assert "&lt;b&gt;x&lt;/b&gt;" in figure.layout.title.text
    assert heatmap(figure).colorbar.ticktext[2] == "0.4 speaks<br>for &lt;b&gt;x&lt;/b&gt;"
    assert decoded(overlay_png(pink, explained(name="Ö<ü>"))).any()


def test_the_mask_is_named_only_when_given(pink: np.ndarray) -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[8:12, 8:12] = True
    assert [t.name for t in overlay_figure(pink, explained(), mask=mask).data if t.name] == ["tumour (mask)"]
    assert not [t.name for t in overlay_figure(pink, explained()).data if t.name]


def test_the_png_by_hand(pink: np.ndarray) -> None:
    picture = decoded(overlay_png(pink, explained(), opacity=0.5))
    assert picture.shape[0] == SIDE * FACTOR
    assert picture.shape[1] > SIDE * FACTOR
    half_orange = [round((a + b) / 2) for a, b in zip(PINK, ORANGE, strict=True)]
    quarter_blue = [a * 0.75 + b * 0.25 for a, b in zip(PINK, BLUE, strict=True)]
    assert picture[240, 160].tolist() == pytest.approx(half_orange, abs=1)
    assert picture[240, 320].tolist() == pytest.approx(quarter_blue, abs=1)
    unseen = picture[20 * FACTOR : 24 * FACTOR, : 24 * FACTOR]
    assert len(np.unique(unseen.reshape(-1, 3), axis=0)) == 2, "two greys: hatching"
    assert not (unseen == PINK).all(axis=-1).any()


def test_the_png_says_not_seen_only_where_something_is_cropped(pink: np.ndarray) -> None:
    strip = np.s_[: 4 * FACTOR, : SIDE * FACTOR]
    assert (decoded(overlay_png(pink, explained()))[strip] == 255).all(axis=-1).any(), "the words stand on white"
    assert (decoded(overlay_png(pink, explained(), show_seen=False))[strip] == PINK).all()
    assert (decoded(overlay_png(pink, explained(cropped=False)))[strip] == PINK).all()


def test_opacity_zero_shows_the_image_alone(pink: np.ndarray) -> None:
    picture = decoded(overlay_png(pink, explained(), opacity=0, show_seen=False))
    assert (picture[:, : SIDE * FACTOR] == PINK).all()


def test_the_outline_of_the_mask_by_hand(pink: np.ndarray) -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[8:12, 8:12] = True
    picture = decoded(overlay_png(pink, explained(cropped=False), opacity=0, mask=mask))
    row, left = 10 * FACTOR, 8 * FACTOR
    assert picture[row, left - 3 : left + 3, 0].tolist() == [200, 255, 255, 0, 0, 200]


def test_borders_between_superpixels(pink: np.ndarray) -> None:
    explanation = explained(cropped=False)
    without, with_borders = (
        decoded(overlay_png(pink, explanation, opacity=0, borders=borders)) for borders in (False, True)
    )
    changed = np.flatnonzero((without != with_borders).any(axis=(0, 2)))
    assert changed.tolist() == [12 * FACTOR - 1, 12 * FACTOR]


def test_a_large_image_is_still_enlarged_four_times() -> None:
    image = np.zeros((130, 200, 3), np.uint8)
    explanation = Explanation("gradcam", np.zeros((130, 200), np.float32), np.ones((130, 200), bool), 0, "a", 0.5, {})
    assert decoded(overlay_png(image, explanation)).shape[0] == 4 * 130


def test_the_png_carries_its_words(pink: np.ndarray) -> None:
    with Image.open(BytesIO(overlay_png(pink, explained()))) as picture:
        assert picture.info["Description"] == describe(explained())


def test_edges_and_enlarging_by_hand() -> None:
    labels = np.array([[0, 0, 1], [0, 0, 1]])
    assert edges(labels).tolist() == [[False, True, True], [False, True, True]]
    assert edges(labels.T).tolist() == [[False, False], [True, True], [True, True]]
    assert enlarge(np.array([[1, 2]]), 2).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_where_not_seen_is_written() -> None:
    seen = np.ones((10, 20), bool)
    assert unseen_label(seen) is None
    seen[:, :5] = seen[:, 15:] = False
    assert unseen_label(seen) == (2, 4.5)
    seen[:6] = False
    assert unseen_label(seen) == (9.5, 2.5)


@pytest.mark.parametrize("draw", [overlay_figure, overlay_png])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"opacity": 1.1}, "opacity = 1.1"),
        ({"scale": 0}, "scale = 0"),
        ({"scale": float("nan")}, "scale = nan"),
        ({"mask": np.zeros((3, 4), bool)}, "The mask is 4 x 3 pixels, the map 24 x 24"),
        ({"image": np.zeros((5, 6, 3), np.uint8)}, "The image is 6 x 5 pixels"),
    ],
)
def test_what_does_not_fit_is_refused(pink: np.ndarray, draw: object, wrong: dict[str, object], message: str) -> None:
    assert callable(draw)
    with pytest.raises(ConfigError, match=message):
        draw(**{"image": pink, "explanation": explained(), **wrong})


def negligible() -> Explanation:
    return dataclasses.replace(explained(), influence=Influence(3.0, 0.02, 0.1, 0.25))


def test_a_negligible_map_is_grey(pink: np.ndarray) -> None:
    figure = overlay_figure(pink, negligible(), opacity=1)
    drawn = heatmap(figure)
    assert {str(colour) for _, colour in drawn.colorscale} == {"rgba(110,110,110,1)", "rgba(110,110,110,0)"}
    assert list(drawn.colorbar.ticktext) == ["-0.4<br>negligible", "0", "0.4<br>negligible"]
    assert "nothing in the picture moves this answer" in figure.layout.meta["alt"]
    picture = decoded(overlay_png(pink, negligible(), opacity=1))
    assert (picture[10 * FACTOR, 6 * FACTOR] == 110).all(), "full grey, where the map is strongest"
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    assert spread.max() <= max(PINK) - min(PINK), "no colour is stronger than the patch's own"
    with Image.open(BytesIO(overlay_png(pink, negligible()))) as png:
        assert "nothing in the picture moves this answer" in png.info["Description"]


def test_a_map_that_matters_is_in_colour(pink: np.ndarray) -> None:
    telling = dataclasses.replace(explained(), influence=Influence(3.0, 2.0, 4.0, 0.25))
    assert heatmap(overlay_figure(pink, telling)).colorscale == heatmap(overlay_figure(pink, explained())).colorscale
    assert overlay_png(pink, telling) == overlay_png(pink, explained())


@pytest.mark.parametrize("shape", [(1, 64), (2, 500), (64, 1), (8, 40), (1, 1)])
def test_a_flat_or_narrow_image_has_its_colour_bar(shape: tuple[int, int]) -> None:
    values = np.linspace(-1, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    found = Explanation("gradcam", values, np.ones(shape, bool), 1, "tumour", 0.9, {})
    picture = decoded(overlay_png(np.full((*shape, 3), PINK, np.uint8), found))
    assert picture.shape[0] >= 100
