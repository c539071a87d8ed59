"""Run the examples of all public names, once every submodule has been imported; a process of its own runs this."""

import doctest
import sys
from importlib import import_module
from inspect import getdoc
from pkgutil import walk_packages

import histo_core


def import_all() -> None:
    """Import every submodule, so that one that hid a public name would be found."""
    for module in walk_packages(histo_core.__path__, "histo_core."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            import_module(module.name)


def doc_of(name: str) -> str:
    """Return the docstring of a public name; the registries have their example in the package's own."""
    if name.isupper():
        return histo_core.__doc__ or ""
    return getdoc(getattr(histo_core, name)) or ""


def failures(name: str) -> int:
    """Run the example of one name; count what fails, an example that does not use it included."""
    parsed = doctest.DocTestParser().get_doctest(doc_of(name), {}, name, None, 0)
    if not any(name in example.source for example in parsed.examples if not example.source.startswith("from ")):
        print(f"{name} has no example that uses it")
        return 1
    return doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(parsed).failed


if __name__ == "__main__":
    import_all()
    wrong = sum(map(failures, histo_core.__all__))
    print(f"{len(histo_core.__all__)} names, {wrong} failures")
    sys.exit(bool(wrong))
