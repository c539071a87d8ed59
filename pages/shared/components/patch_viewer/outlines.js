// Lines along the edges of pixels: outlines of areas, and contours of a map.

// The outline of the pixels for which `inside` is true, as one path in image pixels.
function outline(inside, width, height) {
  const path = new Path2D();
  const is = (x, y) => x >= 0 && y >= 0 && x < width && y < height && inside(y * width + x);
  const trace = (lines, along, edge, move, line) => {
    for (let across = 0; across <= lines; across++) {
      for (let start = 0; start < along; start++) {
        if (!edge(across, start)) continue;
        let end = start + 1;
        while (end < along && edge(across, end)) end++;
        move(across, start);
        line(across, end);
        start = end;
      }
    }
  };
  trace(height, width, (y, x) => is(x, y - 1) !== is(x, y), (y, x) => path.moveTo(x, y), (y, x) => path.lineTo(x, y));
  trace(width, height, (x, y) => is(x - 1, y) !== is(x, y), (x, y) => path.moveTo(x, y), (x, y) => path.lineTo(x, y));
  return path;
}

// Contours around the strongest shares of the pixels that the model saw: [path, colour] for each share and sign.
function contours(layer, shares, width, height, frame) {
  const [left, top, wide, tall] = frame ?? [0, 0, width, height];
  const sizes = new Float64Array(wide * tall);
  for (let place = 0; place < sizes.length; place++) {
    sizes[place] = Math.abs(layer.values[(top + Math.floor(place / wide)) * width + left + (place % wide)]);
  }
  sizes.sort();
  const lines = [];
  for (const share of shares) {
    const least = Math.max(sizes[Math.floor((1 - share) * (sizes.length - 1))], 1);
    for (const [sign, colour] of layer.signed ? [[1, FOR], [-1, AGAINST]] : [[1, FOR]]) {
      const path = outline((place) => sign * layer.values[place] >= least, width, height);
      lines.push([path, layer.grey ? GREY : colour]);
    }
  }
  return lines;
}
