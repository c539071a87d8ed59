"""Packages of the wheel; all else about it stands in pyproject.toml.

The dashboard's `app.py`, `pages/` and `assets/` lie beside the library in the source tree. In the wheel they lie inside
one package, ``histo_dashboard``, so that no module called ``app`` or ``pages`` is installed; ``histoscope app`` puts
that package's folder first on the path, where the same sources run as they are.
"""

from setuptools import find_namespace_packages, setup

LIBRARY = find_namespace_packages(include=["histo_core", "histo_core.*"])
PAGES = find_namespace_packages(include=["pages", "pages.*"])
DASHBOARD = "histo_dashboard"

setup(
    script_name="setup.py",  # not the build front end's, or this file would count as a module of the dashboard's folder
    packages=[*LIBRARY, DASHBOARD, *(f"{DASHBOARD}.{name}" for name in PAGES)],
    package_dir={DASHBOARD: "."},
    package_data={
        "histo_core": ["py.typed"],
        "": ["*.mako", "*.js", "*.css"],
        DASHBOARD: ["assets/*", ".streamlit/config.toml"],
    },
    include_package_data=False,  # else each file of a source archive, such as the README, would be one
)
