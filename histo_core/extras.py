"""Packages that only a part of Histoscope needs: the extras of ``pip install "histo-core[...]"``."""

from __future__ import annotations

from importlib.util import find_spec

from histo_core.errors import MissingExtraError

EXTRAS = {
    "dashboard": ("streamlit",),
    "sweeps": ("optuna",),
    "maps": ("umap",),
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "postgres": ("psycopg",),
}
"""Each extra's modules, as they are imported."""


def need_extra(extra: str, what: str) -> None:
    """Check that an extra is installed, before its modules are imported.

    Args:
        extra: a key of `EXTRAS`.
        what: needs it; the subject of the error's first sentence, such as ``"A sweep"``.

    Raises:
        MissingExtraError: one of its modules is not installed.
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{what} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            "",
            f'Install what is missing with: pip install "histo-core[{extra}]"',
        )
