// The buttons that say how maps are drawn, and the keys that are printed on them.

const HELD = 400; // milliseconds: whoever holds the space bar longer wants the overlay back on release
const PAN = 0.1;
const KEYS = [
  ["space", "overlay on or off; while it is held, off"],
  ["[  ]", "overlay weaker, stronger"],
  ["z", "zoom: 1, 2, 4, 8 times, at the pointer"],
  ["1 to 9", "which map, where there are several"],
  ["Shift + arrows", "move the part in view; so does dragging"],
  ["Ctrl + wheel", "zoom in and out"],
  ["\u2190  \u2192", "the page's previous and next patch"],
  ["?", "this list"],
];

class Controls {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "controls";
    this.root.setAttribute("role", "group");
    this.root.ariaLabel = "How the maps are drawn";
    const { look } = shared;
    const toggle = (name, text, title, key) =>
      this.button(text, title, () => change({ [name]: !look[name] }), key, name);
    this.toggles = {
      overlay: toggle("overlay", "Overlay", "The map and all marks over the patch.", "space"),
    };
    [this.strength, this.number] = this.slider();
    this.selects = {
      colours: this.select("Colours", CHOICES.colours, "What colours stand for the map's values.", (colours) => change({ colours })),
      contours: this.select("Contours", CHOICES.contours, "Lines around the strongest shares of the pixels.", (contours) => change({ contours })),
    };
    Object.assign(this.toggles, {
      grey: toggle("grey", "Grey tissue", "The patch below the map without its colours."),
      lens: toggle("lens", "Lens", "Under the pointer the patch alone, elsewhere the map."),
      one: toggle("one", "One scale", "All maps at one scale. Methods count in different units: each usually has its own."),
      mask: toggle("mask", "Mask", "The outline of the known mask."),
    });
    this.map = this.select("Map", {}, "Which of the maps is shown.", (at) => { shared.map = Number(at); redraw(); });
    this.zoom = this.button("Zoom", "Larger, at the pointer or in the middle of what is in view.", nextZoom, "z");
    for (const kind of ["png", "svg"]) {
      const text = kind.toUpperCase();
      this.button(text, `Save all pictures as they are drawn, as ${text}`, () => save(kind, this.name));
    }
    this.keys = this.list();
    this.button("Keys", "What keys do.", () => this.keys.togglePopover(), "?");
    // Arrow keys in a field change the field, and do not step through the page's patches.
    this.root.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow") && event.target.matches("input, select")) event.stopPropagation();
    });
    parent.append(this.root);
    shared.controls.add(this);
  }

  button(text, title, act, key, name) {
    const button = this.root.appendChild(document.createElement("button"));
    button.type = "button";
    button.title = title;
    button.append(text, ...(key ? [" ", keyed(key)] : []));
    button.onclick = act;
    if (name) button.name = name;
    return button;
  }

  slider() {
    const label = this.root.appendChild(document.createElement("label")), range = document.createElement("input");
    const number = document.createElement("output");
    Object.assign(range, { type: "range", name: "strength", min: 0, max: 100, step: 5 });
    range.oninput = () => change({ strength: Number(range.value) / 100 });
    label.append("Strength ", keyed("["), range, keyed("]"), number);
    label.title = "How strongly the map covers the patch.";
    range.ariaLabel = "Strength";
    return [range, number];
  }

  select(text, options, title, act) {
    const label = this.root.appendChild(document.createElement("label")), select = document.createElement("select");
    label.title = title;
    select.append(...Object.entries(options).map(([value, name]) => new Option(name, value)));
    select.onchange = () => act(select.value);
    label.append(text, " ", select);
    return select;
  }

  list() {
    const list = this.root.appendChild(document.createElement("div")), terms = document.createElement("dl");
    list.popover = "auto";
    for (const [key, meaning] of KEYS) {
      terms.appendChild(document.createElement("dt")).append(keyed(key));
      terms.appendChild(document.createElement("dd")).textContent = meaning;
    }
    list.append(terms);
    return list;
  }

  // Show the settings, and only those controls that change something.
  show() {
    const { look, panels, zoom, map } = shared, all = [...panels].filter((panel) => panel.data);
    for (const [name, button] of Object.entries(this.toggles)) button.ariaPressed = String(look[name]);
    this.strength.value = 100 * look.strength;
    this.number.textContent = `${Math.round(100 * look.strength)}%`;
    for (const [name, select] of Object.entries(this.selects)) select.value = look[name];
    this.zoom.firstChild.textContent = `Zoom ${zoom}\u00d7`;
    this.toggles.mask.hidden = !all.some((panel) => panel.data.mask);
    this.toggles.one.hidden = all.filter((panel) => panel.layer).length < 2;
    const names = all.map((panel) => panel.data.maps).reduce((most, maps) => (maps.length > most.length ? maps : most), []);
    this.map.parentElement.hidden = names.length < 2;
    if (this.map.length !== names.length || names.some(({ label }, at) => !this.map[at].text.endsWith(label))) {
      this.map.replaceChildren(...names.map(({ label }, at) => new Option(at < 9 ? `${at + 1} ${label}` : label, at)));
    }
    this.map.value = map;
  }

  remove() {
    this.root.remove();
    shared.controls.delete(this);
  }
}

function keyed(key) {
  const mark = document.createElement("kbd");
  mark.textContent = key;
  return mark;
}

const TYPING = "input, textarea, select, [contenteditable]";
const PRESSED = `${TYPING}, button, a, summary, [role=button], [role=combobox], [role=slider], [role=tab], [role=option]`;
let pressedAt = null;

function onKeyDown(event) {
  const [target] = event.composedPath(), within = (kinds) => target instanceof Element && target.closest(kinds);
  const command = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  if (command || !shared.controls.size || within(TYPING) && target.type !== "range") return;
  const move = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] }[event.key];
  if (event.key === " ") {
    if (within(PRESSED)) return; // there the space bar presses the button
    if (!event.repeat) {
      pressedAt = event.timeStamp;
      change({ overlay: !shared.look.overlay });
    }
  } else if (event.key === "[") strengthen(-0.05);
  else if (event.key === "]") strengthen(0.05);
  else if (event.key === "z") nextZoom();
  else if (event.key === "?") for (const controls of shared.controls) controls.keys.togglePopover();
  else if (/^[1-9]$/.test(event.key)) {
    if (![...shared.panels].some((panel) => panel.data?.maps.length >= Number(event.key))) return;
    shared.map = Number(event.key) - 1;
    redraw();
  } else if (move && event.shiftKey && shared.zoom > 1) {
    moveTo({ x: shared.centre.x + move[0] / shared.zoom * 2, y: shared.centre.y + move[1] / shared.zoom * 2 });
  } else return;
  event.preventDefault();
}

function onKeyUp(event) {
  if (event.key !== " " || pressedAt === null) return;
  if (event.timeStamp - pressedAt > HELD) change({ overlay: !shared.look.overlay });
  pressedAt = null;
}

document.addEventListener("keydown", onKeyDown);
document.addEventListener("keyup", onKeyUp);
