/* Many features on canvas tiles: 100,000 polygons or 1,000,000 points stay quick. */
(() => {
  const hm = window.hazardmap;
  const TILE = 512;
  const RADIUS = 7;
  const LARGE = 20000;
  // Small batches: one huge path is slow to fill in software.
  const BATCH = 64;

  const SHAPES = {
    star: Array.from({ length: 10 }, (_, k) => [0, 1].map((axis) => (k % 2 ? 0.6 : 1.35) * [Math.sin, (a) => -Math.cos(a)][axis]((k * Math.PI) / 5))),
    triangle: [[0, -1.1], [1.05, 0.8], [-1.05, 0.8]],
    diamond: [[0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]],
    square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
    circle: Array.from({ length: 12 }, (_, k) => [0.7 * Math.cos((k * Math.PI) / 6), 0.7 * Math.sin((k * Math.PI) / 6)]),
  };
  hm.SHAPES = SHAPES;

  /* How each status is drawn; the order of drawing is mildest first. Shapes and dashes differ, not only colours. */
  hm.statusStyles = (colours) => [
    { key: "hit", colour: colours.hit, shape: "triangle", width: 2.8, dash: [], fill: 0.55 },
    { key: "partial", colour: colours.partial, shape: "diamond", width: 2.4, dash: [7, 4], fill: 0.35 },
    { key: "dry", colour: colours.dry, shape: "circle", width: 1.4, dash: [], fill: 0.12 },
    { key: "not covered", colour: colours["not covered"], shape: "square", width: 1.4, dash: [2, 4], fill: 0, hatch: true },
  ];
  hm.STATUS_ORDER = [2, 3, 1, 0];

  const SEAMS = [
    { key: "step in depth", colour: "#b5179e", dash: [] },
    { key: "wet on one side only", colour: "#d1495b", dash: [9, 4] },
    { key: "not covered", colour: "#6b7280", dash: [2, 4] },
    { key: "unlike return periods", colour: "#b78a00", dash: [9, 3, 2, 3] },
  ];

  /* How seams between maps are drawn: kinds differ by dash, not only by colour. The last one is any other kind. */
  hm.seamStyles = () => [...SEAMS, { key: "other", colour: "#333333", dash: [1, 3] }].map((style) => ({ ...style, shape: "circle", width: 4, fill: 0 }));
  hm.seamStyle = (kind) => {
    const found = SEAMS.findIndex(({ key }) => key === kind);
    return found < 0 ? SEAMS.length : found;
  };

  /* Black with a white edge shows on every colour of every theme. */
  hm.siteStyle = () => ({ key: "site", colour: "#1b1f24", shape: "star", width: 2, dash: [], fill: 1 });

  /* A symbol for legends and lists, drawn as on the map. */
  hm.symbol = (style, kind) => {
    const icon = hm.svg("svg", { width: 20, height: 16, viewBox: "-10 -8 20 16", "aria-hidden": "true" });
    const outline = style.hatch ? "#444" : "#fff";
    if (kind === "line") {
      const colour = style.hatch ? "#777" : style.colour;
      icon.append(hm.svg("path", { d: "M-9 0H9", stroke: colour, "stroke-width": style.width, "stroke-dasharray": style.dash.join(" ") || null }));
    } else if (kind === "polygon") {
      icon.append(hm.svg("rect", { x: -9, y: -6, width: 18, height: 12, fill: style.colour, "fill-opacity": style.fill, stroke: style.hatch ? "#666" : style.colour }));
      if (style.hatch) icon.append(hm.svg("path", { d: "M-9 4L1 -6M-5 6L7 -6M3 6L9 0", stroke: "#666" }));
    } else {
      const path = `M${SHAPES[style.shape].map(([x, y]) => `${x * 6.6} ${y * 6.6}`).join("L")}Z`;
      icon.append(hm.svg("path", { d: path, fill: style.colour, stroke: outline, "stroke-width": 1.4 }));
      if (style.hatch) icon.append(hm.svg("path", { d: "M-5 5L5 -5", stroke: "#444", "stroke-width": 1.4 }));
    }
    return icon;
  };

  hm.FeatureLayer = L.GridLayer.extend({
    // styleOf(feature) is the number of its style, or -1 to leave it out; order is that of drawing; outline() gives the
    // colour of outlines over all of them
    options: { tileSize: TILE, keepBuffer: 1, updateWhenIdle: false, styles: [], order: [], styleOf: () => 0, outline: null },

    initialize(features, options) {
      this.features = features;
      L.GridLayer.prototype.initialize.call(this, options);
    },

    createTile(coords) {
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const canvas = L.DomUtil.create("canvas");
      canvas.width = canvas.height = TILE * ratio;
      canvas.style.width = canvas.style.height = `${TILE}px`;
      this.draw(canvas.getContext("2d"), coords, ratio);
      return canvas;
    },

    draw(context, coords, ratio) {
      const { features, options } = this;
      const span = 2 / 2 ** coords.z;
      const view = {
        context, ratio, features, zoom: coords.z,
        size: TILE * ratio, west: coords.x * span, north: coords.y * span, scale: (TILE * ratio) / span,
      };
      const margin = ((features.kind === "point" ? 2 : 1) * RADIUS * ratio) / view.scale;
      const groups = options.styles.map(() => []);
      features.query(view.west - margin, view.north - margin, view.west + span + margin, view.north + span + margin, (f) => {
        const style = options.styleOf(f);
        if (style >= 0) groups[style].push(f);
      });
      const paint = { point: paintPoints, line: paintLines, polygon: paintPolygons }[features.kind];
      for (const number of options.order) if (groups[number].length) paint(view, groups[number], options.styles[number]);
      if (options.outline && features.kind === "polygon") outlineAll(view, groups.flat(), options.outline());
      if (options.faded) hm.fadeBeyond(context, coords, view.size, 2);
    },

    /* Features under a point of the map. */
    hits(latlng, map) {
      const { features, options } = this;
      const scale = 256 * 2 ** map.getZoom();
      const reach = (features.kind === "polygon" ? 1 : RADIUS + 3) / scale;
      const x = hm.mercatorX(latlng.lng);
      const y = hm.mercatorY(latlng.lat);
      const test = { point: nearVertex, line: nearLine, polygon: inside }[features.kind];
      const found = [];
      features.query(x - reach, y - reach, x + reach, y + reach, (f) => {
        if (options.styleOf(f) < 0) return;
        if (test(features, f, x - features.originX, y - features.originY, reach)) found.push(f);
      });
      return found;
    },
  });

  /* Of a large layer symbols shrink to squares of a few pixels where there are many. The choice depends on the zoom
     level alone, never on what a tile holds: else the edges of tiles would show. */
  const paintPoints = (view, group, style) => {
    const { features, context, ratio } = view;
    const area = (features.box[2] - features.box[0]) * (features.box[3] - features.box[1]) || 1e-9;
    const perPixel = features.count / area / ((view.scale / ratio) ** 2);
    if (features.count > LARGE && perPixel > 1 / 250) {
      paintSquares(view, group, style, (perPixel > 1 / 40 ? 1 : 3) * ratio);
      return;
    }
    // from afar what is hit stands out, and the rest recedes
    const radius = (view.zoom > 9 ? 1 : style.fill > 0.5 ? 0.8 : 0.45) * RADIUS * ratio;
    const shape = SHAPES[style.shape || "circle"];
    context.fillStyle = style.colour;
    context.strokeStyle = style.hatch ? "#444" : "#fff";
    context.lineWidth = (style.fill > 0.5 || view.zoom > 9 ? 1.4 : 0.8) * ratio;
    context.lineJoin = "round";
    inBatches(group, (batch) => {
      context.beginPath();
      for (const f of batch) {
        eachVertex(view, f, (x, y) => {
          shape.forEach(([dx, dy], k) => context[k ? "lineTo" : "moveTo"](x + dx * radius, y + dy * radius));
          context.closePath();
          if (!style.hatch) return;
          context.moveTo(x - 0.6 * radius, y + 0.6 * radius);
          context.lineTo(x + 0.6 * radius, y - 0.6 * radius);
        });
      }
      context.fill();
      context.stroke();
    });
  };

  const paintSquares = (view, group, style, side) => {
    view.context.fillStyle = style.hatch ? "#777" : style.colour;
    for (const f of group) {
      eachVertex(view, f, (x, y) => view.context.fillRect(Math.round(x - side / 2), Math.round(y - side / 2), side, side));
    }
  };

  const paintLines = (view, group, style) => {
    const { context, ratio } = view;
    const width = style.width * ratio * (view.zoom < 8 ? 0.7 : 1);
    const strokes = style.fill > 0.5 ? [["#fff", width + 2 * ratio], [style.colour, width]] : [[style.hatch ? "#777" : style.colour, width]];
    for (const [colour, lineWidth] of strokes) {
      context.strokeStyle = colour;
      context.lineWidth = lineWidth;
      context.setLineDash(style.dash.map((k) => k * ratio));
      inBatches(group, (batch) => {
        trace(view, batch);
        context.stroke();
      });
    }
    context.setLineDash([]);
  };

  const paintPolygons = (view, group, style) => {
    const { context, ratio, features } = view;
    const tiny = 1.2 * ratio;
    const outlined = features.meanWidth * view.scale > 6 * ratio;
    const fill = style.hatch ? hatch(context, ratio) : style.colour;
    context.strokeStyle = style.hatch ? "#666" : style.colour;
    context.lineWidth = (style.stroke || 1) * ratio;
    const small = [];
    const large = [];
    for (const f of group) {
      const b = 4 * f;
      const wide = (features.boxes[b + 2] - features.boxes[b]) * view.scale;
      const high = (features.boxes[b + 3] - features.boxes[b + 1]) * view.scale;
      (wide < tiny && high < tiny ? small : large).push(f);
    }
    context.fillStyle = style.colour;
    for (const f of small) {
      const [west, north] = features.boxes.subarray(4 * f, 4 * f + 2);
      context.fillRect((west - view.west + features.originX) * view.scale, (north - view.north + features.originY) * view.scale, tiny, tiny);
    }
    inBatches(large, (batch) => {
      trace(view, batch);
      context.globalAlpha = style.hatch ? 1 : style.fill;
      context.fillStyle = fill;
      context.fill();
      context.globalAlpha = 1;
      if (outlined) context.stroke();
    });
  };

  /* Outlines over everything, so that what lies under a worse one still shows. */
  const outlineAll = (view, group, colour) => {
    const { context, ratio, features } = view;
    if (features.meanWidth * view.scale < 6 * ratio) return;
    context.strokeStyle = colour;
    context.globalAlpha = 0.7;
    context.lineWidth = ratio;
    inBatches(group, (batch) => {
      trace(view, batch);
      context.stroke();
    });
    context.globalAlpha = 1;
  };

  const hatch = (context, ratio) => {
    const side = 8 * ratio;
    const tile = hm.el("canvas", { width: side, height: side });
    const pen = tile.getContext("2d");
    pen.strokeStyle = "#666";
    pen.lineWidth = ratio;
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift, side);
      pen.lineTo(shift + side, 0);
    }
    pen.stroke();
    return context.createPattern(tile, "repeat");
  };

  const inBatches = (group, paint) => {
    for (let k = 0; k < group.length; k += BATCH) paint(group.slice(k, k + BATCH));
  };

  const trace = (view, batch) => {
    view.context.beginPath();
    for (const f of batch) hm.traceFeature(view.context, view.features, f, view.west, view.north, view.scale);
  };

  const eachVertex = (view, f, take) => {
    const { features } = view;
    const [from, to] = hm.vertexRange(features, f);
    for (let i = from; i < to; i++) {
      take(
        (features.x[i] + features.originX - view.west) * view.scale,
        (features.y[i] + features.originY - view.north) * view.scale,
      );
    }
  };

  const nearVertex = (features, f, x, y, reach) => {
    const [from, to] = hm.vertexRange(features, f);
    for (let i = from; i < to; i++) if (Math.hypot(features.x[i] - x, features.y[i] - y) <= reach) return true;
    return false;
  };

  const eachRing = (features, f, test) => {
    const [first, last] = hm.ringRange(features, f);
    for (let ring = first; ring < last; ring++) if (test(features.vertices[ring], features.vertices[ring + 1])) return true;
    return false;
  };

  const nearLine = (features, f, x, y, reach) =>
    eachRing(features, f, (from, to) => {
      for (let i = from; i + 1 < to; i++) {
        const [ax, ay, bx, by] = [features.x[i], features.y[i], features.x[i + 1], features.y[i + 1]];
        const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1e-30;
        const along = Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
        if (Math.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y) <= reach) return true;
      }
      return false;
    });

  const inside = (features, f, x, y) => {
    let within = false;
    eachRing(features, f, (from, to) => {
      for (let i = from, j = to - 1; i < to; j = i++) {
        const crosses = features.y[i] > y !== features.y[j] > y;
        const at = ((features.x[j] - features.x[i]) * (y - features.y[i])) / (features.y[j] - features.y[i]) + features.x[i];
        if (crosses && x < at) within = !within;
      }
      return false;
    });
    return within;
  };

  /* Whether a point (degrees) lies in a polygon feature. */
  hm.contains = (features, f, latlng) =>
    inside(features, f, hm.mercatorX(latlng.lng) - features.originX, hm.mercatorY(latlng.lat) - features.originY);
})();
