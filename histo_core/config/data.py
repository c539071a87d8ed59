"""Configure the data set and its split."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from histo_core.config.base import Config
from histo_core.config.fields import MANY, PATH_LENGTH, SEEDS, Fraction, Option


class DataConfig(Config):
    """The data set, its folder and its options.

    The data set itself checks ``options`` (`histo_core.data.opening.open_dataset`).

    Example:
        >>> from histo_core.config import DataConfig
        >>> data = DataConfig(dataset="phantom", options={"patches": 80, "patients": 20})
        >>> data.root, data.options["patches"]
        (None, 80)
    """

    dataset: str = Field(default="phantom", title="Data set")
    root: str | None = Field(
        default=None, max_length=PATH_LENGTH, title="Folder", description="Where the data lie; none for made data"
    )
    options: dict[str, Option] = Field(default_factory=dict, title="Options")
    skip_broken: bool = Field(
        default=False, title="Leave broken files out", description="Go on with the rest where files cannot be used"
    )


class SplitConfig(Config):
    """The split of samples into training, validation and test set.

    ``auto`` takes the published split where the data set has one, else splits by patient, else by slide, else at
    random. ``group`` keeps samples together that agree in the column which the field `group` names. ``saved`` takes
    the split that the workspace stores under the fingerprint in the field `saved`.

    With ``folds``, the groups (or patches) are divided into that many folds with similar class shares. Fold number
    ``fold`` is the test set, and the validation set is drawn from the rest. With ``hold_out``, the test set is drawn
    first, the same for every fold, and the fold is the validation set. Another ``seed`` gives another repeat, with
    other patients held out.

    Example:
        >>> from histo_core.config import SplitConfig
        >>> second = SplitConfig(method="patient", folds=5, fold=1, hold_out=True)
        >>> second.folds, second.fold, second.valid, second.test
        (5, 1, 0.15, 0.25)
    """

    method: Literal["auto", "published", "patient", "slide", "group", "random", "saved"] = Field(
        default="auto", title="Split by"
    )
    group: str | None = Field(default=None, title="Column", description="For 'group': what must stay together")
    saved: str | None = Field(default=None, title="Saved split", description="For 'saved': its fingerprint")
    valid: Fraction = Field(default=0.15, title="Validation share", description="Share of patients, slides or patches")
    test: Fraction = Field(default=0.25, title="Test share", description="Share of patients, slides or patches")
    stratify: bool = Field(
        default=True, title="Stratify by class", description="The same class shares in every set, as well as can be"
    )
    folds: int | None = Field(default=None, ge=2, le=100, title="Folds", description="None: a single split")
    fold: int = Field(default=0, ge=0, title="Fold", description="Which one, counted from 0")
    hold_out: bool = Field(
        default=False, title="Hold out a test set", description="The same for all folds, which then are validation"
    )
    subset: int | None = Field(
        default=None,
        ge=2,
        le=MANY,
        title="Subset size",
        description="Drawn first, with the shares of the classes kept",
    )
    seed: int = Field(default=0, ge=0, lt=SEEDS, title="Split seed")

    @model_validator(mode="after")
    def _something_is_left_to_train(self) -> SplitConfig:
        if self.valid + self.test >= 1:
            raise ValueError("validation and test shares must leave something to train on")
        return self

    @model_validator(mode="after")
    def _fold_exists(self) -> SplitConfig:
        if self.folds is not None and self.fold >= self.folds:
            raise ValueError(f"fold counts from 0 to {self.folds - 1} where there are {self.folds} folds")
        return self

    @model_validator(mode="after")
    def _method_has_its_argument(self) -> SplitConfig:
        for method in ("group", "saved"):
            if (self.method == method) != (getattr(self, method) is not None):
                raise ValueError(f"{method} belongs to method {method!r}: give both or neither")
        return self
