"""One HTML file that holds all it needs, plotly.js included where it draws a figure, and asks for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from histo_core.shown_text import as_html

DISCLAIMER = "For research and teaching. Not a medical device."

# The policy lets the page's own scripts and styles run and forbids every request, were a name ever to slip through.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff; max-width: 1080px; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.verdict { font-size: 1.15rem; } .warning { border-left: 3px solid #E69F00; padding-left: .75rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr)); gap: 1rem; }
.figures figure { margin: 0; min-width: 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #d0d7de; white-space: nowrap; }
footer { margin-top: 2rem; color: #59636e; font-size: .85rem; }
"""


@dataclass(frozen=True, eq=False)
class ReportSection:
    """A heading with paragraphs, ready-made table HTML and figures below it."""

    heading: str
    paragraphs: Sequence[str] = ()
    table: str = ""
    figures: Sequence[go.Figure] = ()


def page(title: str, verdict: str, warnings: Sequence[str], sections: Sequence[ReportSection]) -> str:
    """The whole file. All texts are plain text and are escaped here; only `Section.table` is HTML already."""
    body = [f"<h1>{as_html(title)}</h1>", f'<p class="verdict">{as_html(verdict)}</p>']
    body += [f'<p class="warning">{as_html(warning)}</p>' for warning in warnings]
    for number, section in enumerate(sections):
        body.append(_section(section, f"figure-{number}"))
    content = "\n".join(body)
    plotly = f"<script>{get_plotlyjs()}</script>\n" if any(section.figures for section in sections) else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{as_html(title)}</title>
<style>{_STYLE}</style>
{plotly}</head>
<body>
{content}
<footer>{DISCLAIMER}</footer>
</body>
</html>
"""


def _section(section: ReportSection, prefix: str) -> str:
    parts = [f"<h2>{as_html(section.heading)}</h2>"]
    parts += [f"<p>{as_html(paragraph)}</p>" for paragraph in section.paragraphs]
    if section.table:
        parts.append(f'<div class="scroll">{section.table}</div>')
    if section.figures:
        figures = [_figure(figure, f"{prefix}-{i}") for i, figure in enumerate(section.figures)]
        parts.append(f'<div class="figures">{"".join(figures)}</div>')
    return "\n".join(parts)


def _figure(figure: go.Figure, name: str) -> str:
    """A figure in the page's text colour. A name of our own, since plotly's random one would change the file's hash."""
    shown = go.Figure(figure).update_layout(font_color="#1f2328")
    alt = as_html(shown.to_dict()["layout"]["meta"]["alt"])
    drawing = shown.to_html(full_html=False, include_plotlyjs=False, div_id=name, config={"displaylogo": False})
    return f'<figure role="img" aria-label="{alt}">{drawing}</figure>'
