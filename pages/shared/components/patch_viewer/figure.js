// Save what all viewers show as one figure: panels side by side, each with its name, colour bar and range.

const SIDE = 480, GAP = 24, LINE = 18, BAR = 12;

// What the figure is made of: pictures and texts, each with its place. Both formats are written from it.
function layOut() {
  const place = (panel) => panel.canvas.getBoundingClientRect();
  const panels = [...shared.panels].filter((panel) => panel.image);
  panels.sort((a, b) => place(a).top - place(b).top || place(a).left - place(b).left);
  const items = [];
  let left = GAP, tallest = 0;
  for (const panel of panels) {
    const { data, layer, scale } = panel, factor = Math.max(SIDE / Math.max(data.width, data.height), 1);
    const width = Math.round(data.width * factor), height = Math.round(data.height * factor);
    const picture = document.createElement("canvas");
    [picture.width, picture.height] = [2 * width, 2 * height];
    panel.paint(picture.getContext("2d"), 2 * width, 2 * height, 2, null);
    items.push({ text: data.label, x: left, y: GAP, bold: true });
    items.push({ picture, x: left, y: GAP + LINE, width, height });
    let y = GAP + LINE + height + 8;
    if (layer) {
      items.push({ picture: colourBar(layer, shared.look.colours), x: left, y, width, height: BAR });
      y += BAR + LINE;
      ticks(layer, scale).forEach(({ text, at }) => items.push({ text, x: left + at * width, y, anchor: "middle" }));
      y += LINE;
      const [low, high] = meanings(layer);
      items.push({ text: low, x: left, y }, { text: high, x: left + width, y, anchor: "end" });
      items.push({ text: rangeText(layer, scale, shared.look.one), x: left, y: (y += LINE) });
    }
    [left, tallest] = [left + width + GAP, Math.max(tallest, y)];
  }
  return { items, width: left, height: tallest + GAP };
}

function asPng({ items, width, height }) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [2 * width, 2 * height];
  const context = sheet.getContext("2d");
  context.scale(2, 2);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "black";
  for (const item of items) {
    if (item.picture) context.drawImage(item.picture, item.x, item.y, item.width, item.height);
    else {
      context.font = `${item.bold ? "bold " : ""}13px sans-serif`;
      context.textAlign = { middle: "center", end: "right" }[item.anchor] ?? "left";
      context.fillText(item.text, item.x, item.y);
    }
  }
  return new Promise((done) => sheet.toBlob(done, "image/png"));
}

function asSvg({ items, width, height }) {
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, facts) => {
    const element = document.createElementNS(SVG, name);
    for (const [fact, value] of Object.entries(facts)) element.setAttribute(fact, value);
    return element;
  };
  const sheet = make("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  sheet.append(make("rect", { width, height, fill: "white" }));
  for (const { picture, text, bold, anchor, ...at } of items) {
    const look = picture
      ? { href: picture.toDataURL(), preserveAspectRatio: "none" }
      : { "font-family": "sans-serif", "font-size": 13, "font-weight": bold ? 700 : 400, "text-anchor": anchor ?? "start" };
    const element = make(picture ? "image" : "text", { ...at, ...look });
    if (!picture) element.textContent = text;
    sheet.append(element);
  }
  return new Blob([new XMLSerializer().serializeToString(sheet)], { type: "image/svg+xml" });
}

async function save(kind, name) {
  const made = layOut(), blob = await (kind === "svg" ? asSvg(made) : asPng(made));
  const link = document.createElement("a");
  [link.href, link.download] = [URL.createObjectURL(blob), `${name}.${kind}`];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
