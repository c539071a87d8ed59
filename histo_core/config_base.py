"""What every configuration is: a frozen pydantic model that refuses unknown keys and names each wrong field."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from histo_core.errors import ConfigError


class Config(BaseModel):
    """Frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


C = TypeVar("C", bound=Config)


def parse_config(kind: type[C], values: Any) -> C:
    """Validate plain values as one of the configurations.

    Raises:
        ConfigError: each wrong field, with its value and what is allowed.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            "; ".join(_field_error(detail) for detail in error.errors()) + ".",
            f"Fields of {kind.__name__}: {', '.join(kind.model_fields)}.",
            "Correct the named field.",
        ) from None


def _field_error(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "the configuration"
    if detail["type"] == "extra_forbidden":
        return f"{where} is not a known field"
    message = detail["msg"].removeprefix("Value error, ")
    message = f"{message[0].lower()}{message[1:]}"
    # Of rules between fields the input is all fields at once, and the message names those that matter.
    return f"{where}: {message}" if isinstance(detail["input"], dict) else f"{where} = {detail['input']!r}: {message}"
