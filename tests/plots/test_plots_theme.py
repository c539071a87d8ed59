import plotly.graph_objects as go

from histo_core.plots.theme import OKABE_ITO, class_colours, label, model_line, new_figure


def test_a_class_keeps_its_colour() -> None:
    assert class_colours(("normal", "tumour")) == {"normal": OKABE_ITO[0], "tumour": OKABE_ITO[1]}
    assert len(set(class_colours([str(i) for i in range(8)]).values())) == 8


def test_sixteen_models_have_lines_of_their_own() -> None:
    assert len({tuple(model_line(i).values()) for i in range(16)}) == 16


def test_names_are_shown_letter_by_letter() -> None:
    assert label('<a href="x">&') == '&lt;a href="x"&gt;&amp;'


def test_the_page_decides_text_and_background() -> None:
    layout = new_figure("A sentence.", "key").to_dict()["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert "font" not in layout
    assert layout["uirevision"] == "key"
    assert layout["meta"] == {"alt": "A sentence."}


def test_a_long_title_is_broken_and_gets_room() -> None:
    def height(figure: go.Figure) -> int:
        return figure.to_dict()["layout"]["height"]

    long = new_figure("<b> " * 40, "key")
    text = long.to_dict()["layout"]["title"]["text"]
    assert "<br>" in text
    assert "<b>" not in text
    assert height(long) > height(new_figure("short", "key"))
    assert height(new_figure("short", "key", legend=3)) > height(new_figure("short", "key"))
