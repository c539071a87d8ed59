"""Run the code cells of a notebook one after another, as Jupyter would: ``python run_notebook.py NOTEBOOK``.

Jupyter itself is not needed: what a cell ends with is shown as text, and a picture as its size.
"""

import ast
import json
import sys
from pathlib import Path


def run(notebook: Path) -> None:
    """Run all cells in one namespace; an error ends the process and names the cell."""
    names: dict[str, object] = {"__name__": "__main__"}
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            show(run_cell("".join(cell["source"]), f"{notebook.name}, cell {number}", names))


def run_cell(source: str, where: str, names: dict[str, object]) -> object:
    """Run one cell; return the value of the expression that it ends with, or None."""
    tree = ast.parse(source, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)  # noqa: S102 (our own notebooks)
    return None if last is None else eval(compile(ast.Expression(last.value), where, "eval"), names)  # noqa: S307


def show(value: object) -> None:
    """Print a value as far as a terminal can."""
    if value is not None:
        print(value)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
