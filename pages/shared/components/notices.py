"""Offer a notice of the browser when a run or an experiment ends, while any page of the dashboard is open.

The choice is kept in the browser. Only a browser that wants notices asks the server, every `SECONDS`. Where the browser
does not show them, the page's title counts what ended.
"""

from __future__ import annotations

from streamlit.components.v2 import component

from pages.shared.app import ended_route

SECONDS = 5.0
"""Seconds between two questions to the server."""

# Sentences hold names of runs; they are only set as text.
_JS = """
const WANTED = "histoscope.notices", SINCE = "histoscope.notices.since", TOLD = "histoscope.notices.told";
const KEPT = 200, SEVERAL = 3;
const COUNT = /^\\(\\d+\\) /;
const badge = (window.__histoscopeBadge ??= { count: 0 });

const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private browsing */ } };
const allowed = () => "Notification" in window && Notification.permission === "granted";

function told() {
  try { const keys = JSON.parse(kept(TOLD) ?? "[]"); return Array.isArray(keys) ? keys : []; } catch { return []; }
}

function writeTitle() {
  const bare = document.title.replace(COUNT, "");
  const wanted = badge.count ? `(${badge.count}) ${bare}` : bare;
  if (document.title !== wanted) document.title = wanted;
}

function watchTitle() {
  if (badge.observer) return;
  badge.observer = new MutationObserver(writeTitle);  // a page's own title is written anew at each change of page
  badge.observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  const seen = () => { if (!document.hidden) { badge.count = 0; writeTitle(); } };
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("focus", seen);
  window.addEventListener("pointerdown", seen);
}

function tell(found, said) {
  const sentences = found.length > SEVERAL ? [`${found.length} runs and experiments have ended.`]
                                           : found.map((one) => one.sentence);
  said.textContent = sentences.join(" ");
  if (allowed()) {
    sentences.forEach((sentence, at) => {
      const notice = new Notification("Histoscope", { body: sentence, tag: found[at].key });
      notice.onclick = () => { window.focus(); notice.close(); };
    });
  }
  if (!allowed() || document.hidden) {
    badge.count += found.length;
    watchTitle();
    writeTitle();
  }
}

export default function ({ data, parentElement }) {
  const box = parentElement.querySelector("input"), said = parentElement.querySelector(".said");
  let timer = null, gone = false;

  async function ask() {
    const since = kept(SINCE);
    try {
      const answer = await fetch(since ? `${data.path}?since=${since}` : data.path, { cache: "no-store" });
      if (answer.ok && !gone) {
        const { now, ended } = await answer.json();
        const before = told(), fresh = ended.filter((one) => !before.includes(one.key));
        keep(TOLD, JSON.stringify([...before, ...fresh.map((one) => one.key)].slice(-KEPT)));
        keep(SINCE, String(since ? Math.max(Number(since), now - data.overlap) : now));
        if (fresh.length) tell(fresh, said);
      }
    } catch { /* the server is away; the page says so itself */ }
    if (!gone && box.checked) timer = setTimeout(ask, data.seconds * 1000);
  }

  function hint() {
    if (!box.checked) said.textContent = "";
    else if (!allowed()) said.textContent = "This browser shows no notices here; the page's title counts instead.";
  }

  box.checked = kept(WANTED) === "yes";
  box.onchange = async () => {
    clearTimeout(timer);
    keep(WANTED, box.checked ? "yes" : "no");
    keep(SINCE, "");
    if (box.checked && "Notification" in window && Notification.permission === "default") {
      await Notification.requestPermission();
    }
    hint();
    if (box.checked && !gone) ask();
  };
  hint();
  if (box.checked) ask();
  return () => { gone = true; clearTimeout(timer); };
}
"""
_CSS = """
.notices { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; font-size: 0.875rem; }
label { display: flex; align-items: center; gap: 0.4rem; cursor: pointer; color: var(--st-text-color); }
input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--st-primary-color); }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.said { color: var(--st-text-color); }
"""
_HTML = """
<div class="notices">
  <label><input type="checkbox"> Notify me in this browser when a run or an experiment ends</label>
  <span class="said" role="status"></span>
</div>
"""
_NOTICES = component("histoscope_notices", html=_HTML, css=_CSS, js=_JS)
_OVERLAP = 60.0
"""Seconds by which two questions overlap, because a row is written a moment after the time that it names."""


def draw() -> None:
    """Draw the switch; the router calls this on every page."""
    _NOTICES(
        key="notices",
        data={"path": ended_route.path(), "seconds": SECONDS, "overlap": _OVERLAP},
        width="content",
    )
