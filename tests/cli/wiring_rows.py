"""The table of the command line's wiring: each option of each command, set to another value, and where that arrives.

To add an option, add a row to its command: what is typed, the function of the core that must get it, and the place
among that function's arguments. To add a command, add a `Command`. `test_cli_wiring` fails until both are done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from wiring_base import ANYTHING, CLI, DATA, ID, OWN_DATA, RUNS, Command, KeptCopy, Row, Rows
from wiring_options import as_json, data_rows, one, run_rows, split_rows, written_rows
from wiring_results import compare, explain, predict
from wiring_runs import experiments, runs

import histo_core.studies  # noqa: F401 - importing it registers them
from histo_core.studies.recipes import STUDIES

_SPLIT = f"{DATA}.splits.make_split.make_split"
_PHANTOM = {"dataset": ("--dataset", "phantom")}


def _opened(command: str, also: Rows, stubs: Mapping[str, Any], *, split: bool) -> Command:
    """A command that opens a data set, and perhaps divides it."""
    target = f"{CLI}.{command}.opened"
    rows = {**data_rows(target), **(split_rows(_SPLIT) if split else {}), **also}
    return Command(rows, words=_PHANTOM, stubs={target: ANYTHING, _SPLIT: ANYTHING, **stubs})


def _train() -> Command:
    launch = f"{CLI}.train.launch"
    return Command(
        {
            **run_rows(launch),
            **written_rows(launch),
            "detach": Row(("--detach",), f"{CLI}.train.watch_or_cancel", calls=False),
        },
        stubs={f"{CLI}.train.build_phantom_data": None, launch: ANYTHING, f"{CLI}.train.print_end": 0},
    )


def _demo() -> Command:
    job = f"{CLI}.demo_job"
    return Command(
        {
            "patches": Row(("--patches", "77"), f"{job}.start_job", "params", {"patches": 77}),
            "detach": Row(("--detach",), f"{job}._followed", calls=False),
        },
        stubs={
            f"{CLI}.demo_job.newest_demo": None,
            f"{CLI}.demo_job.start_job": ANYTHING,
            f"{CLI}.demo_job._queued": {},
        },
    )


def _models() -> Command:
    cost = "histo_core.models.cost.cost"
    return Command(
        {"name": Row(("cnn_rnn",), cost, "name", "cnn_rnn"), "side": Row(("--side", "160"), cost, "side", 160)}
    )


def _audit() -> Command:
    opened = f"{CLI}.audit.opened"
    other = ("--against-dataset", "idc")
    return _opened(
        "audit",
        {
            "against_dataset": Row(other, opened, "config.dataset", "idc", call=1),
            "against_root": Row(("--against-root", "/other"), opened, "config.root", "/other", call=1, also=other),
            "against_option": Row(("--against-option", "a=4"), opened, "config.options", {"a": 4}, call=1, also=other),
            "out": Row(("--out", "here"), "histo_core.reports.audit.write_audit", "folder", Path("here")),
        },
        {"histo_core.auditing.report.make_audit": ANYTHING, "histo_core.auditing.compared.Compared.of": ANYTHING},
        split=True,
    )


def _export_data() -> Command:
    folders, pcam = f"{DATA}.export.formats.export_folders", f"{DATA}.export.formats.export_pcam"
    table = f"{DATA}.export.formats.export_table"
    command = _opened(
        "data_files",
        {
            "out": (
                Row(("--out", "/new"), folders, "folder", Path("/new")),
                Row(("--out", "/new"), pcam, "folder", Path("/new"), also=("--as", "pcam")),
                Row(("--out", "/new.csv"), table, "path", Path("/new.csv"), also=("--as", "table")),
            ),
            "layout": (Row(("--as", "pcam"), pcam, calls=True), Row(("--as", "table"), table, calls=True)),
        },
        {folders: None, pcam: None, table: None},
        split=True,
    )
    return replace(command, words={**_PHANTOM, "out": ("--out", "/elsewhere")})


def _study(name: str, run: int) -> str:
    """The configuration of one of a study's runs as the command prints it."""
    return STUDIES[name].configs[run].config.to_yaml().rstrip()


