import pandas as pd

from histo_core.plots.counts import counts_by_figure, counts_figure


def split_counts(patients: list[int | None]) -> pd.DataFrame:
    """As `Split.counts` gives them."""
    index = pd.Index(["train", "valid", "test"], name="split")
    table = pd.DataFrame({"normal": [1200, 300, 200], "tumour": [800, 100, 400]}, index=index)
    return table.assign(patients=pd.array(patients, dtype="Int64"))


def test_one_bar_a_set_and_one_colour_a_class() -> None:
    figure = counts_figure(split_counts([24, 6, 10]))
    normal, tumour = figure.data
    assert (normal.y, tumour.y) == ((1200, 300, 200), (800, 100, 400))
    assert normal.x[0] == "train<br>24 patients"
    assert normal.marker.color != tumour.marker.color
    assert figure.to_dict()["layout"]["meta"]["alt"] == "3,000 labelled patches: 2,000 train, 400 valid, 600 test."


def test_unknown_patients_are_not_counted() -> None:
    assert counts_figure(split_counts([None] * 3)).data[0].x == ("train", "valid", "test")
    assert counts_figure(split_counts([None] * 3).drop(columns="patients")).data[0].x == ("train", "valid", "test")


def test_counts_by_a_column_with_patches_without_a_label_in_grey() -> None:
    table = pd.DataFrame({"<b>a</b>": [3, 0], "b": [1, 5], "total": [4, 7]}, pd.Index(["40", "400"], name="scan_date"))
    figure = counts_by_figure(table)
    assert [trace.name for trace in figure.data] == ["&lt;b&gt;a&lt;/b&gt;", "b", "no label"]
    assert [list(trace.y) for trace in figure.data] == [[3, 0], [1, 5], [0, 2]]
    layout = figure.to_dict()["layout"]
    assert layout["meta"]["alt"] == "11 patches by scan date: 2 values, from 4 to 7 patches each."
    assert layout["xaxis"]["showticklabels"]


def test_counts_by_many_values_and_by_none() -> None:
    index = pd.Index([f"slide {n}" for n in range(399)], name="slide_id")
    table = pd.DataFrame({"a": 1, "b": 2, "total": 3}, index)
    figure = counts_by_figure(table)
    assert len(figure.data) == 2
    assert not figure.to_dict()["layout"]["xaxis"]["showticklabels"]
    assert counts_by_figure(table.iloc[:0]).to_dict()["layout"]["meta"]["alt"] == "0 patches by slide id: 0 values."
