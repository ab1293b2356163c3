/* Hazard rasters: one array of small whole numbers gives colour, legend and the value on click. */
(() => {
  const hm = window.hazardmap;
  const MISSING = -2;
  // Drawn as nothing: known, and milder than every class or left out by a filter. No code of a raster is as high.
  const MILD = 65535;

  hm.decodeRaster = (described, bytes) => {
    const cells = described.columns * described.rows;
    const stacked = cells * described.scenarios;
    const Codes = described.bytes === 1 ? Uint8Array : Uint16Array;
    const planes = (from, n, wide) => {
      if (!wide) return bytes.subarray(from, from + n);
      const out = new Uint16Array(n);
      for (let i = 0; i < n; i++) out[i] = bytes[from + i] | (bytes[from + n + i] << 8);
      return out;
    };
    const all = planes(0, stacked, described.bytes === 2);
    const scenarios = [];
    for (let s = 0; s < described.scenarios; s++) {
      const codes = new Codes(all.subarray(s * cells, (s + 1) * cells));
      if (described.coding === "difference" && s) {
        for (let i = 0; i < cells; i++) codes[i] += scenarios[s - 1][i];
      }
      if (described.coding === "row") {
        for (let i = 1; i < cells; i++) if (i % described.columns) codes[i] += codes[i - 1];
      }
      scenarios.push(codes);
    }
    const origins = described.origins ? planes(stacked * described.bytes, cells, true) : null;
    const rest = stacked * described.bytes + (described.origins ? 2 * cells : 0);
    const nodes = new Float32Array(bytes.slice(rest).buffer);
    return { ...described, codes: scenarios, origins, nodes, lookup: classLookup(described) };
  };

  /* Class number of every code; -1 is known and milder than every class, MISSING is not known. */
  const classLookup = (described) => {
    const lookup = new Int8Array(65536).fill(-1);
    described.starts.forEach((start, k) => lookup.fill(described.classes[k], start, MILD));
    lookup[0] = MISSING;
    return lookup;
  };

  hm.cellAt = (raster, latlng) => {
    const [x, y] = inRaster(raster, hm.mercatorX(latlng.lng), hm.mercatorY(latlng.lat));
    const column = Math.floor(x);
    const row = Math.floor(y);
    if (column < 0 || row < 0 || column >= raster.columns || row >= raster.rows) return -1;
    return row * raster.columns + column;
  };

  /* Value of a cell in a scenario; null where it is not known. */
  hm.cellValue = (raster, scenario, cell) => {
    const code = cell < 0 ? 0 : raster.codes[scenario][cell];
    return code ? raster.lowest + (code - 1) * raster.step : null;
  };

  /* Mix of origins of a cell, as [[origin, per cent], ...]. */
  hm.cellMix = (raster, cell) => {
    const code = raster.origins && cell >= 0 ? raster.origins[cell] : 0;
    return code ? raster.mixes[code - 1] : [];
  };

  /* From Web Mercator in [0, 1) to columns and rows of the raster, with fractions. */
  const inRaster = (raster, x, y) => {
    if (raster.crs === "lattice") return inLattice(raster, x, y);
    return [(hm.longitude(x) - raster.left) / raster.width, (raster.top - hm.latitude(y)) / raster.height];
  };

  /* Between the four nodes around. */
  const inLattice = ({ lattice, nodes }, x, y) => {
    const n = lattice.nodes;
    const u = ((x - lattice.west) / (lattice.east - lattice.west)) * (n - 1);
    const v = ((y - lattice.north) / (lattice.south - lattice.north)) * (n - 1);
    if (!(u >= 0 && v >= 0 && u <= n - 1 && v <= n - 1)) return [-1, -1];
    const i = Math.min(n - 2, Math.floor(u));
    const j = Math.min(n - 2, Math.floor(v));
    const at = (axis) => {
      const k = axis * n * n + j * n + i;
      const upper = nodes[k] + (nodes[k + 1] - nodes[k]) * (u - i);
      const lower = nodes[k + n] + (nodes[k + n + 1] - nodes[k + n]) * (u - i);
      return upper + (lower - upper) * (v - j);
    };
    return [at(0), at(1)];
  };

  /* Columns and rows under the middles of the pixels of a tile, and how many cells a pixel is wide and high. */
  const tileCells = (raster, coords, size) => {
    const span = 1 / 2 ** coords.z;
    const column = new Float32Array(size * size);
    const row = new Float32Array(size * size);
    const middle = (k, along) => (along + (k + 0.5) / size) * span;
    if (raster.crs === "lattice") {
      for (let k = 0; k < size * size; k++) {
        [column[k], row[k]] = inLattice(raster, middle(k % size, coords.x), middle(Math.floor(k / size), coords.y));
      }
    } else {
      const columns = Float32Array.from({ length: size }, (_, k) => inRaster(raster, middle(k, coords.x), 0.5)[0]);
      for (let py = 0; py < size; py++) {
        column.set(columns, py * size);
        row.fill(inRaster(raster, 0.5, middle(py, coords.y))[1], py * size, (py + 1) * size);
      }
    }
    return { column, row, ...cellsPerPixel(raster, coords, size) };
  };

  const cellsPerPixel = (raster, coords, size) => {
    const span = 1 / 2 ** coords.z;
    const [x, y] = [(coords.x + 0.5) * span, (coords.y + 0.5) * span];
    const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
    const { lattice } = raster;
    const [px, py] = lattice ? [clamp(x, lattice.west, lattice.east), clamp(y, lattice.north, lattice.south)] : [x, y];
    const step = lattice ? Math.min(lattice.east - lattice.west, lattice.south - lattice.north) / 8 : span / 8;
    const back = lattice && px + step > lattice.east ? -step : step;
    const up = lattice && py + step > lattice.south ? -step : step;
    const here = inRaster(raster, px, py);
    const right = inRaster(raster, px + back, py);
    const below = inRaster(raster, px, py + up);
    const pixel = span / size / step;
    return {
      wide: Math.max(Math.abs(right[0] - here[0]), Math.abs(below[0] - here[0])) * pixel,
      high: Math.max(Math.abs(right[1] - here[1]), Math.abs(below[1] - here[1])) * pixel,
    };
  };

  /* Cells under a pixel: at least the one under its middle. */
  const bounded = (middle, wide, n) => [
    Math.max(0, Math.floor(middle - wide / 2)),
    Math.min(n, Math.max(Math.floor(middle) + 1, Math.ceil(middle + wide / 2))),
  ];

  /* Worst code under each pixel of a tile: no wet cell is lost, however far one zooms out. */
  const worstCodes = (raster, codes, cells, size, keep) => {
    const out = new Uint16Array(size * size);
    const higher = raster.worse === "higher";
    for (let pixel = 0; pixel < out.length; pixel++) {
      const x = cells.column[pixel];
      const y = cells.row[pixel];
      if (x < -cells.wide || y < -cells.high) continue;
      const [left, right] = bounded(x, cells.wide, raster.columns);
      const [top, bottom] = bounded(y, cells.high, raster.rows);
      let worst = 0;
      let mild = 0;
      for (let row = top; row < bottom; row++) {
        for (let i = row * raster.columns + left; i < row * raster.columns + right; i++) {
          const code = codes[i];
          if (!code) continue;
          if (keep && !keep(i)) mild = MILD;
          else if (!worst || (higher ? code > worst : code < worst)) worst = code;
        }
      }
      out[pixel] = worst || mild;
    }
    return out;
  };

  /* Rounded outlines for coarse cells, for display only: where half of the neighbourhood is hit, with the mean of the
     hit cells around. Whether a pixel is known at all comes from its own cell. */
  const smoothCodes = (raster, codes, cells, size, keep) => {
    const out = new Uint16Array(size * size);
    const { columns: width, rows: height, lookup } = raster;
    for (let pixel = 0; pixel < out.length; pixel++) {
      const x = cells.column[pixel];
      const y = cells.row[pixel];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      if (!codes[Math.floor(y) * width + Math.floor(x)]) continue;
      const left = Math.floor(x - 0.5);
      const top = Math.floor(y - 0.5);
      let hit = 0;
      let known = 0;
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        const column = Math.min(width - 1, Math.max(0, left + (k & 1)));
        const row = Math.min(height - 1, Math.max(0, top + (k >> 1)));
        const i = row * width + column;
        if (!codes[i]) continue;
        const weight = (1 - Math.abs(x - 0.5 - left - (k & 1))) * (1 - Math.abs(y - 0.5 - top - (k >> 1)));
        known += weight;
        if (lookup[codes[i]] < 0 || (keep && !keep(i))) continue;
        hit += weight;
        sum += weight * codes[i];
      }
      out[pixel] = hit >= 0.5 * known && hit > 0 ? Math.round(sum / hit) : MILD;
    }
    return out;
  };

  const packedColour = (hex) => {
    const v = parseInt(hex.slice(1), 16);
    return ((255 << 24) | ((v & 255) << 16) | (v & 0xff00) | (v >> 16)) >>> 0;
  };

  hm.RasterLayer = L.GridLayer.extend({
    options: { tileSize: 256, updateWhenIdle: false, keepBuffer: 1, scenario: 0, keep: null },

    // colours() gives those of the classes, which follow the theme
    initialize(raster, colours, options) {
      this.raster = raster;
      this.colours = colours;
      L.GridLayer.prototype.initialize.call(this, { maxZoom: raster.max_zoom ?? undefined, ...options });
    },

    createTile(coords) {
      const size = 256 * Math.min(2, Math.ceil(window.devicePixelRatio || 1));
      const canvas = L.DomUtil.create("canvas");
      canvas.width = canvas.height = size;
      const codes = this.tileCodes(coords, size);
      const context = canvas.getContext("2d");
      const image = context.createImageData(size, size);
      const pixels = new Uint32Array(image.data.buffer);
      const { lookup } = this.raster;
      const colours = this.colours().map(packedColour);
      for (let i = 0; i < codes.length; i++) {
        const level = lookup[codes[i]];
        if (level >= 0) pixels[i] = colours[level];
      }
      context.putImageData(image, 0, 0);
      if (this.options.land) hm.keepLand(context, this.options.land, coords, size);
      hm.fadeBeyond(context, coords, size, 1);
      return canvas;
    },

    tileCodes(coords, size) {
      const cells = tileCells(this.raster, coords, size);
      const draw = this.raster.smooth && cells.wide < 0.7 ? smoothCodes : worstCodes;
      return draw(this.raster, this.raster.codes[this.options.scenario], cells, size, this.options.keep);
    },
  });

  /* Hatches the land of which nothing is known, so that it never reads as safe. */
  hm.HatchLayer = L.GridLayer.extend({
    options: { tileSize: 256, keepBuffer: 1, scenario: 0 },

    initialize(raster, land, options) {
      this.raster = raster;
      this.land = land;
      L.GridLayer.prototype.initialize.call(this, options);
    },

    createTile(coords) {
      const size = 256;
      const cells = tileCells(this.raster, coords, size);
      const codes = worstCodes(this.raster, this.raster.codes[this.options.scenario], cells, size, null);
      const image = new ImageData(size, size);
      const pixels = new Uint32Array(image.data.buffer);
      const ink = this.ink();
      for (let i = 0; i < codes.length; i++) {
        if (!codes[i] && (i + Math.floor(i / size)) % 8 === 0) pixels[i] = ink;
      }
      return this.onLand(image, coords, size);
    },

    ink() {
      return (packedColour(this.options.colour()) & 0xffffff) | (0x5c << 24);
    },

    onLand(image, coords, size) {
      const hatch = L.DomUtil.create("canvas");
      hatch.width = hatch.height = size;
      hatch.getContext("2d").putImageData(image, 0, 0);
      if (!this.land) return hatch;
      const canvas = L.DomUtil.create("canvas");
      canvas.width = canvas.height = size;
      const context = canvas.getContext("2d");
      context.beginPath();
      hm.tracePolygons(context, this.land, coords, size, 1);
      context.fill();
      context.globalCompositeOperation = "source-in";
      context.drawImage(hatch, 0, 0);
      return canvas;
    },
  });

  /* The same where a hazard comes as shapes: beyond the area that was modelled. */
  hm.BeyondLayer = hm.HatchLayer.extend({
    createTile(coords) {
      const size = 256;
      const image = new ImageData(size, size);
      const pixels = new Uint32Array(image.data.buffer);
      const ink = this.ink();
      for (let i = 0; i < pixels.length; i++) if ((i + Math.floor(i / size)) % 8 === 0) pixels[i] = ink;
      const canvas = this.onLand(image, coords, size);
      const context = canvas.getContext("2d");
      context.globalCompositeOperation = "destination-out";
      context.beginPath();
      hm.tracePolygons(context, this.raster, coords, size, 1);
      context.fill();
      return canvas;
    },
  });
})();
