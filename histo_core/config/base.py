"""Define the base of all configurations: a frozen pydantic model that refuses unknown keys and names wrong fields."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from histo_core.errors import ConfigError
from histo_core.storable import why_not

_UNKNOWN, _NOT_KEPT = "extra_forbidden", "not_kept"


class Config(BaseModel):
    """A frozen configuration without unknown keys, whose values every database can store.

    Example:
        >>> from histo_core.config import Config
        >>> class Ring(Config):
        ...     width: int = 3
        >>> Ring(width=5)
        Ring(width=5)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, values: Any) -> Any:
        """Refuse values that cannot be stored, with one message; an option would get one for each type it may have."""
        if isinstance(values, dict) and (why := why_not(values)):
            raise PydanticCustomError(_NOT_KEPT, "{why}", {"why": why})
        return values


C = TypeVar("C", bound=Config)


def parse_config(kind: type[C], values: Any) -> C:
    """Validate plain values as a configuration.

    Raises:
        ConfigError: each wrong field, with its value and what is allowed.

    Example:
        >>> from histo_core.config import PreprocessConfig, parse_config
        >>> parse_config(PreprocessConfig, {"crop": 32}).crop
        32
        >>> parse_config(PreprocessConfig, {"corp": 32})
        Traceback (most recent call last):
            ...
        histo_core.errors.ConfigError: corp is not a known field (did you mean crop?)...
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            "; ".join(_field_error(kind, detail) for detail in error.errors()) + ".",
            _known_fields(kind, error),
            "Correct the named field.",
        ) from None


def _field_error(kind: type[Config], detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "the configuration"
    if detail["type"] == _UNKNOWN:
        close = get_close_matches(str(detail["loc"][-1]), _holder(kind, detail).model_fields, n=1)
        return f"{where} is not a known field" + (f" (did you mean {close[0]}?)" if close else "")
    if detail["type"] == _NOT_KEPT:  # the message begins with the rest of the field's path
        return ".".join([*map(str, detail["loc"]), detail["msg"]])
    message = detail["msg"].removeprefix("Value error, ")
    message = f"{message[0].lower()}{message[1:]}"
    # For a rule between fields, the input is a dict of all fields, and the message names the relevant ones.
    return f"{where}: {message}" if isinstance(detail["input"], dict) else f"{where} = {detail['input']!r}: {message}"


def _known_fields(kind: type[Config], error: ValidationError) -> str:
    """Return the fields that are allowed in place of an unknown one; other errors say themselves what is allowed."""
    places = {
        ".".join(map(str, detail["loc"][:-1])) or kind.__name__: _holder(kind, detail)
        for detail in error.errors()
        if detail["type"] == _UNKNOWN
    }
    return " ".join(f"Fields of {place}: {', '.join(holder.model_fields)}." for place, holder in places.items())


def _holder(kind: type[Config], detail: Any) -> type[Config]:
    """Return the configuration that a field belongs to; it may be nested in others, or in their lists and mappings."""
    for part in detail["loc"][:-1]:
        if part in kind.model_fields:
            kind = _inside(kind.model_fields[part].annotation) or kind
    return kind


def _inside(annotation: Any) -> type[Config] | None:
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return annotation
    return next(filter(None, map(_inside, get_args(annotation))), None)
