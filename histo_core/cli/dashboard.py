"""``app``: the dashboard, from the source tree or from the wheel."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from histo_core.errors import ConfigError
from histo_core.extras import need_extra
from histo_core.private_files import shared_files

LIBRARY = Path(__file__).resolve().parents[1]


def app(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of 127.0.0.1 to listen on.")] = 8501,
) -> None:
    """Start the dashboard; Ctrl-C ends it, and runs go on.

    Other settings of its server are environment variables, such as STREAMLIT_SERVER_BASE_URL_PATH=histoscope.

    \b
    Examples:
      python -m histo_core app
      python -m histo_core app --port 8600
    """
    need_extra("dashboard", "The dashboard")
    serve(dashboard_folder(), port)


def dashboard_folder() -> Path:
    """Find the folder that holds ``app.py`` and ``pages/``: a package of the wheel, or the source tree.

    Raises:
        ConfigError: neither is there.
    """
    for folder in (LIBRARY.parent / "histo_dashboard", LIBRARY.parent):
        if (folder / "app.py").is_file() and (folder / "pages").is_dir():
            return folder
    raise ConfigError(
        f"No dashboard lies beside {LIBRARY}.",
        "The package histo_dashboard, or app.py and pages/, are expected there.",
        'Install it again with: pip install --force-reinstall --no-deps "histo-core[dashboard]"',
    )


def serve(folder: Path, port: int) -> None:
    """Run Streamlit in this process until it is stopped.

    Streamlit reads the folder's ``.streamlit/config.toml`` and puts the folder first on the path, so that ``pages`` is
    the one that lies there, whichever folder this process was started in.
    """
    streamlit, click = import_module("streamlit.web.cli"), import_module("click")  # of the extra, not of the core
    words = ["run", str(folder / "app.py"), f"--server.port={port}"]
    try:
        with shared_files():  # the dashboard sets its own permissions, and must know those that the user's umask gives
            streamlit.main(words, prog_name="streamlit", standalone_mode=False)
    except click.Abort:
        return  # Ctrl-C
    except click.ClickException as error:
        raise ConfigError(f"Streamlit refuses a setting: {error.format_message()}") from None
