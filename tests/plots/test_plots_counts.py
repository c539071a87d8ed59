import pandas as pd

from histo_core.plots.counts import counts_figure


def split_counts(patients: list[int | None]) -> pd.DataFrame:
    """As `Split.counts` gives them."""
    index = pd.Index(["train", "valid", "test"], name="split")
    table = pd.DataFrame({"normal": [1200, 300, 200], "tumour": [800, 100, 400]}, index=index)
    return table.assign(patients=pd.array(patients, dtype="Int64"))


def test_one_bar_a_part_and_one_colour_a_class() -> None:
    figure = counts_figure(split_counts([24, 6, 10]))
    normal, tumour = figure.data
    assert (normal.y, tumour.y) == ((1200, 300, 200), (800, 100, 400))
    assert normal.x[0] == "train<br>24 patients"
    assert normal.marker.color != tumour.marker.color
    assert figure.to_dict()["layout"]["meta"]["alt"] == "3,000 labelled patches: 2,000 train, 400 valid, 600 test."


def test_unknown_patients_are_not_counted() -> None:
    assert counts_figure(split_counts([None] * 3)).data[0].x == ("train", "valid", "test")
    assert counts_figure(split_counts([None] * 3).drop(columns="patients")).data[0].x == ("train", "valid", "test")
