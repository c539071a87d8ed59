// One picture: the patch, one of its maps, and its marks.

const LENS = 0.16; // of the shorter side

class PanelView {
  constructor() {
    this.figure = document.createElement("figure");
    this.canvas = this.figure.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("role", "img");
    this.legend = this.figure.appendChild(document.createElement("div"));
    this.legend.className = "legend";
    this.watch = new ResizeObserver(redraw);
    this.watch.observe(this.canvas);
    this.listen();
    shared.panels.add(this);
  }

  async set(data, tallest) {
    if (this.data && this.data.sent === data) return;
    const { width, height } = data;
    this.data = {
      ...data, sent: data,
      maps: data.maps.map((layer) => ({ ...layer, values: new Int16Array(bytes(layer.values).buffer) })),
      mask: data.mask === null ? null : bytes(data.mask),
    };
    this.made = new Map();
    this.canvas.ariaLabel = data.alt;
    this.canvas.style.aspectRatio = `${width} / ${height}`;
    this.figure.style.maxWidth = `${(tallest * width) / height}px`;
    const now = this.data, image = await createImageBitmap(new Blob([bytes(data.image)], { type: "image/png" }));
    if (this.data !== now) return;
    [this.image, this.tissue] = [image, greyed(image)];
    this.canvas.dataset.drawn = data.label;
    redraw();
  }

  remove() {
    this.watch.disconnect();
    this.figure.remove();
    shared.panels.delete(this);
  }

  get layer() {
    return this.data?.maps[Math.min(shared.map, this.data.maps.length - 1)];
  }

  get scale() {
    const panels = shared.look.one ? [...shared.panels] : [this];
    return Math.max(...panels.map((panel) => panel.layer?.scale ?? 0));
  }

  // What is made once for a patch and its settings.
  once(name, make) {
    if (!this.made.has(name)) this.made.set(name, make());
    return this.made.get(name);
  }

  draw() {
    if (!this.image) return;
    const ratio = devicePixelRatio, width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (!width || !height) return;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    this.paint(context, width, height, ratio, shared.pointer);
    this.canvas.classList.toggle("zoomed", shared.zoom > 1);
    this.showLegend();
  }

  // The part in view, in image pixels.
  get view() {
    const { width, height } = this.data, { zoom, centre } = shared;
    return { x: centre.x * width - width / zoom / 2, y: centre.y * height - height / zoom / 2, width: width / zoom };
  }

  // Paint the picture at the origin. `ratio` is the width of a thin line in pixels of the context.
  paint(context, width, height, ratio, pointer) {
    const { look } = shared, { data, layer, view } = this, size = width / view.width;
    context.save();
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.scale(size, size);
    context.translate(-view.x, -view.y);
    context.imageSmoothingEnabled = size < 1; // enlarged pixels stay square
    const line = (path, casing, colour, dash = []) => {
      for (const [thick, stroke] of [[3.5, casing], [1.5, colour]]) {
        context.lineWidth = (thick * ratio) / size;
        context.strokeStyle = stroke;
        context.setLineDash(stroke === casing ? [] : dash.map((one) => (one * ratio) / size));
        context.stroke(path);
      }
      context.setLineDash([]);
    };
    const plain = !layer || !look.overlay;
    const faded = look.grey && !plain && !layer.grey; // a grey map would be lost on grey tissue
    context.drawImage(faded ? this.tissue : this.image, 0, 0);
    if (!plain) this.paintMap(context, line);
    if (look.overlay && data.frame) {
      const whole = new Path2D(), frame = new Path2D();
      frame.rect(...data.frame);
      whole.rect(0, 0, data.width, data.height);
      whole.addPath(frame);
      if (layer) {
        context.fillStyle = "rgba(0, 0, 0, 0.5)";
        context.fill(whole, "evenodd");
      }
      line(frame, "black", "white");
    }
    if (look.overlay && data.box) {
      const box = new Path2D();
      box.rect((data.width - data.box) / 2, (data.height - data.box) / 2, data.box, data.box);
      line(box, "black", "white", [4, 4]);
    }
    if (look.overlay && look.mask && data.mask) {
      line(this.once("mask", () => outline((place) => data.mask[place] > 0, data.width, data.height)), "white", "black");
    }
    if (pointer && look.lens && !plain) {
      const lens = new Path2D(), side = Math.min(view.width, (view.width * height) / width);
      lens.arc(pointer.x * data.width, pointer.y * data.height, LENS * side, 0, 2 * Math.PI);
      context.save();
      context.clip(lens);
      context.drawImage(this.image, 0, 0);
      context.restore();
      line(lens, "black", "white");
    }
    context.restore();
    if (data.microns) this.paintScaleBar(context, width, height, ratio, size);
  }

