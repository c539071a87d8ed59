"""Check the examples of all public names, once every submodule has been imported; a process of its own runs this.

Public is what an ``__all__`` names. The examples of `histo_core` itself are run here, because a submodule could hide
one of its names; ``--doctest-modules`` runs them all.
"""

import doctest
import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc, isclass, isfunction
from pkgutil import walk_packages
from types import ModuleType

import histo_core


def modules() -> Iterator[ModuleType]:
    """Import every submodule, so that one that hid a public name would be found."""
    yield histo_core
    for module in walk_packages(histo_core.__path__, "histo_core."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            yield import_module(module.name)


def example_of(module: ModuleType, name: str) -> doctest.DocTest | None:
    """Return the example that uses a public name; what is no class or function has it in the module's docstring."""
    member = getattr(module, name)
    doc = getdoc(member if isclass(member) or isfunction(member) else module) or ""
    found = doctest.DocTestParser().get_doctest(doc, {}, f"{module.__name__}.{name}", None, 0)
    uses = (example.source for example in found.examples if not example.source.startswith("from "))
    return found if any(name in source for source in uses) else None


def failures(module: ModuleType, name: str) -> int:
    """Run an example of the package itself, or look for another one; count what fails, and print what is missing."""
    found = example_of(module, name)
    if found is None:
        print(f"{module.__name__}.{name} has no example that uses it")
        return 1
    if module is not histo_core:
        return 0
    return doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(found).failed


if __name__ == "__main__":
    names = [(module, name) for module in list(modules()) for name in getattr(module, "__all__", ())]
    wrong = sum(failures(module, name) for module, name in names)
    print(f"{len(names)} names, {wrong} failures")
    sys.exit(bool(wrong))
