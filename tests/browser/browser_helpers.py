"""What several browser tests do."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def enter(page: Page, label: str, text: str) -> None:
    """Type into a field as a person does, who waits until the page has come to rest."""
    field = page.get_by_label(label, exact=True)
    expect(field).to_have_count(1)  # while a form is drawn anew, its old field stays for a moment
    field.fill(text)
    field.press("Enter")
