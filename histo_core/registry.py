"""Register named members of one kind, also from other packages; refuse duplicates, and list the choices in errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from threading import RLock
from typing import Any, Generic, TypeVar

from histo_core.errors import UnknownNameError

T = TypeVar("T")

log = logging.getLogger(__name__)


class Registry(Generic[T]):
    """A registry of named members of one kind, in the order of their registration.

    The first read loads the members of other packages from the entry points of ``group``. The name of an entry point
    is the member's name. A member that cannot be loaded, or whose name is taken, is reported in the log and left out.

    Args:
        kind: what a member is, in words for an error message ("model", "data set").
        group: the group of entry points in which other packages register members; empty where they cannot.
        check: called with the name and the member of another package; raises TypeError or ValueError where the member
            is not of this kind.

    Example:
        >>> models: Registry[str] = Registry("model")
        >>> models.add("resnet18", "a network")
        'a network'
        >>> models["resnet18"]
        'a network'
    """

    def __init__(self, kind: str, group: str = "", check: Callable[[str, Any], object] = lambda name, member: None):
        self.kind, self.group, self.check = kind, group, check
        self._members: dict[str, T] = {}
        self._lock, self._loading, self._loaded = RLock(), False, not group

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
            return self._read()[name]
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
        return name in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield pairs of name and member."""
        return iter(self._read().items())

    def _read(self) -> dict[str, T]:
        """Return the members, those of other packages too; others wait while one thread loads them."""
        if not self._loaded:
            with self._lock:
                if not self._loading:  # a package may read the registry while its own member is loaded
                    self._loading = True
                    for entry in entry_points(group=self.group):
                        self._add_of_package(entry)
                    self._loaded = True
        return self._members

    def _add_of_package(self, entry: EntryPoint) -> None:
        try:
            member = entry.load()
            self.check(entry.name, member)
            if self._members.get(entry.name) is not member:  # the package may use `register` as well
                self.add(entry.name, member)
        except (Exception, SystemExit) as error:  # a faulty package must not remove the other members
            package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "another package"
            log.warning(
                "The %s %r of %s (%s) is left out: %s: %s. Update or uninstall the package.",
                self.kind, entry.name, package, entry.value, type(error).__name__, str(error).removesuffix("."),
            )  # fmt: skip


def subclass_of(base: type, **attributes: type) -> Callable[[str, Any], None]:
    """Return a check for `Registry`: a member is a subclass without abstract methods and with these class attributes.

    Args:
        base: the class.
        attributes: name of a class attribute -> the type of its value.
    """

    def check(_: str, member: Any) -> None:
        if not (isinstance(member, type) and issubclass(member, base)):
            raise TypeError(f"it is no subclass of {base.__module__}.{base.__name__}")
        if isabstract(member):
            raise TypeError(f"it does not define {', '.join(sorted(member.__abstractmethods__))}")
        for name, kind in attributes.items():
            if not isinstance(getattr(member, name, None), kind):
                raise TypeError(f"its class attribute {name!r} is no {kind.__name__}")

    return check
