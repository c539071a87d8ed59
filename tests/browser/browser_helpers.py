"""What several browser tests do."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

SCHEMES = ("light", "dark")
BUSY = "[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton]"


def enter(page: Page, label: str, text: str) -> None:
    """Type into a field as a person does, who waits until the page has come to rest."""
    field = page.get_by_label(label, exact=True)
    expect(field).to_have_count(1)  # while a form is drawn anew, its old field stays for a moment
    field.fill(text)
    field.press("Enter")


def axe_found(page: Page, *, idle: bool = True) -> dict[str, dict[str, int]]:
    """By colour scheme and axe's rule, how many elements break it; waits for a page at rest where ``idle``."""
    found = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        if idle:
            page.wait_for_function("busy => !document.querySelector(busy)", arg=BUSY)
        page.wait_for_function(
            "dark => (getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark') === dark",
            arg=scheme == "dark",
        )
        violations = Axe().run(page).response["violations"]
        found[scheme] = {rule["id"]: len(rule["nodes"]) for rule in violations}
    return found
