from dataclasses import replace
from typing import get_args

import pytest

from histo_core.plots.training import Measure, curves_figure, curves_table
from histo_core.runs.store.records import RunProgress
from histo_core.training.events import EpochDone


def epochs(*losses: float) -> list[EpochDone]:
    best = [loss == min(losses[: i + 1]) for i, loss in enumerate(losses)]
    return [EpochDone(i, loss / 2, loss, 0.5, None, 1.0, best[i]) for i, loss in enumerate(losses)]


def test_the_star_stands_at_the_last_epoch_where_that_is_kept() -> None:
    events = [EpochDone(i, 0.1, loss, 0.5, None, 1.0, best=True) for i, loss in enumerate([0.5, 0.4, 0.45])]
    star = next(trace for trace in curves_figure({"CNN": events}).data if trace.name == "CNN, kept epoch")
    assert (star.x, star.y) == ((3,), (0.45,))


def test_lines_and_the_best_epoch_of_each_run() -> None:
    figure = curves_figure({"CNN <1>": epochs(0.7, 0.5, 0.6), "waiting": [], "ResNet": epochs(0.4)})
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name) == [
        "CNN &lt;1&gt;, validation", "CNN &lt;1&gt;, training (running)", "CNN &lt;1&gt;, kept epoch",
        "ResNet, validation", "ResNet, training (running)", "ResNet, kept epoch",
    ]  # fmt: skip
    assert by_name["CNN &lt;1&gt;, validation"].x == (1, 2, 3)
    assert by_name["CNN &lt;1&gt;, training (running)"].y == (0.35, 0.25, 0.3)
    assert (by_name["CNN &lt;1&gt;, kept epoch"].x, by_name["CNN &lt;1&gt;, kept epoch"].y) == ((2,), (0.5,))
    assert by_name["ResNet, validation"].mode == "lines+markers"  # a line of one point shows nothing
    assert figure.to_dict()["layout"]["meta"]["alt"] == "Validation loss is lowest for ResNet: 0.400 after epoch 1."


def test_before_the_first_epoch_the_figure_says_so() -> None:
    figure = curves_figure({"CNN": []})
    assert figure.layout.annotations[0].text == "The curves begin when the first epoch ends."
    assert len(figure.data) == 0


def test_accuracy_and_auroc_are_of_validation_and_star_the_epoch_that_is_kept() -> None:
    events = [EpochDone(0, 0.3, 0.4, 0.7, 0.75, 1.0, True), EpochDone(1, 0.2, 0.5, 0.8, 0.85, 1.0, False)]
    for measure, values in (("accuracy", (0.7, 0.8)), ("AUROC", (0.75, 0.85))):
        line, star = curves_figure({"CNN": events}, measure).data
        assert (line.name, line.y) == ("CNN, validation", values)
        assert (star.x, star.y) == ((1,), values[:1])
    title = curves_figure({"CNN": events}, "AUROC").to_dict()["layout"]["meta"]["alt"]
    assert title == (
        "Validation AUROC is highest for CNN: 0.850 after epoch 2; the star marks epoch 1, whose weights are kept."
    )


ALL = EpochDone(
    0, 0.3, 0.4, 0.71, 0.72, 1.0, True, None,
    train_accuracy=0.81, train_auroc=0.82, train_precision=0.83, train_recall=0.84, train_f1=0.85,
    valid_precision=0.73, valid_recall=0.74, valid_f1=0.75,
)  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "valid", "train", "axis"),
    [
        ("loss", 0.4, 0.3, "Cross-entropy loss (nats)"),
        ("accuracy", 0.71, 0.81, "Accuracy (share of patches)"),
        ("AUROC", 0.72, 0.82, "AUROC"),
        ("precision", 0.73, 0.83, "Precision of the positive class"),
        ("recall", 0.74, 0.84, "Recall of the positive class"),
        ("F1", 0.75, 0.85, "F1 of the positive class"),
    ],
)
def test_each_measure_is_drawn_of_both_sets(measure: Measure, valid: float, train: float, axis: str) -> None:
    figure = curves_figure({"CNN": [ALL]}, measure)
    drawn = {trace.name: trace.y for trace in figure.data}
    assert drawn == {"CNN, validation": (valid,), "CNN, training (running)": (train,), "CNN, kept epoch": (valid,)}
    assert figure.layout.yaxis.title.text == axis


