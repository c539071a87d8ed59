import hashlib
import io
import json
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from histo_core.comparison.compare import compare
from histo_core.comparison.threshold import ThresholdRule
from histo_core.reports.comparison import comparison_html, comparison_zip, write_comparison
from histo_core.reports.page import DISCLAIMER

FILES = [
    *("index.html", "metrics.csv", "differences.csv", "class_report.csv", "roc.csv", "confusion.csv"),
    "manifest.json",
]


class Tags(HTMLParser):
    """All tags with their attributes, and the scripts' texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.scripts[-1] += data


@pytest.fixture
def parsed(comparison) -> Tags:
    found = Tags()
    found.feed(comparison_html(comparison))
    return found


def test_the_file_asks_for_nothing(parsed: Tags) -> None:
    assert not [tag for tag in parsed.tags if {"src", "href", "data", "action"} & tag[1].keys()]
    assert not {"link", "img", "iframe", "object"} & {tag for tag, _ in parsed.tags}
    policy = next(
        attributes["content"] for tag, attributes in parsed.tags if "http-equiv" in attributes and tag == "meta"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")


def test_plotly_is_there_once_and_every_figure_has_a_text(comparison, parsed: Tags) -> None:
    assert sum(len(script) >= len(get_plotlyjs()) for script in parsed.scripts) == 1
    figures = [attributes for tag, attributes in parsed.tags if tag == "figure"]
    assert len(figures) == 1 + len(comparison.results)
    assert all(attributes["aria-label"] for attributes in figures)


def test_hostile_names_stay_text(comparison, parsed: Tags) -> None:
    assert not any("alert(1)" in script and "Plotly.newPlot" not in script for script in parsed.scripts[1:])
    assert len(parsed.scripts) == 1 + 1 + len(comparison.results)
    text = comparison_html(comparison)
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text


def test_the_verdict_the_numbers_and_the_disclaimer_are_in_it(comparison) -> None:
    text = comparison_html(comparison)
    assert str(comparison.results[0].auroc) in text
    assert DISCLAIMER in text
    assert "patches count as independent" in text
    assert "P, corrected" in text
    assert "All 3 pairs of models were tested" in text
    assert "(reference)" in text
    assert "0.5, the default" in text
    assert "normal: 30 patches" in text
    assert text.count("<h2>Classification report of") == 3
    assert "patients" not in text.replace("No patient or slide ids", "")


def test_one_run_has_no_differences(comparison) -> None:
    alone = replace(comparison, results=comparison.results[1:2], differences=())
    text = comparison_html(alone)
    assert "<h1>Evaluation of" in text
    assert "P, corrected" not in text


def test_the_folder_holds_tables_and_a_manifest_of_their_hashes(comparison, tmp_path) -> None:
    index = write_comparison(comparison, tmp_path / "report")
    assert sorted(path.name for path in index.parent.iterdir()) == sorted(FILES)
    manifest = json.loads((index.parent / "manifest.json").read_text())
    assert (manifest["samples"], manifest["references"], manifest["note"]) == (60, ["run2"], DISCLAIMER)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((index.parent / name).read_bytes()).hexdigest() == digest
    metrics = pd.read_csv(index.parent / "metrics.csv")
    assert list(metrics["auroc"]) == pytest.approx([result.auroc.value for result in comparison.results], rel=1e-14)
    assert metrics["name"][1] == "'=HYPERLINK(1)"
    assert pd.read_csv(index.parent / "confusion.csv")["count"].sum() == 3 * 60
    assert set(pd.read_csv(index.parent / "roc.csv")["run_id"]) == {"run0", "run1", "run2"}
    assert len(pd.read_csv(index.parent / "differences.csv")) == 3
    report = pd.read_csv(index.parent / "class_report.csv")
    assert len(report) == 3 * (2 + 3)
    expected = comparison.report(comparison.results[0]).classes[1]
    assert report["precision"][1] == pytest.approx(expected.precision.value)
    assert (report["recall_low"][1], report["patches"][1]) == (pytest.approx(expected.recall.low), 30)


def test_comparator_threshold_and_looks_are_in_the_report(joined, tmp_path) -> None:
    """A number given by hand is called so."""
    rule = ThresholdRule("number", 0.3)
    found = replace(compare(joined, threshold=rule, comparator="run1"), looks="It was scored twice before.")
    text = comparison_html(found)
    assert "0.3, chosen by hand" in text
    assert "Against the comparator" in text
    assert "named beforehand" in text
    assert "It was scored twice before." in text
    manifest = json.loads((write_comparison(found, tmp_path).parent / "manifest.json").read_text())
    assert (manifest["comparator"], manifest["threshold"], manifest["threshold_from"], manifest["looks"]) == (
        *("run1", "0.3", "chosen by hand"),
        "It was scored twice before.",
    )
    assert manifest["thresholds"] == {f"run{i}": 0.3 for i in range(3)}
    assert [(one["name"], one["patches"], one["groups"]) for one in manifest["of_each_class"]] == [
        ("normal", 30, None),
        ("=tumour()", 30, None),
    ]


def test_of_many_classes_all_come_first(many) -> None:
    text = comparison_html(many)
    assert text.index("<h2>All classes</h2>") < text.index("<h2>tumour against the rest</h2>")
    assert "Macro AUROC" in text


def test_the_zip_holds_the_same_and_is_the_same_each_time(comparison, tmp_path) -> None:
    first = comparison_zip(comparison)
    assert first == comparison_zip(comparison)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == [f"comparison/{name}" for name in FILES]
        folder = write_comparison(comparison, tmp_path).parent
        assert all(archive.read(f"comparison/{name}") == (folder / name).read_bytes() for name in FILES)
