"""Say in the browser that the server does not answer, and offer to try again.

Streamlit's own dialog covers the page and asks for the internet connection, on a server that may run on the same
machine. The script closes that dialog, shows a line of text instead, and hides it when the connection is back.
"""

from __future__ import annotations

import streamlit as st
from streamlit.components.v2 import component

KEY = "server-gone"
"""Of the container; `assets/access.css` fixes it to the top of the window, where it takes no room in the page."""

_HTML = """
<div class="gone" hidden>
  <div role="alert"></div>
  <button type="button">Try now</button>
</div>
"""
# Streamlit puts the state on the app's root element, and tries again every 4 s. A dialog of a page hides all that is
# outside of it from screen readers, unless it is marked as a top layer.
_JS = """
const LOST = "The server does not answer. What you see stays here, but a click has no effect until the server is "
  + "back. This page connects again by itself.";
const STOPPED = "The server has ended this page's connection. Reload the page.";
const PATIENCE = 1000, LIMIT = 5000;
export default function ({ parentElement }) {
  const app = document.querySelector("[data-test-connection-state]");
  const box = parentElement.querySelector(".gone"), words = box.querySelector("[role]");
  const button = box.querySelector("button");
  const connected = () => app.dataset.testConnectionState === "CONNECTED";
  let waiting = null;
  parentElement.host.dataset.reactAriaTopLayer = "true";
  const show = () => {
    if (connected()) return;
    words.textContent = app.dataset.testConnectionState === "DISCONNECTED_FOREVER" ? STOPPED : LOST;
    box.hidden = false;
  };
  const closeStreamlits = () => {
    if (connected()) return;
    for (const dialog of document.querySelectorAll("[role=dialog]"))
      if (dialog.textContent.startsWith("Connection error")) dialog.querySelector("[aria-label=Close]")?.click();
  };
  const look = () => {
    clearTimeout(waiting);
    if (!connected()) waiting = setTimeout(show, box.hidden ? PATIENCE : 0);
    else {
      box.hidden = true;
      words.textContent = "";
    }
  };
  button.onclick = async () => {
    button.disabled = true;
    const answer = await fetch("/_stcore/health", { cache: "no-store", signal: AbortSignal.timeout(LIMIT) }).catch(
      () => null,
    );
    button.disabled = false;
    if (answer?.ok) location.reload();
    else if (!connected()) words.textContent = `No answer at ${new Date().toLocaleTimeString()}. ` + LOST;
  };
  const states = new MutationObserver(look), dialogs = new MutationObserver(closeStreamlits);
  states.observe(app, { attributeFilter: ["data-test-connection-state"] });
  dialogs.observe(document.body, { childList: true, subtree: true });
  look();
  return () => {
    clearTimeout(waiting);
    states.disconnect();
    dialogs.disconnect();
  };
}
"""
_CSS = """
.gone {
  display: flex; gap: 1rem; align-items: center; justify-content: center; padding: 0.5rem 1rem;
  background: var(--st-background-color); color: var(--st-text-color); font-family: var(--st-font);
  border-bottom: 2px solid var(--st-red-color);
}
.gone[hidden] { display: none; }
button {
  flex: none; padding: 0.25rem 0.75rem; font: inherit; color: inherit; background: transparent; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""
_NOTICE = component("histoscope_server_gone", html=_HTML, css=_CSS, js=_JS)


def draw() -> None:
    """Draw the notice, which stays hidden while the server answers."""
    with st.container(key=KEY):
        _NOTICE(key="server-gone.notice")
