"""Show patches with maps over them in a viewer that draws in the browser.

`panel` says what a panel shows and checks it, `payload` encodes it, `mount` puts viewers and their controls on a page.
The JavaScript lies in one file an idea: `state.js` (what all viewers of a page share), `colours.js`, `outlines.js`,
`panel.js` (one picture), `figure.js` (PNG and SVG), `controls.js` (buttons and keys), `mount.js`.
"""

from pages.shared.components.patch_viewer.mount import patch_viewer, viewer_controls
from pages.shared.components.patch_viewer.panel import MapLayer, Panel

__all__ = ["MapLayer", "Panel", "patch_viewer", "viewer_controls"]
