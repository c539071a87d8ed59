"""PNG and SVG of a chart: Plotly's own camera, which knows one format at a time, asked for either."""

from __future__ import annotations

from streamlit.components.v2 import component

# The chart is the nearest one around these buttons: they stand in one container with it and with no other.
_JS = """
export default function ({ parentElement }) {
  const nearest = (from) => {
    for (let around = from; around; around = around.parentElement) {
      const chart = around.querySelector(".js-plotly-plot");
      if (chart) return chart;
    }
    return null;
  };
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const chart = nearest(parentElement.getRootNode().host ?? parentElement);
      const camera = chart?.querySelector('[data-title^="Download plot"]');
      if (!camera) return;
      const options = chart._context.toImageButtonOptions;
      options.format = button.value;
      camera.click();
      options.format = "png";
    };
  }
}
"""
_CSS = """
.buttons { display: flex; gap: 1rem; }
button {
  padding: 0.5rem 0; border: 0; background: none; font: inherit; font-size: 0.875em; line-height: 1.6;
  color: var(--st-text-color); cursor: pointer;
}
button:hover, button:focus-visible { color: var(--st-primary-color); text-decoration: underline; }
"""
_HTML = """
<div class="buttons">
  <button type="button" value="png" aria-label="Download as PNG">PNG</button>
  <button type="button" value="svg" aria-label="Download as SVG">SVG</button>
</div>
"""
_BUTTONS = component("histoscope_image_buttons", html=_HTML, css=_CSS, js=_JS)


def image_buttons(*, key: str) -> None:
    """Draw the two buttons, in one container with a chart.

    Args:
        key: keeps them in place when the chart changes.
    """
    _BUTTONS(key=key, width="content")