def test_every_measure_that_can_be_chosen_is_drawn() -> None:
    assert all(len(curves_figure({"CNN": [ALL]}, measure).data) == 3 for measure in get_args(Measure))


def test_averages_over_classes_are_named_as_such() -> None:
    def axis(measure: Measure, **runs: EpochDone) -> str:
        return curves_figure({name: [event] for name, event in runs.items()}, measure).layout.yaxis.title.text

    eight = replace(ALL, macro=True)
    assert axis("F1", eight=eight) == "F1 (macro average)"
    assert "macro F1 is highest for eight: 0.750" in curves_figure({"eight": [eight]}, "F1").layout.meta["alt"]
    assert axis("AUROC", eight=eight) == "AUROC (mean of one class against the rest)"
    assert axis("loss", eight=eight) == "Cross-entropy loss (nats)"
    assert axis("accuracy", eight=eight, two=ALL) == "Accuracy (share of patches)"
    assert axis("recall", eight=eight, two=ALL) == "Recall of the positive class, or Recall (macro average)"


def test_what_an_older_version_did_not_record_has_no_line_and_is_said() -> None:
    figure = curves_figure({"old": epochs(0.5), "new": [ALL]}, "precision")
    assert {trace.name.split(",")[0] for trace in figure.data} == {"new"}
    alone = curves_figure({"old": epochs(0.5)}, "precision").to_dict()["layout"]["meta"]["alt"]
    assert alone == "Validation precision is not known: it was not recorded, or no patch was called positive."


def test_an_auroc_that_is_not_defined_is_said_to_be() -> None:
    figure = curves_figure({"CNN": epochs(0.5)}, "AUROC")
    assert figure.to_dict()["layout"]["meta"]["alt"].startswith("Validation AUROC is not defined")


NOW = RunProgress("training", epoch=2, epochs=4, batch=15, batches=20, train_loss=0.61)


def test_the_epoch_that_goes_on_is_an_open_circle_at_its_share_of_batches() -> None:
    figure = curves_figure({"CNN": epochs(0.7, 0.5), "first": []}, now={"CNN": NOW, "first": replace(NOW, epoch=0)})
    within = {trace.name: trace for trace in figure.data if trace.marker.symbol == "circle-open"}
    assert {name: (trace.x, trace.y) for name, trace in within.items()} == {
        "CNN, this epoch so far": ((2.75,), (0.61,)),
        "first, this epoch so far": ((0.75,), (0.61,)),
    }
    colours = {trace.line.color for trace in figure.data if trace.mode == "lines"}
    assert colours == {within["CNN, this epoch so far"].marker.color}
    assert figure.layout.xaxis.dtick == 1


@pytest.mark.parametrize(
    "now", [replace(NOW, batch=0), replace(NOW, train_loss=None), replace(NOW, phase="predicting"), None]
)
def test_what_is_not_within_an_epoch_has_no_open_circle(now: RunProgress | None) -> None:
    going = {} if now is None else {"CNN": now}
    assert len(curves_figure({"CNN": epochs(0.7)}, now=going).data) == 3
    assert len(curves_figure({"CNN": epochs(0.7)}, "accuracy", {"CNN": NOW}).data) == 2


def test_the_file_has_a_row_for_each_run_and_epoch() -> None:
    table = curves_table({"CNN": epochs(0.7, 0.5), "ResNet": epochs(0.4)})
    assert table[["run", "epoch", "valid_loss"]].to_numpy().tolist() == [
        ["CNN", 1, 0.7],
        ["CNN", 2, 0.5],
        ["ResNet", 1, 0.4],
    ]
