"""``studies``: list, show, config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.cli.output import say, table
from histo_core.errors import UnknownNameError

if TYPE_CHECKING:
    from histo_core.registry import Registry
    from histo_core.studies.recipes import Recipe

# The studies load what their configurations are made of, which `--help` does without.

app = typer.Typer(help="Published studies as ready-made configurations.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="STUDY", help="Its name, as `studies list` shows it.")]


@app.command("list")
def list_() -> None:
    """List the studies that can be repeated.

    \b
    Examples:
      python -m histo_core studies list
    """
    studies = _studies()
    rows = [(name, studies[name].data, str(len(studies[name].configs)), studies[name].title) for name in studies]
    table(("study", "data", "runs", "title"), rows)


@app.command()
def show(name: Name) -> None:
    """Show a study: its runs, what it reported, what to doubt, and what we settled.

    \b
    Examples:
      python -m histo_core studies show fub_breakhis
    """
    study = _studies()[name]
    say(f"{study.title}\n{study.source}\n")
    table(("run", "what it is"), [(one.name, one.note) for one in study.configs])
    for model, reported in study.reported.items():
        said = ", ".join(f"{one.measure} {one.value}" for one in reported)
        say(f"Reported of {model}: {said}")
    for title, sentences in (("To doubt", study.doubts), ("Settled by us", study.ours)):
        for sentence in sentences:
            say(f"{title}: {sentence}")


@app.command()
def config(
    name: Name,
    run: Annotated[str | None, typer.Option(help="Which of its runs; the first unless named.")] = None,
) -> None:
    """Print the configuration of one of a study's runs as YAML, for `train --config`.

    \b
    Examples:
      python -m histo_core studies config fub_breakhis > study.yaml
      python -m histo_core studies config fub_breakhis --run resnext50_32x4d
    """
    study = _studies()[name]
    known = {one.name: one.config for one in study.configs}
    if run is not None and run not in known:
        raise UnknownNameError(f"Study {name!r} has no run {run!r}.", f"Its runs: {', '.join(known)}.", "Choose one.")
    say((known[run] if run is not None else study.configs[0].config).to_yaml().rstrip())


def _studies() -> Registry[Recipe]:
    import histo_core.studies  # noqa: F401  # importing it registers them
    from histo_core.studies.recipes import STUDIES

    return STUDIES
