"""The table of the commands about runs and experiments."""

from __future__ import annotations

from wiring_base import ANYTHING, CLI, EXPERIMENTS, GET, ID, LIST, RECORD, RUN, RUNS, STORE, Command, Row
from wiring_options import as_json, one, protocol_rows, run_rows, written_rows

from histo_core.runs.store.records import RunStatus

TABLE = f"{CLI}.runs.print_run_table"


def runs() -> dict[str, Command]:
    edit, launcher = f"{RUNS}.store.edit", f"{RUNS}.api"
    first = (
        Row((RUN,), f"{RUNS}.store.queue.move", "run_id", RUN),
        Row((), f"{RUNS}.store.queue.move", "first", value=True),
    )
    return {
        "runs list": Command(
            {
                "status": Row(("--status", "failed"), LIST, "statuses", [RunStatus.FAILED]),
                "limit": Row(("--limit", "3"), LIST, "limit", 3),
                "archived": Row(("--archived",), LIST, "archived", value=True),
                "columns": Row(("--columns", "name, seed"), TABLE, "columns", ["name", "seed"]),
                "sort": Row(("--sort", "seed"), TABLE, "sort", "seed"),
                "descending": Row(("--sort", "seed", "--descending"), TABLE, "descending", value=True),
                **as_json("runs"),
            },
            stubs={**STORE, LIST: (), f"{RUNS}.store.runs.Store.queue": ()},
        ),
        "runs show": Command(
            {
                "run_id": (
                    Row((RUN,), GET, "run_id", RUN),
                    Row((), f"{EXPERIMENTS}.reported.reported_for_run", "run", RECORD),
                ),
                "epochs": (
                    Row(("--epochs",), f"{CLI}.runs_show.print_epochs", calls=True),
                    Row(("--epochs",), "histo_core.config.RunConfig.to_yaml", calls=False),
                ),
                **as_json("runs_show"),
            },
            words=ID,
            stubs={
                **STORE,
                f"{CLI}.runs_show.local_time": "",
                f"{CLI}.runs_show.facts_of": {},
                f"{CLI}.runs_show.learning_findings": (),
                f"{EXPERIMENTS}.reported.reported_for_run": (),
            },
        ),
        "runs overfit": Command(
            {
                **one(GET),
                "patches": Row(("--patches", "17"), "histo_core.jobs.one_batch.overfit_batch", "params.patches", 17),
                "steps": Row(("--steps", "71"), "histo_core.jobs.one_batch.overfit_batch", "params.steps", 71),
                **as_json("runs_overfit"),
            },
            words=ID,
            stubs={**STORE, "histo_core.jobs.one_batch.overfit_batch": ANYTHING},
        ),
        "runs differences": Command(
            {
                "run_ids": Row((RUN, RUN), f"{CLI}.runs.print_differences", "runs", [RECORD, RECORD]),
                "as_json": Row(("--json",), f"{CLI}.runs.print_differences", "as_json", value=True),
            },
            words={"run_ids": (RUN, RUN)},
            stubs=STORE,
        ),
        "runs cancel": Command(one(f"{launcher}.cancel")),
        "runs resume": Command(
            {
                **one(f"{launcher}.resume"),
                "detach": Row(("--detach",), f"{CLI}.runs_control.watch_or_cancel", calls=False),
            },
            words=ID,
            stubs={f"{launcher}.resume": ANYTHING, f"{CLI}.runs_control.print_end": 0},
        ),
        "runs watch": Command(one(f"{CLI}.runs.watch")),
        "runs log": Command(
            {**one(GET), "lines": Row(("--lines", "2"), f"{CLI}.runs.say", "text", "line 98\nline 99")},
            words=ID,
            stubs=STORE,
        ),
        "runs first": Command({"run_id": first}, words=ID),
        "runs rename": Command(
            {**one(f"{edit}.rename"), "name": Row(("New",), f"{edit}.rename", "name", "New")},
            words={**ID, "name": ("Old",)},
        ),
        "runs tag": Command(
            {**one(f"{edit}.set_tags"), "tags": Row(("a", "b"), f"{edit}.set_tags", "tags", ["a", "b"])}, words=ID
        ),
        "runs note": Command(
            {**one(f"{edit}.set_note"), "text": Row(("New",), f"{edit}.set_note", "note", "New")},
            words={**ID, "text": ("Old",)},
        ),
        "runs archive": Command(
            {
                "run_id": (Row((RUN,), f"{edit}.archive", "run_id", RUN), Row((), f"{edit}.archive", "on", value=True)),
                "back": Row(("--back",), f"{edit}.archive", "on", value=False),
            },
            words=ID,
        ),
        "runs delete": Command(
            {
                **one(f"{CLI}.runs_edit.delete"),
                "force": Row(("--force",), f"{CLI}.runs_edit.delete", "force", value=True),
            },
            words=ID,
        ),
    }


def experiments() -> dict[str, Command]:
    launcher, edit, final = f"{EXPERIMENTS}.api", f"{EXPERIMENTS}.edit", f"{EXPERIMENTS}.test_score"
    start, verdict = f"{launcher}.start_experiment", f"{EXPERIMENTS}.narrative.verdict"
    of_one = {"experiment_id": (RUN,)}
    archive = f"{edit}.archive_experiment"
    return {
        "experiments start": Command(
            {**run_rows(start), **protocol_rows(start), **written_rows(start)},
            stubs={f"{CLI}.experiments_start.build_phantom_data": None},
        ),
        "experiments list": Command(
            {
                "archived": Row(("--archived",), f"{launcher}.list_experiments", "archived", value=True),
                **as_json("experiments"),
            },
            stubs={f"{launcher}.list_experiments": ANYTHING},
        ),
        "experiments show": Command(
            {
                **one(f"{launcher}.get_experiment", "experiment_id"),
                "metric": Row(("--metric", "loss"), verdict, "metric", "loss"),
                "wait": Row(("--wait",), f"{RUNS}.api.keep_supervised", calls=True),
                **as_json("experiments"),
            },
            words=of_one,
            stubs={
                f"{launcher}.get_experiment": ANYTHING,
                f"{EXPERIMENTS}.results.summary": ANYTHING,
                f"{EXPERIMENTS}.failures.failures": (),
                f"{final}.kept_score": None,
                f"{final}.looked_at_before": ANYTHING,
                f"{RUNS}.store.test_set_access.scored_in_words": "",
                f"{CLI}.experiments._facts": {},
                verdict: "",
            },
        ),
        "experiments cancel": Command(one(f"{launcher}.cancel_experiment", "experiment_id")),
        "experiments resume": Command(one(f"{launcher}.resume_experiment", "experiment_id")),
        "experiments test": Command(one(f"{final}.score_test", "experiment_id")),
        "experiments rename": Command(
            {
                **one(f"{edit}.rename_experiment", "experiment_id"),
                "name": Row(("New",), f"{edit}.rename_experiment", "name", "New"),
            },
            words={**of_one, "name": ("Old",)},
        ),
        "experiments archive": Command(
            {
                "experiment_id": (
                    Row((RUN,), archive, "experiment_id", RUN),
                    Row((), archive, "on", value=True),
                ),
                "back": Row(("--back",), archive, "on", value=False),
            },
            words=of_one,
        ),
        "experiments delete": Command(one(f"{edit}.delete_experiment", "experiment_id")),
    }
