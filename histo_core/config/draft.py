"""Define what a user has changed in the form of new runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from histo_core.config.base import Config
from histo_core.config.data import DataConfig, SplitConfig
from histo_core.config.model import ModelConfig, PredictConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.config.train import TrainConfig
from histo_core.config.transforms import AugmentConfig, PreprocessConfig

SECTIONS: dict[str, type[Config]] = {
    "split": SplitConfig,
    "preprocess": PreprocessConfig,
    "augment": AugmentConfig,
    "train": TrainConfig,
    "predict": PredictConfig,
}
"""The sections of a run's configuration whose fields a draft keeps one by one."""
MOST_NAMES = 200
Fields = dict[str, Any]


class RunDraft(Config):
    """The changed values of a form of new runs; what was not changed is left out.

    A field of a section is checked by itself, because a form may be left while two of its fields contradict each other.

    Attributes:
        models: names of the chosen models, which need not exist any more.
        sections: changed fields by section and name (`SECTIONS`).
        networks: changed fields of `ModelConfig` by model.
        names: the runs' names by model.

    Example:
        >>> from histo_core.config.draft import RunDraft
        >>> RunDraft(sections={"train": {"epochs": 5}}).sections
        {'train': {'epochs': 5}}
    """

    models: tuple[str, ...] | None = Field(default=None, max_length=MOST_NAMES)
    data: DataConfig | None = None
    sections: dict[str, Fields] = Field(default_factory=dict)
    networks: dict[str, Fields] = Field(default_factory=dict, max_length=MOST_NAMES)
    protocol: ProtocolConfig | None = None
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    names: dict[str, str] = Field(default_factory=dict, max_length=MOST_NAMES)
    prefix: str = ""
    tags: tuple[str, ...] = Field(default=(), max_length=MOST_NAMES)
    priority: int = 0
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _fields_are_known(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        sections = values.get("sections", {})
        if isinstance(sections, dict):
            values = values | {"sections": {name: _checked(name, fields) for name, fields in sections.items()}}
        networks = values.get("networks", {})
        if isinstance(networks, dict):
            values = values | {"networks": {name: _fields(ModelConfig, fields) for name, fields in networks.items()}}
        return values

    @property
    def settings(self) -> RunDraft:
        """Return the changed settings alone, without name, tags, note and priority."""
        return self.model_copy(update=dict.fromkeys(("prefix", "note"), "") | {"names": {}, "tags": (), "priority": 0})

    def without(self, path: tuple[str, ...]) -> RunDraft:
        """Return the draft without one change: ``("seed",)``, ``("sections", "train", "epochs")``."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        *parents, last = path
        place: Any = values
        for parent in parents:
            place = place.get(parent, {})
        place.pop(last, None)
        return type(self).model_validate(values)

    def holds(self, path: tuple[str, ...]) -> bool:
        """Return whether a change is in the draft."""
        place: Any = self.model_dump(exclude_defaults=True)
        for name in path:
            if not isinstance(place, dict) or name not in place:
                return False
            place = place[name]
        return True


def fitting(kind: type[Config], fields: Mapping[str, Any]) -> Fields:
    """Return the fields whose values are allowed by themselves, validated.

    Example:
        >>> from histo_core.config import TrainConfig
        >>> from histo_core.config.draft import fitting
        >>> fitting(TrainConfig, {"epochs": 5, "batch_size": -1})
        {'epochs': 5}
    """
    found: Fields = {}
    for name, value in fields.items():
        try:
            found |= _fields(kind, {name: value})
        except ValueError:
            continue
    return found


def _checked(section: str, fields: Any) -> Any:
    if section not in SECTIONS:
        raise ValueError(f"there is no section {section!r}")
    return _fields(SECTIONS[section], fields)


def _fields(kind: type[Config], fields: Any) -> Any:
    """Return changed fields, each validated by itself; what is no mapping is left to pydantic.

    Raises:
        ValueError: there is no such field, or its value is not allowed.
    """
    if not isinstance(fields, Mapping):
        return fields
    if unknown := sorted(set(fields) - set(kind.model_fields)):
        raise ValueError(f"there is no field {unknown[0]!r}")
    return {name: _validated(kind.model_fields[name], name, value) for name, value in fields.items()}


def _validated(field: FieldInfo, name: str, value: Any) -> Any:
    try:
        return TypeAdapter(Annotated[field.annotation, field]).validate_python(value)  # type: ignore[valid-type]
    except ValidationError as error:
        raise ValueError(f"{name} = {value!r}: {error.errors()[0]['msg']}") from None
