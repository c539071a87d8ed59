from histo_core.plots.training import curves_figure
from histo_core.training.events import EpochDone


def epochs(*losses: float) -> list[EpochDone]:
    best = [loss == min(losses[: i + 1]) for i, loss in enumerate(losses)]
    return [EpochDone(i, loss / 2, loss, 0.5, None, 1.0, best[i]) for i, loss in enumerate(losses)]


def test_lines_and_the_best_epoch_of_each_run() -> None:
    figure = curves_figure({"CNN <1>": epochs(0.7, 0.5, 0.6), "waiting": [], "ResNet": epochs(0.4)})
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name) == [
        "CNN &lt;1&gt;, validation", "CNN &lt;1&gt;, training", "CNN &lt;1&gt;, best epoch",
        "ResNet, validation", "ResNet, training", "ResNet, best epoch",
    ]  # fmt: skip
    assert by_name["CNN &lt;1&gt;, validation"].x == (1, 2, 3)
    assert by_name["CNN &lt;1&gt;, training"].y == (0.35, 0.25, 0.3)
    assert (by_name["CNN &lt;1&gt;, best epoch"].x, by_name["CNN &lt;1&gt;, best epoch"].y) == ((2,), (0.5,))
    assert by_name["ResNet, validation"].mode == "lines+markers"  # a line of one point shows nothing
    assert figure.to_dict()["layout"]["meta"]["alt"] == "Validation loss is lowest for ResNet: 0.400 after epoch 1."


def test_before_the_first_epoch_the_figure_says_so() -> None:
    figure = curves_figure({"CNN": []})
    assert figure.layout.annotations[0].text == "The curves begin when the first epoch ends."
    assert len(figure.data) == 0