  paintMap(context, line) {
    const { look } = shared, { data, layer, scale } = this, { width, height, frame } = data;
    context.globalAlpha = look.strength;
    context.drawImage(
      this.once(`${layer.label} ${look.colours} ${scale}`, () =>
        colouredMap(layer, look.colours, scale, width, height, frame)),
      0, 0,
    );
    context.globalAlpha = 1;
    const lines = this.once(`${layer.label} ${look.contours}`, () =>
      contours(layer, QUANTILES[look.contours], width, height, frame));
    for (const [path, colour] of lines) line(path, "black", `rgb(${colour})`);
  }

  paintScaleBar(context, width, height, ratio, size) {
    const microns = roundBelow((0.3 * width * this.data.microns) / size), long = (microns / this.data.microns) * size;
    const [left, bottom, text] = [10 * ratio, height - 10 * ratio, `${short(microns)} \u00b5m`];
    context.font = `${12 * ratio}px system-ui, sans-serif`;
    context.fillStyle = "rgba(0, 0, 0, 0.65)";
    const room = Math.max(long, context.measureText(text).width);
    context.fillRect(left - 5 * ratio, bottom - 24 * ratio, room + 10 * ratio, 29 * ratio);
    context.fillStyle = "white";
    context.fillRect(left, bottom - 3 * ratio, long, 3 * ratio);
    context.textBaseline = "bottom";
    context.fillText(text, left, bottom - 6 * ratio);
  }

  showLegend() {
    const { layer, scale, legend } = this, { look, pointer } = shared;
    if (!layer) return legend.replaceChildren();
    const shown = [layer.label, look.colours, scale, look.one].join(" ");
    if (legend.dataset.shown !== shown || !legend.hasChildNodes() || this.legendOf !== layer) {
      const [marks, words, range] = ["ticks", "words", "range"].map((name) => {
        const line = document.createElement("div");
        line.className = name;
        return line;
      });
      for (const { text, at } of ticks(layer, scale)) {
        const mark = marks.appendChild(document.createElement("span"));
        mark.textContent = text;
        mark.style.left = `${100 * at}%`;
        mark.style.transform = `translateX(${-100 * at}%)`; // the outermost stay within the bar's width
      }
      const [low, high] = meanings(layer);
      for (const [name, text] of [["low", low], ["high", high]]) {
        const word = words.appendChild(document.createElement("span"));
        word.className = name;
        word.textContent = text;
      }
      legend.replaceChildren(colourBar(layer, look.colours), marks, words, range);
      legend.dataset.shown = shown;
      this.legendOf = layer;
    }
    const x = pointer && Math.floor(pointer.x * this.data.width), y = pointer && Math.floor(pointer.y * this.data.height);
    legend.querySelector(".range").textContent = pointer
      ? `x ${x}, y ${y}: ${short((layer.values[y * this.data.width + x] * layer.scale) / STEPS)}`
      : rangeText(layer, scale, look.one);
  }

  // The lens and the reading follow the pointer in all panels; a drag moves what is in view, in all of them.
  listen() {
    const place = (event) => {
      const { view, data } = this, side = (view.width / this.canvas.clientWidth);
      const x = (view.x + event.offsetX * side) / data.width, y = (view.y + event.offsetY * side) / data.height;
      return { x: Math.min(Math.max(x, 0), 0.999999), y: Math.min(Math.max(y, 0), 0.999999) };
    };
    const on = (name, act, options) => this.canvas.addEventListener(name, (event) => this.data && act(event), options);
    on("pointermove", (event) => {
      if (event.buttons === 1 && shared.zoom > 1) {
        const { data, view } = this, side = view.width / this.canvas.clientWidth;
        const { x, y } = shared.centre;
        moveTo({ x: x - (event.movementX * side) / data.width, y: y - (event.movementY * side) / data.height });
      }
      shared.pointer = place(event);
      redraw();
    });
    on("pointerleave", () => { shared.pointer = null; redraw(); });
    on("dblclick", (event) => { shared.pointer = place(event); nextZoom(); });
    on("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      const at = ZOOMS.indexOf(shared.zoom) + (event.deltaY < 0 ? 1 : -1);
      if (ZOOMS[at]) zoomTo(ZOOMS[at], place(event));
    }, { passive: false });
  }
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

// The picture in grey, by the luminance of Rec. 709.
function greyed(image) {
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [image.width, image.height];
  const context = picture.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height), values = pixels.data;
  for (let at = 0; at < values.length; at += 4) {
    values.fill(0.2126 * values[at] + 0.7152 * values[at + 1] + 0.0722 * values[at + 2], at, at + 3);
  }
  context.putImageData(pixels, 0, 0);
  return picture;
}
