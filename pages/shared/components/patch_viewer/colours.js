// Colours of a map's values, and the labels of its colour bar.

const PALE = [240, 240, 240];

// 511 colours, RGBA, from -scale by 0 (at 255) to scale.
function colourTable(layer, kind) {
  const table = new Uint8ClampedArray(511 * 4);
  for (let step = 0; step < 511; step++) {
    const value = (step - 255) / 255, far = Math.abs(value);
    let colour = value < 0 ? AGAINST : FOR, opaque = far;
    if (layer.grey) colour = GREY;
    else if (kind === "cividis") {
      // All of it for a map without a sign; else its middle is zero.
      [colour, opaque] = [along(CIVIDIS, layer.signed ? (value + 1) / 2 : Math.max(value, 0)), 1];
    } else if (kind === "solid") [colour, opaque] = [along([PALE, colour], far), 1];
    table.set([...colour, 255 * opaque], 4 * step);
  }
  return table;
}

function along(colours, share) {
  const at = share * (colours.length - 1), below = Math.min(Math.floor(at), colours.length - 2);
  return colours[below].map((start, channel) => start + (at - below) * (colours[below + 1][channel] - start));
}

// A canvas with one pixel for each of the map's; what the model did not see stays clear.
function colouredMap(layer, kind, scale, width, height, frame) {
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [width, height];
  const context = picture.getContext("2d"), pixels = context.createImageData(width, height);
  const table = colourTable(layer, kind), factor = (255 * layer.scale) / scale / STEPS;
  const [left, top, wide, tall] = frame ?? [0, 0, width, height];
  for (let y = top; y < top + tall; y++) {
    for (let place = y * width + left; place < y * width + left + wide; place++) {
      const step = 255 + Math.round(Math.min(Math.max(layer.values[place] * factor, -255), 255));
      for (let channel = 0; channel < 4; channel++) pixels.data[4 * place + channel] = table[4 * step + channel];
    }
  }
  context.putImageData(pixels, 0, 0);
  return picture;
}

// The colour bar from its lowest value to its highest, one pixel high.
function colourBar(layer, kind) {
  const bar = document.createElement("canvas"), first = layer.signed ? 0 : 255;
  [bar.width, bar.height] = [511 - first, 1];
  const context = bar.getContext("2d"), pixels = context.createImageData(bar.width, 1);
  pixels.data.set(colourTable(layer, kind).subarray(4 * first));
  context.putImageData(pixels, 0, 0);
  return bar;
}

// Three round numbers and where they stand along the bar, from 0 to 1.
function ticks(layer, scale) {
  const top = roundBelow(scale);
  const values = layer.signed ? [-top, 0, top] : [0, top / 2, top];
  return values.map((value) => ({ text: short(value), at: layer.signed ? (value / scale + 1) / 2 : value / scale }));
}

function roundBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [8, 6, 5, 4, 3, 2, 1.5, 1].find((one) => one <= (value / power) * (1 + 1e-9)) ?? 1;
  return Number((step * power).toPrecision(2));
}

function short(value) {
  return String(Number(value.toPrecision(3))).replace("-", "\u2212");
}

function rangeText(layer, scale, one) {
  const full = layer.signed ? `\u00b1${short(scale)}` : short(scale);
  const whose = one ? "one scale for all maps" : "its own scale";
  return `${short(layer.low)} to ${short(layer.high)}; full colour at ${full}, ${whose}`;
}

function meanings(layer) {
  if (layer.grey) return [layer.signed ? "negligible" : "", "negligible"];
  const name = layer.speaksFor;
  return [layer.signed && name ? `against ${name}` : "", name ? `for ${name}` : ""];
}
