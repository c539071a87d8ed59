"""Define ``data``: list and check data sets, and render the phantom."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.options import DataOptions, Dataset, Root, SkipBroken, data_config
from histo_core.cli.output import say, table, watched
from histo_core.cli.split_options import with_split_options
from histo_core.config import DataConfig, SplitConfig, parse_config
from histo_core.errors import ConfigError
from histo_core.program import PROGRAM
from histo_core.shown_text import showable
from histo_core.workspace import Workspace

app = typer.Typer(help="List, check and build data sets.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the kinds of data set that can be opened, and how their files must lie.

    \b
    Examples:
      python -m histo_core data list
      python -m histo_core data list --json
    """
    from histo_core.data.dataset import DATASETS

    if as_json:
        said = ("title", "summary", "layout", "licence")
        rows = [{"dataset": name} | {key: getattr(kind.info, key) for key in said} for name, kind in DATASETS.items()]
        say_json(tables={"datasets": rows})
        return
    for name, kind in DATASETS.items():
        info = kind.info
        say(f"{name}: {info.title}\n  {info.summary}\n  Files: {info.layout}\n  Licence: {info.licence}\n")


@app.command("recognise")
def recognise_(
    path: Annotated[str, typer.Argument(help="A folder that may hold a data set.")], as_json: Json = False
) -> None:
    """Say which data set a folder looks like, by the names in it, and how to open it.

    No image is opened and no link is followed; a limited number of names is read, for a few seconds at most.

    \b
    Examples:
      python -m histo_core data recognise ../shared/data/kpcam
      python -m histo_core data recognise ../shared/data --json
    """
    from histo_core.data.recognise import recognise

    authorise(LOCAL, "data.read", path)
    seen = recognise(path, Workspace.default())
    if as_json:
        facts = {"folder": seen.folder, "found": seen.found, "whole": seen.whole}
        say_json(facts=facts, tables={"candidates": seen.candidates}, sentences=seen.sentences)
        return
    for sentence in seen.sentences:
        say(showable(sentence))
    for candidate in seen.candidates:
        options = [f"--option {shlex.quote(f'{name}={value}')}" for name, value in candidate.options.items()]
        words = ["--dataset", candidate.dataset, "--root", shlex.quote(str(candidate.root)), *options]
        say(f"Check it with: {PROGRAM} data check {' '.join(words)}")


@app.command()
@with_split_options
def check(
    split: SplitConfig | None,
    dataset: Dataset,
    root: Root = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    as_json: Json = False,
) -> None:
    """Read every file of a data set, count, split, and look for leakage between train and test.

    Every sample that cannot be used is named; with --skip-broken the rest is used without them.

    \b
    Examples:
      python -m histo_core data check --dataset kpcam --root ../shared/data/kpcam
      python -m histo_core data check --dataset kpcam --root ../shared/data/kpcam --json
      python -m histo_core data check --dataset breakhis --root breakhis --option magnification=200 --skip-broken
    """
    from histo_core.cli.data_check import check_data

    authorise(LOCAL, "data.read", dataset)
    config = data_config(dataset, root, option, skip_broken=skip_broken)
    check_data(config, split or SplitConfig(), Workspace.default(), as_json=as_json)


@app.command()
def build(dataset: Dataset = "phantom", option: DataOptions = None) -> None:
    """Draw a made data set into the workspace; nothing is done when it is already there.

    \b
    Examples:
      python -m histo_core data build
      python -m histo_core data build --dataset phantom --option patches=500 --option grades=true
    """
    config = data_config(dataset, None, option)
    if config.dataset != "phantom":
        raise ConfigError(f"Data set {dataset!r} is not made here.", "Allowed: phantom.", "Name its folder instead.")
    say(f"The phantom is in {build_phantom_data(config, Workspace.default())}")


@app.command()
def copies(
    remove_unused: Annotated[bool, typer.Option("--remove-unused", help="Remove those that are unused.")] = False,
) -> None:
    """List the faster copies and unpacked files that the workspace keeps, with what they were made from.

    A copy is unused once its source was changed, moved or removed, or is on a disk that is away.

    \b
    Examples:
      python -m histo_core data copies
      python -m histo_core data copies --remove-unused
    """
    from histo_core.data.storage import copies

    workspace = Workspace.default()
    authorise(LOCAL, "data.read", "copies")
    if remove_unused:
        authorise(LOCAL, "data.build", "copies")
        gone = copies.remove_unused(workspace)
        say(f"Removed: {len(gone):,}, {sum(copy.bytes for copy in gone) / 1e6:,.0f} MB.")
    found = copies.find_copies(workspace)
    if not found:
        say("The workspace keeps no copies.")
        return
    state = {True: "used", False: "unused"}
    rows = [(f"{copy.bytes / 1e6:,.0f}", state[copy.used], copy.source, str(copy.folder)) for copy in found]
    table(("MB", "state", "made from", "folder"), rows)


def build_phantom_data(config: DataConfig, workspace: Workspace) -> str:
    """Render a configuration's phantom with a progress bar, and return its folder."""
    from histo_core.data.phantom.dataset import PhantomOptions, build_phantom

    authorise(LOCAL, "data.build", config.dataset)
    options = parse_config(PhantomOptions, config.options)
    with watched("drawing patches") as progress:
        return str(build_phantom(options, workspace, progress))
