"""Add to the site what is kept elsewhere, and refuse pages that ask for another host. `mkdocs.yml` names this file.

- Reference: one page a room of `histo_core`, made from its docstrings; one page for the modules beside the rooms.
- Project: the Markdown files of the repository's root.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = "histo_core"
ROOT_FILES = {"Contributing": "CONTRIBUTING.md", "Security": "SECURITY.md", "Changes": "CHANGELOG.md"}

_OUTSIDE = re.compile(
    r"<(?:script|link|img|iframe|source|video)\b[^>]*?\b(?:src|href)=\"?(?:https?:)?//[^\s\">]+", re.I
)
_log = logging.getLogger("mkdocs.hooks.site")  # below mkdocs' own, so that --strict counts the warnings


def reference() -> dict[str, str]:
    """Title of each page of the reference, and its text."""
    package = PROJECT / PACKAGE
    rooms = sorted(folder.parent.name for folder in package.glob("*/__init__.py"))
    modules = sorted(path.stem for path in package.glob("*.py") if not path.stem.startswith("__"))
    base = "\n\n".join(f"::: {PACKAGE}.{name}" for name in modules)
    pages = {
        PACKAGE: f"# Public interface\n\n::: {PACKAGE}\n    options:\n      show_root_heading: false\n",
        "base": f"# base\n\nThe modules beside the rooms.\n\n{base}\n",
    }
    for room in rooms:
        pages[room] = f"# {room}\n\n::: {PACKAGE}.{room}\n    options:\n      show_submodules: true\n"
    return pages


def project() -> dict[str, str]:
    """Title of each page of the project, and its text, with links as they are below docs/."""
    found = {title: PROJECT / name for title, name in ROOT_FILES.items()}
    return {title: path.read_text().replace("](docs/", "](") for title, path in found.items() if path.is_file()}


def on_config(config: Any) -> Any:
    """List the pages in the navigation."""
    for section in config["nav"]:
        if "Reference" in section:
            section["Reference"] = [{title: f"reference/{title}.md"} for title in reference()]
        if "Project" in section:
            section["Project"] = [{title: f"project/{title.lower()}.md"} for title in project()]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages, and the icon that the dashboard has."""
    for title, text in reference().items():
        files.append(File.generated(config, f"reference/{title}.md", content=text))
    for title, text in project().items():
        # Two folders up is the site's root, from where links of the repository's root are meant.
        relative = re.sub(r"\]\((?!https?:|#)", "](../", text)
        files.append(File.generated(config, f"project/{title.lower()}.md", content=relative))
    files.append(File.generated(config, "icon.svg", abs_src_path=str(PROJECT / "assets" / "icon.svg")))
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Warn of what a reader's browser would fetch from another host."""
    del config
    for found in _OUTSIDE.findall(output):
        _log.warning("%s asks for another host: %s", page.file.src_uri, found)
    return output
