"""Make safe file names from names of samples and classes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

_LONGEST = 100
"""Characters; with a suffix and at four bytes a character, a longer name could exceed some file systems' 255 bytes."""
_LONGEST_BYTES = 200


def safe_names(names: Sequence[str]) -> list[str]:
    """Return one file name for each: letters, digits, ``_``, ``-`` and inner dots, at most 200 bytes, all distinct.

    Names that are safe stay as they are. The first digits of a name's SHA-256 are added if it is shortened or empty, or
    if it would differ from another only by case, by replaced characters or by such digits.

    Args:
        names: distinct names, such as sample ids. In ids that are paths, the image suffix is dropped and ``/`` becomes
            ``_``.
    """
    cleaned = [_cleaned(name) for name in names]
    safe = [
        clean if clean and _fits(clean) else _marked(clean, name) for clean, name in zip(cleaned, names, strict=True)
    ]
    while True:  # a name with digits may equal another original name
        often = Counter(name.casefold() for name in safe)
        apart = [
            one if often[one.casefold()] == 1 else _marked(clean, name)
            for one, clean, name in zip(safe, cleaned, names, strict=True)
        ]
        if apart == safe:
            return safe
        safe = apart


def _cleaned(name: str) -> str:
    stem = re.sub(r"\.(png|jpe?g|tiff?)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "_", stem).strip(".")


def _fits(name: str) -> bool:
    return len(name) <= _LONGEST and len(name.encode()) <= _LONGEST_BYTES


def _marked(clean: str, name: str) -> str:
    digits = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:12]
    short = clean[:_LONGEST].encode()[: _LONGEST_BYTES - len(digits)].decode(errors="ignore")
    return f"{short}-{digits}" if short else digits
