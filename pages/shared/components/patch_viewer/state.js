// What all viewers of a page share: how maps are drawn, and which part of the patch is in view. One page has one
// module, so that a viewer that is drawn anew, or on another page, finds its settings as they were left.

const CHOICES = {
  colours: { clear: "clear at zero", solid: "solid", cividis: "cividis" },
  contours: { none: "none", ten: "top 10%", quarter: "top 25%", three: "10, 25, 50%" },
};
const QUANTILES = { none: [], ten: [0.1], quarter: [0.25], three: [0.1, 0.25, 0.5] };
const DEFAULTS = {
  overlay: true, strength: 0.7, colours: "clear", contours: "none", grey: true, lens: false, one: false, mask: true,
};
const STORE = "histoscope.viewer";
const ZOOMS = [1, 2, 4, 8];

const shared = {
  look: { ...DEFAULTS, ...remembered() },
  map: 0,
  zoom: 1,
  centre: { x: 0.5, y: 0.5 },
  pointer: null,
  panels: new Set(),
  controls: new Set(),
};

let awaited = false;

// Draw all panels at the browser's next frame, once however many changes came before.
function redraw() {
  if (awaited) return;
  awaited = true;
  requestAnimationFrame(() => {
    awaited = false;
    for (const panel of shared.panels) panel.draw();
    for (const controls of shared.controls) controls.show();
  });
}

function change(look) {
  Object.assign(shared.look, look);
  try {
    localStorage.setItem(STORE, JSON.stringify(shared.look));
  } catch { /* a browser that keeps nothing forgets the settings with the page */ }
  redraw();
}

function remembered() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch { /* unreadable, or the browser keeps nothing */ }
  const fits = ([name, value]) =>
    name in DEFAULTS && typeof value === typeof DEFAULTS[name] &&
    (!(name in CHOICES) || Object.hasOwn(CHOICES[name], value)) && (name !== "strength" || (value >= 0 && value <= 1));
  return Object.fromEntries(Object.entries(kept).filter(fits));
}

function strengthen(step) {
  change({ strength: Math.min(Math.max(Math.round((shared.look.strength + step) * 20) / 20, 0), 1) });
}

// Zoom to a point, in shares of the patch; zooming out of the last step shows all of it.
function zoomTo(zoom, at = shared.pointer ?? shared.centre) {
  shared.zoom = zoom;
  moveTo(at);
}

function moveTo(at) {
  const half = 0.5 / shared.zoom, within = (share) => Math.min(Math.max(share, half), 1 - half);
  shared.centre = { x: within(at.x), y: within(at.y) };
  redraw();
}

function nextZoom() {
  zoomTo(ZOOMS[(ZOOMS.indexOf(shared.zoom) + 1) % ZOOMS.length]);
}
