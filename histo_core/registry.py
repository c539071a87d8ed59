"""Register named members of one kind; refuse duplicates, and list the choices in errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

from histo_core.errors import UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """A registry of named members of one kind, in the order of their registration.

    Args:
        kind: what a member is, in words for an error message ("model", "data set").

    Example:
        >>> models: Registry[str] = Registry("model")
        >>> models.add("resnet18", "a network")
        'a network'
        >>> models["resnet18"]
        'a network'
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._members: dict[str, T] = {}

    def add(self, name: str, member: T) -> T:
        """Register a member.

        Raises:
            ValueError: the name is taken; two modules claim it, which is a programming error.
        """
        if name in self._members:
            raise ValueError(f"{self.kind} {name!r} is already registered")
        self._members[name] = member
        return member

    def register(self, name: str) -> Callable[[T], T]:
        """Register a member, as a decorator."""
        return lambda member: self.add(name, member)

    def __getitem__(self, name: str) -> T:
        try:
            return self._members[name]
        except KeyError:
            raise self._unknown(name) from None

    def _unknown(self, name: str) -> UnknownNameError:
        close = get_close_matches(name, self._members, n=1)
        return UnknownNameError(
            f"Unknown {self.kind} {name!r}.",
            f"Known: {', '.join(self._members)}.",
            f"Did you mean {close[0]!r}?" if close else "Choose one of these.",
        )

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield pairs of name and member."""
        return iter(self._members.items())
