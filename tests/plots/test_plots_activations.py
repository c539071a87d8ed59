from histo_core.plots.activations import activation_figure, activity_table, histogram_table, never_active_figure
from histo_core.training.activations import EDGES, EpochActivity, LayerActivity, in_words

ZERO, ONE = EDGES.index(0.0), EDGES.index(1.0)


def layer(name: str, never: int, **counts: int) -> LayerActivity:
    """Of four units; ``zero``, ``half`` (above 0.71, up to 1) and ``huge`` outputs."""
    bins = [0] * (len(EDGES) + 1)
    bins[ZERO], bins[ONE], bins[-1] = (counts.get(kind, 0) for kind in ("zero", "half", "huge"))
    return LayerActivity(name, 4, never, 0.0, 2.0, 8.0, 16.0, tuple(bins))


EPOCHS = [
    EpochActivity(0, (layer("conv <1>", 0, zero=5, half=5), layer("head", 2, zero=1, half=3))),
    EpochActivity(1, (layer("conv <1>", 1, zero=6, half=3, huge=1), layer("head", 3, zero=4))),
]


def test_a_row_a_layer_and_a_column_an_epoch() -> None:
    figure = never_active_figure(EPOCHS)
    (drawn,) = figure.data
    assert (drawn.x, [list(row) for row in drawn.z]) == ((1, 2), [[0.0, 0.25], [0.5, 0.75]])
    assert (drawn.zmin, drawn.zmax) == (0, 0.75)
    (pale,) = never_active_figure([EpochActivity(0, (layer("a", 0, half=1),))]).data
    assert pale.zmax == 0.1, "no share at all is not drawn as if it were the largest"
    assert figure.layout.yaxis.ticktext == ("conv &lt;1&gt;", "head")
    assert figure.layout.yaxis.autorange == "reversed"
    alt = figure.to_dict()["layout"]["meta"]["alt"]
    assert alt == in_words(EPOCHS[-1])


def test_names_of_a_deep_network_are_cut_at_their_start_and_thinned() -> None:
    layers = tuple(layer(f"features.denseblock{number}.denselayer{number}.relu", 0, half=1) for number in range(120))
    figure = never_active_figure([EpochActivity(0, layers)])
    assert figure.layout.height < 1200
    assert len(figure.layout.yaxis.ticktext) == 40
    assert figure.layout.yaxis.ticktext[1] == "…enseblock3.denselayer3.relu"


def test_outputs_of_the_first_and_the_last_epoch_without_those_of_0() -> None:
    """The bins from the first filled one to the last: above 0.71 up to all that is above 1024."""
    figure = activation_figure(EPOCHS, "conv <1>")
    first, last = figure.data
    assert (first.name, last.name) == ("after epoch 1", "after epoch 2")
    assert (first.y[0], last.y[0], last.y[-1]) == (0.5, 0.3, 0.1)
    assert len(first.y) == len(EDGES) - ONE + 1
    assert (last.customdata[0], last.customdata[-1]) == ("above 0.707 up to 1", "above 1.02e+03")
    alt = figure.to_dict()["layout"]["meta"]["alt"]
    assert alt == "Outputs of conv <1> that are 0: 50.0% after epoch 1 and 60.0% after epoch 2."


def test_one_epoch_alone_and_a_layer_that_gives_0_only() -> None:
    (line,) = activation_figure(EPOCHS[1:], "head").data
    assert line.y is None or len(line.y) == 0


def test_tables_hold_all_of_it() -> None:
    table = activity_table(EPOCHS)
    assert table[["epoch", "layer", "never_active", "mean"]].to_numpy().tolist() == [
        [1, "conv <1>", 0, 0.8],
        [1, "head", 2, 2.0],
        [2, "conv <1>", 1, 0.8],
        [2, "head", 3, 2.0],
    ]
    bins = histogram_table(EPOCHS, "head").query("outputs > 0")
    assert bins[["epoch", "up_to", "outputs"]].to_numpy().tolist() == [[1, 0.0, 1], [1, 1.0, 3], [2, 0.0, 4]]
