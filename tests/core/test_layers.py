"""The direction of imports, as far as a running interpreter can tell."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

IMPORT_ALL = """
import importlib, pkgutil, sys
import histo_core
names = [module.name for module in pkgutil.walk_packages(histo_core.__path__, "histo_core.")]
for name in names:
    if not name.endswith("__main__") and ".migrations" not in name:
        importlib.import_module(name)
found = sorted(name for name in sys.modules if name.split(".")[0] in {"streamlit", "pages"})
print(len(names), found)
sys.exit(bool(found))
"""


def test_no_module_of_the_core_loads_streamlit() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 30
