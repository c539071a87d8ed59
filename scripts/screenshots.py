"""Draw docs/screenshots: each page, light and dark, wide and narrow, on a workspace in which the demo has run.

The workspace is made once, in the folder that HISTOSCOPE_SCREENSHOTS names (else in the system's folder for temporary
files), and used again; the demo trains for about five minutes the first time.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # because it is started as a file

from histo_core.auditing.embedding.layout import make_map
from histo_core.auditing.report import make_audit
from histo_core.config import SplitConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.experiments.api import experiments, runs_of, start_experiment
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.studies.demo import demo_configs
from histo_core.workspace import Workspace
from scripts.dashboard import PROJECT, chromium, served

OUT = PROJECT / "docs" / "screenshots"
WIDTHS = {1440: 900, 820: 1180}
THEMES = ("light", "dark")
MOST_BYTES = 300_000
TALLEST = 2600
OWN_COLOURS = 64
_DATA = demo_configs()[0].config.data
BUSY = "[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton]"


def main() -> None:
    """Make all pictures."""
    default = Path(tempfile.gettempdir()) / "histoscope-screenshots"
    workspace = Workspace(Path(os.environ.get("HISTOSCOPE_SCREENSHOTS", default)).resolve())
    paths = _paths(_prepare(workspace))
    OUT.mkdir(parents=True, exist_ok=True)
    with served(workspace) as address, chromium() as browser:
        for (name, path), theme, width in product(paths.items(), THEMES, WIDTHS):
            picture = _picture(browser, address + path, theme, width)
            file = OUT / f"{name}-{theme}-{width}.png"
            file.write_bytes(picture)
            print(f"{file.relative_to(PROJECT)}: {len(picture):,} bytes")


def _prepare(workspace: Workspace) -> list[str]:
    """Run the demo and five folds where they have not run yet, audit and map the patches; the ids of the demo's models,
    newest first."""
    demo = {one.name for one in demo_configs()}
    finished = Store.open(workspace).runs(statuses=[RunStatus.SUCCEEDED])
    if not demo <= {run.name for run in finished}:
        environment = os.environ | {"HISTOSCOPE_HOME": str(workspace.home)}
        subprocess.run([sys.executable, "-m", "histo_core", "demo"], cwd=PROJECT, env=environment, check=True)
        finished = Store.open(workspace).runs(statuses=[RunStatus.SUCCEEDED])
    dataset = open_dataset(_DATA, workspace)
    make_audit(dataset, make_split(dataset, SplitConfig()), workspace)
    make_map(dataset, "colour", workspace)
    if not experiments(workspace):
        small = demo_configs()[0]
        start_experiment(small.config, ProtocolConfig(kind="folds", folds=5), workspace, name=small.name)
    while any(run.status.active for run in runs_of(experiments(workspace)[0], workspace).values()):
        time.sleep(1)
    return [run.run_id for run in finished if run.name in demo]


def _paths(run_ids: list[str]) -> dict[str, str]:
    newest = run_ids[0]
    data = f"/data?dataset={_DATA.dataset}&options={quote(json.dumps(_DATA.options))}&view="
    return {
        "home": "/",
        "data": f"{data}gallery",
        "map": f"{data}map",
        "audit": f"{data}audit",
        "split": f"{data}split",
        "train": "/train",
        "experiments": "/experiments",
        "predict": f"/predict?run={newest}&dataset={_DATA.dataset}&options={quote(json.dumps(_DATA.options))}",
        "compare": "/compare?colour=yes" + "".join(f"&runs={run_id}" for run_id in run_ids),
        "explain": f"/explain?run={newest}&class=tumour&show=right",
    }


def _picture(browser: Browser, url: str, theme: str, width: int) -> bytes:
    """The whole page, as a PNG of at most 256 colours where full colour would be too large."""
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(url)
    page.get_by_text("Not a medical device").wait_for()
    _settle(page)
    height = int(page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight"))
    page.set_viewport_size({"width": width, "height": min(max(height, WIDTHS[width]), TALLEST)})
    _settle(page)
    picture = page.screenshot()
    context.close()
    return _small(picture)


def _settle(page: Page) -> None:
    """Wait until nothing computes or loads any more, and charts have drawn."""
    page.wait_for_function("busy => !document.querySelector(busy)", arg=BUSY)
    page.wait_for_timeout(1_500)


def _small(picture: bytes) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    content = _as_png(image)
    # Dithered tissue looks like tissue, but takes more room; fewer colours take less.
    for colours, dither in ((256, Image.Dither.FLOYDSTEINBERG), (256, Image.Dither.NONE), (128, Image.Dither.NONE)):
        if len(content) <= MOST_BYTES:
            break
        content = _as_png(image.quantize(palette=_palette(image, colours), dither=dither))
    return content


def _as_png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _palette(image: Image.Image, colours: int) -> Image.Image:
    """The page's own colours as they are, because they are the most frequent; what is left goes to the tissue."""
    counted = sorted(image.getcolors(image.width * image.height) or [], reverse=True)
    own = [channel for _, colour in counted[:OWN_COLOURS] for channel in colour]  # type: ignore[union-attr]
    tissue = image.quantize(colours - OWN_COLOURS).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*own, *tissue][: 3 * colours])
    return palette


if __name__ == "__main__":
    main()
