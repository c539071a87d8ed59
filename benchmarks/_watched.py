"""Time interactions in the browser: from the event to the frame in which its result stands on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

_WATCH = """
([condition, needsPictures]) => {
  const roots = () => {
    const found = [document];
    for (const one of document.querySelectorAll("*")) if (one.shadowRoot) found.push(one.shadowRoot);
    return found;
  };
  const all = (selector) => roots().flatMap((root) => [...root.querySelectorAll(selector)]);
  const pictures = () => [
    ...all("canvas").map((one) => one.toDataURL()),
    ...all(".heatmaplayer").map((one) => one.innerHTML),
    ...all("img").map((one) => one.src),
  ].join();
  const test = new Function(`return (${condition})`);
  const before = needsPictures ? pictures() : "";
  const atRest = () =>
    document.querySelector("[data-test-script-state]").dataset.testScriptState === "notRunning" &&
    !document.querySelector("[data-stale=true], [data-testid=stSpinner], [data-testid=stSkeleton]");
  let start = null;
  const began = () => { start ??= performance.now(); };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, began, { capture: true, once: true });
  window.histoscopeSeconds = null;
  const look = () => {
    if (start !== null && test() && atRest() && (!needsPictures || pictures() !== before))
      window.histoscopeSeconds = (performance.now() - start) / 1000;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""


def seconds_of(page: Page, act: Callable[[], Any], condition: str, *, pictures: bool = False) -> float:
    """Do something once, and return the seconds from its first event until its result is drawn and nothing runs.

    Args:
        page: at rest.
        act: one click or key.
        condition: JavaScript that is true once the result stands on the page, and was false before.
        pictures: wait until a canvas, a heat map or an image has changed, too.

    Raises:
        playwright.sync_api.TimeoutError: nothing happened within the page's own time.
    """
    page.evaluate(_WATCH, [condition, pictures])
    act()
    page.wait_for_function("window.histoscopeSeconds !== null", polling=20)
    return float(page.evaluate("window.histoscopeSeconds"))
