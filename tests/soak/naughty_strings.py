"""Names that would like to be more than names. What they try is counted by `naughty_visits`.

Each that runs a script calls ``naughty()``; each that leads somewhere leads to ``naughty.invalid``, which by RFC 6761
is nowhere.
"""

from __future__ import annotations

HOST = "naughty.invalid"

SCRIPTS = (
    "<script>naughty()</script>",
    "</script><script>naughty()</script>",
    "<img src=x onerror=naughty()>",
    "<svg/onload=naughty()>",
    '"><details open ontoggle="naughty()">',
    "'-naughty()-'",
    "<iframe srcdoc='<script>parent.naughty()</script>'>",
    "<math><mtext></p><style><img src=x onerror=naughty()>",
    "&lt;script&gt;naughty()&lt;/script&gt;",
    "&#60;img src=x onerror=naughty()&#62;",
)
LINKS = (
    "[click](javascript:naughty())",
    f"![picture](https://{HOST}/p.png)",
    f"![picture](//{HOST}/p.png)",
    f"[text][1] [1]: https://{HOST}",
    f"<https://{HOST}/auto>",
    f"https://{HOST}/bare?a=b",
    f"HTTPS://{HOST.upper()}",
    f"see www.{HOST}.",
    f"www.{HOST}/x_y_z",
    f"somebody@{HOST}",
    f"<somebody@{HOST}>",
    f"mailto:somebody@{HOST}",
    f'<a href="https://{HOST}">link</a>',
    "<a href='javascript:naughty()'>link</a>",
    f"[^1] [^1]: https://{HOST}",
)
STYLES = (
    f'<div style="background:url(https://{HOST}/b.png)">x</div>',
    f"<style>*{{background:url(https://{HOST}/s.png)}}</style>",
    f"</style>url(//{HOST}/u.png)",
    f"<link rel=stylesheet href=//{HOST}/l.css>",
    "<base href='/elsewhere/'>",
)
MARKUP = (
    "**bold** _italic_ ~~struck~~ `code`",
    "# heading",
    "- item",
    "1. first",
    "> quoted",
    "| a | b |\\n|---|---|",
    "$x^2$ and $$\\frac{1}{2}$$",
    "\\(x\\) \\[y\\]",
    ":red[red] :blue-background[blue] :rainbow[all]",
    ":small[small] :gray-badge[badge] :help[help]",
    ":color[own]{foreground=red}",
    ":material/home: :streamlit:",
    ":smile: :+1: a:b:c",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    "::: note\\ntext\\n:::",
    "<b>bold</b><sup>2</sup><br>new",
    "&amp; &nbsp; &copy; &#x41; &notanentity;",
    "back\\slash \\* \\[",
)
BRACES = (
    "%{x} %{customdata}",
    "%{fullData.name}<extra>x</extra>",
    "{{7*7}} ${7*7} #{7*7}",
    "{name} {0} {}",
    "%s %d %n",
)
FORMULAS = (
    "=cmd|'/C calc'!A0",
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    '=HYPERLINK("https://naughty.invalid","x")',
    '"=1+1',
    "'=1+1",
    ";=1+1",
)
PATHS = (
    "../../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "C:\\x",
    "a/b",
    "%2e%2e%2f",
    "%00",
    "a%0d%0ab",
    "CON",
    "~",
    "a?b#c&d=e",
)
UNICODE = (
    "abc\u202egnp.exe",
    "\u2066isolated",
    "zero\u200bwidth\u200d\ufeff",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da",
    "\uff1cscript\uff1e",
    "\u00a0\u2003wide",
    "w" * 180,
    "W\u00f6rter" * 25,
)
CONTROLS = (
    "nul\x00byte",
    "esc\x1b[31mred",
    "bell\x07",
    "tab\tbed",
    "line\nbreak",
    "\r\nSet-Cookie: a=b",
    "next\x85line",
)
QUOTES = ("'\"`", '"', "''", "\"'><x", "O'Brien", "\\", "\\'", "NULL", "undefined", "true", "NaN", "1e400", "[]", "{}")
ALL = (*SCRIPTS, *LINKS, *STYLES, *MARKUP, *BRACES, *FORMULAS, *PATHS, *UNICODE, *CONTROLS, *QUOTES)
"""All of them, each once."""

COMBINED = (
    f"=<img src=x onerror=naughty()>**b** $x$ :red[r] :material/home: :+1: [l](javascript:naughty()) "
    f"![i](//{HOST}) https://{HOST} www.{HOST} a@{HOST} %{{x}} -> &lt;"
)
"""One string for each place of the short form, within the 200 characters of a name."""
SHORT = f"=:red[t]<b>$x$ www.{HOST}"
"""The same within the 40 characters of a tag."""
