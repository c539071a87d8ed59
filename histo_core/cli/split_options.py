"""The options that say how data are divided, for every command that divides them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from histo_core.cli.options import with_options
from histo_core.config import SplitConfig, parse_config


def _option(field: str, meaning: str, *names: str) -> Any:
    """An option that is None where it is not given; its help tells the default of the configuration's field."""
    default = SplitConfig.model_fields[field].default
    return typer.Option(*names, help=meaning, show_default=False if default is None else str(default))


_Method = Annotated[
    str | None,
    _option("method", "auto, published, patient, slide, group, random or saved.", "--split", "--by"),
]
_Group = Annotated[str | None, _option("group", "With --split group: the column that must stay together.")]
_Saved = Annotated[str | None, _option("saved", "With --split saved: the fingerprint of a saved split.")]
_Valid = Annotated[float | None, _option("valid", "Validation share of the patients, slides or patches.")]
_Test = Annotated[float | None, _option("test", "Test share of the patients, slides or patches.")]
_Stratify = Annotated[bool | None, _option("stratify", "Give every set like class shares.")]
_Folds = Annotated[int | None, _option("folds", "Divide into so many folds.")]
_Fold = Annotated[int | None, _option("fold", "With --folds: which one, counted from 0.")]
_HoldOut = Annotated[bool | None, _option("hold_out", "With --folds: hold the same test set out of all folds.")]
_Subset = Annotated[int | None, _option("subset", "Draw so many patches first.")]
_Seed = Annotated[int | None, _option("seed", "Another seed is another split.")]


def split_config(
    method: _Method = None,
    group: _Group = None,
    saved: _Saved = None,
    valid: _Valid = None,
    test: _Test = None,
    stratify: _Stratify = None,
    folds: _Folds = None,
    fold: _Fold = None,
    hold_out: _HoldOut = None,
    subset: _Subset = None,
    seed: _Seed = None,
) -> SplitConfig | None:
    """The division that the options name; None where none of them is given.

    Raises:
        ConfigError: options that do not fit together.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    return parse_config(SplitConfig, given) if given else None


with_split_options = with_options(split_config)
"""Gives a command these options; its first argument is the `SplitConfig`, or None where none of them is given."""