def _studies() -> dict[str, Command]:
    say, known = f"{CLI}.studies.say", "fub_breakhis"
    second = STUDIES[known].configs[1].name
    begun = "histo_core.experiments.from_study"
    wanted, data_of, start = f"{begun}.wanted", f"{begun}.data_of", f"{begun}.start"
    title = f"{STUDIES[known].title}\n{STUDIES[known].source}\n"
    return {
        "studies list": Command(as_json("studies")),
        "studies show": Command(
            {"name": Row((known,), say, "text", title), **as_json("studies")}, words={"name": (known,)}
        ),
        "studies config": Command(
            {
                "name": Row((known,), say, "text", _study(known, 0)),
                "run": Row(("--run", second), say, "text", _study(known, 1)),
            },
            words={"name": (known,)},
        ),
        "studies run": Command(
            {
                "name": (
                    Row((known,), wanted, "recipe.name", known),
                    Row((known,), data_of, "recipe.name", known),
                    Row((), start, "pieces", "wanted"),
                ),
                "experiment": Row(("Activation",), wanted, "name", "Activation"),
                "of": Row(("--of", "cnn_wide"), wanted, "of", "cnn_wide"),
                "dataset": (
                    Row(("--dataset", "kpcam"), data_of, "dataset", "kpcam"),
                    Row((), wanted, "data", OWN_DATA),
                ),
                "root": Row(("--root", "/some/folder"), data_of, "root", "/some/folder"),
                "option": Row(("--option", "a=3", "--option", "b=x"), data_of, "options", {"a": 3, "b": "x"}),
                "skip_broken": Row(("--skip-broken",), data_of, "skip_broken", value=True),
                "change": Row(("--set", "train.epochs=2"), wanted, "changes", {"train.epochs": 2}),
                **{"label" if name == "name" else name: row for name, row in written_rows(start).items()},
            },
            words={"name": ("wpi_kpcam",)},
            stubs={data_of: OWN_DATA, wanted: "wanted", start: ANYTHING},
        ),
    }


def _workspace() -> dict[str, Command]:
    keeping = "histo_core.maintenance"
    check, back_up, restore = (
        f"{keeping}.check.check_workspace",
        f"{keeping}.backup.back_up",
        f"{keeping}.restore.restore",
    )
    return {
        "workspace check": Command({"mend": Row(("--mend",), check, "mend", value=True)}),
        "workspace backup": Command(
            {"file": Row(("new.tar",), back_up, "target", Path("new.tar"))}, words={"file": ("old.tar",)}
        ),
        "workspace restore": Command(
            {
                "file": Row(("new.tar",), restore, "archive", Path("new.tar")),
                "to": Row(("--to", "new"), restore, "folder", Path("new")),
            },
            words={"file": ("old.tar",), "to": ("--to", "old")},
        ),
    }


COMMANDS: dict[str, Command] = {
    "app": Command({"port": Row(("--port", "8600"), f"{CLI}.dashboard.serve", "port", 8600)}),
    "train": _train(),
    "demo": _demo(),
    "models": _models(),
    "compare": compare(),
    "explain": explain(),
    "predict": predict(),
    "export": Command(
        {
            **one("histo_core.jobs.onnx_export.export_run"),
            "onnx": Row(("--onnx", "n.onnx"), "histo_core.jobs.onnx_export.export_run", "path", Path("n.onnx")),
        },
        words={**ID, "onnx": ("--onnx", "old.onnx")},
    ),
    "job": Command(one("histo_core.jobs.process.work_on_job", "job_id")),
    "worker": Command(one(f"{RUNS}.worker.worker.work")),
    "supervise": Command(
        {
            "idle_exit": Row(
                ("--idle-exit", "60"), f"{RUNS}.worker.supervisor_process.supervise", "idle_exit_seconds", 60.0
            )
        }
    ),
    "data list": Command(as_json("data")),
    "data recognise": Command(
        {"path": Row(("/new",), f"{DATA}.recognise.recognise", "path", "/new"), **as_json("data")},
        words={"path": ("/old",)},
        stubs={f"{DATA}.recognise.recognise": ANYTHING},
    ),
    "data check": Command(
        {
            **data_rows(f"{CLI}.data_check.check_data"),
            **split_rows(f"{CLI}.data_check.check_data", "split"),
            "as_json": Row(("--json",), f"{CLI}.data_check.check_data", "as_json", value=True),
        },
        words=_PHANTOM,
    ),
    "data build": Command(
        {"option": Row(("--option", "patches=77"), f"{DATA}.phantom.dataset.build_phantom", "options.patches", 77)},
        unpinned={"dataset": "one data set alone is made here, and any other name is refused"},
    ),
    "data copies": Command(
        {"remove_unused": Row(("--remove-unused",), f"{DATA}.storage.copies.remove_unused", calls=True)},
        stubs={f"{DATA}.storage.copies.find_copies": ()},
    ),
    "data convert": _opened(
        "data_files",
        {"verify": Row(("--verify",), "wiring_base.KeptCopy.verify", calls=True)},
        {f"{DATA}.storage.converted.find_converted": KeptCopy("a copy")},
        split=False,
    ),
    "data download": Command(
        {
            "dataset": Row(("--dataset", "pcam"), f"{DATA}.fetch.catalogue.fetch_dataset", "name", "pcam"),
            "folder": Row(("--folder", "/new"), f"{DATA}.fetch.catalogue.fetch_dataset", "folder", Path("/new")),
        },
        words={"dataset": ("--dataset", "breakhis"), "folder": ("--folder", "/old")},
    ),
    "data audit": _audit(),
    "data export": _export_data(),
    "data split": _opened(
        "split",
        {"save": Row(("--save", "Mine"), f"{DATA}.splits.saved_split.save_split", "name", "Mine")},
        {},
        split=True,
    ),
    "data splits": _opened("split", {}, {f"{DATA}.splits.saved_split.saved_splits": ()}, split=False),
    **runs(),
    **experiments(),
    **_studies(),
    **_workspace(),
}
"""Every command by its words."""
