import inspect

from histo_core import errors


def test_the_tree_in_the_docstring_names_every_error_under_its_parent() -> None:
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.HistoscopeError)
    ]
    lines = (errors.__doc__ or "").splitlines()
    depth = {line.strip(" │├└─").split()[0]: len(line) - len(line.lstrip(" │├└─")) for line in lines if "Error" in line}
    for kind in kinds:
        assert kind.__name__ in depth, f"{kind.__name__} is missing from the tree"
        parent = kind.__mro__[1].__name__
        if parent in depth:
            assert depth[kind.__name__] == depth[parent] + 4


def test_an_error_reads_as_found_allowed_remedy() -> None:
    error = errors.ConfigError("x = 3.", "1 or 2.", "Choose one.")
    assert str(error) == "x = 3. 1 or 2. Choose one."
    assert str(errors.RunError("Gone.")) == "Gone."
