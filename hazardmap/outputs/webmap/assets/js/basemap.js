/* The base map, drawn from the vectors in the file, and its names in the reader's language. */
(() => {
  const hm = window.hazardmap;

  /* Adds the outlines of all features in a tile to the path of a canvas. `tiles` is how many 256 px tiles wide. */
  hm.tracePolygons = (context, features, coords, size, tiles, keep) => {
    const span = tiles / 2 ** coords.z;
    const west = coords.x * span;
    const north = coords.y * span;
    const margin = span * 0.05;
    const scale = size / span;
    features.query(west - margin, north - margin, west + span + margin, north + span + margin, (f) => {
      if (!keep || keep(f)) hm.traceFeature(context, features, f, west, north, scale);
    });
  };

  /* Adds a feature to the path; vertices closer than a pixel to the one before are left out. */
  hm.traceFeature = (context, features, f, west, north, scale) => {
    const offsetX = west - features.originX;
    const offsetY = north - features.originY;
    const [first, last] = hm.ringRange(features, f);
    for (let ring = first; ring < last; ring++) {
      const from = features.vertices[ring];
      const to = features.vertices[ring + 1];
      let oldX = Infinity;
      let oldY = Infinity;
      for (let i = from; i < to; i++) {
        const x = (features.x[i] - offsetX) * scale;
        const y = (features.y[i] - offsetY) * scale;
        if (i === from) context.moveTo(x, y);
        else if (i < to - 1 && Math.abs(x - oldX) + Math.abs(y - oldY) < 0.8) continue;
        else context.lineTo(x, y);
        oldX = x;
        oldY = y;
      }
      if (features.kind === "polygon") context.closePath();
    }
  };

  /* Left, top, right and bottom of the window of the base map, in pixels of a tile that is `tiles` 256 px tiles wide. */
  const windowIn = ([west, south, east, north], coords, size, tiles) => {
    const span = tiles / 2 ** coords.z;
    const x = (longitude) => ((hm.mercatorX(longitude) - coords.x * span) * size) / span;
    const y = (latitude) => ((hm.mercatorY(latitude) - coords.y * span) * size) / span;
    return [x(west), y(north), x(east), y(south)];
  };

  /* Wipes what lies in the sea. Beyond the window of the base map nobody knows where the sea is. */
  hm.keepLand = (context, base, coords, size) => {
    const sea = hm.el("canvas", { width: size, height: size });
    const pen = sea.getContext("2d");
    const [left, top, right, bottom] = windowIn(base.window, coords, size, 1);
    pen.fillRect(left, top, right - left, bottom - top);
    pen.globalCompositeOperation = "destination-out";
    pen.beginPath();
    hm.tracePolygons(pen, base.land, coords, size, 1);
    pen.fill();
    context.globalCompositeOperation = "destination-out";
    context.drawImage(sea, 0, 0);
    context.globalCompositeOperation = "source-over";
  };

  const INKS = {
    light: { sea: "#cfe0ea", land: "#f7f4ec", lake: "#bcd8ea", river: "#7fb0d6", line: "#b9b1a4", border: "#75687f", coast: "#8fa7b5" },
    dark: { sea: "#0f1a24", land: "#242c34", lake: "#16344b", river: "#3f77a6", line: "#56626e", border: "#a9b4c0", coast: "#55697a" },
    contrast: { sea: "#dcebff", land: "#ffffff", lake: "#cfe4ff", river: "#0a58a8", line: "#767676", border: "#000000", coast: "#333333" },
  };

  hm.BaseLayer = L.GridLayer.extend({
    options: { tileSize: 512, keepBuffer: 1, updateWhenIdle: false },

    initialize(parts, options) {
      this.parts = parts;
      L.GridLayer.prototype.initialize.call(this, options);
    },

    createTile(coords) {
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const canvas = L.DomUtil.create("canvas");
      canvas.width = canvas.height = 512 * ratio;
      canvas.style.width = canvas.style.height = "512px";
      const pen = { context: canvas.getContext("2d"), coords, size: 512 * ratio, ratio };
      const ink = INKS[hm.state.theme];
      this.sea(pen, ink.sea);
      this.fill(pen, "land", ink.land);
      this.fill(pen, "lakes", ink.lake);
      if (coords.z >= 6) this.stroke(pen, "lines", ink.line, 0.9, [4, 3]);
      this.rivers(pen, ink.river);
      this.stroke(pen, "coast", ink.coast, 1);
      this.stroke(pen, "borders", ink.border, 1.6);
      return canvas;
    },

    trace(pen, part, keep) {
      pen.context.beginPath();
      hm.tracePolygons(pen.context, this.parts[part], pen.coords, pen.size, 2, keep);
    },

    /* Beyond the window of the data there is no sea, but nothing that is known. */
    sea(pen, colour) {
      if (!this.parts.window) return;
      const [left, top, right, bottom] = windowIn(this.parts.window, pen.coords, pen.size, 2);
      pen.context.fillStyle = colour;
      pen.context.fillRect(left, top, right - left, bottom - top);
    },

    fill(pen, part, colour) {
      if (!this.parts[part]) return;
      this.trace(pen, part);
      pen.context.fillStyle = colour;
      pen.context.fill();
    },

    stroke(pen, part, colour, width, dash = [], keep = null) {
      if (!this.parts[part]) return;
      this.trace(pen, part, keep);
      pen.context.strokeStyle = colour;
      pen.context.lineWidth = width * pen.ratio;
      pen.context.lineJoin = "round";
      pen.context.setLineDash(dash.map((k) => k * pen.ratio));
      pen.context.stroke();
      pen.context.setLineDash([]);
    },

    /* Great rivers first; lesser ones as one zooms in. */
    rivers(pen, colour) {
      const features = this.parts.rivers;
      if (!features) return;
      const rank = features.columns.rank || (() => 5);
      for (const [lowest, highest, zoom, width] of [
        [10, 99, 8, 0.9],
        [8, 9, 6, 1.2],
        [5, 7, 5, 1.6],
        [0, 4, 0, 2.2],
      ]) {
        if (pen.coords.z < zoom) continue;
        this.stroke(pen, "rivers", colour, width, [], (f) => rank(f) >= lowest && rank(f) <= highest);
      }
    },
  });

  /* Fewest inhabitants of a place that is named, by zoom level. */
  const LEAST_PEOPLE = [[5, 800000], [6, 400000], [7, 180000], [8, 90000], [9, 40000], [10, 15000]];

  // Side in pixels of the square that is as large as a country that is named.
  const SMALLEST_COUNTRY = 50;

  /* Puts names on the map, greatest first, each where it hides no other. */
  hm.drawLabels = (map, pane, base) => {
    pane.replaceChildren();
    const taken = [];
    const corner = map.containerPointToLayerPoint([0, 0]);
    const view = L.bounds(corner, corner.add(map.getSize()));
    const put = (text, latitude, longitude, country) => {
      const point = map.latLngToLayerPoint([latitude, longitude]);
      const width = text.length * (country ? 11.5 : 6.8) + 14;
      const left = country ? point.x - width / 2 : point.x - 5;
      const box = [left, point.y - 9, left + width, point.y + 9];
      if (country && !view.contains(L.bounds(box.slice(0, 2), box.slice(2)))) return;
      if (taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1])) return;
      taken.push(box);
      const label = hm.el("div", { class: country ? "hm-label hm-country" : "hm-label" }, text);
      L.DomUtil.setPosition(label, point);
      pane.append(label);
    };
    const zoom = map.getZoom();
    const bounds = map.getBounds();
    if (zoom <= 8) {
      const pixelsPerDegree = (256 * 2 ** zoom) / 360;
      for (const [code, latitude, longitude, side] of base.countries || []) {
        if (side * pixelsPerDegree < SMALLEST_COUNTRY) continue;
        if (bounds.contains([latitude, longitude])) put(hm.country(code), latitude, longitude, true);
      }
    }
    if (base.places) labelPlaces(base.places, bounds, zoom, put);
  };

  const labelPlaces = (places, bounds, zoom, put) => {
    const people = places.columns.population;
    const least = (LEAST_PEOPLE.find(([level]) => zoom <= level) || [0, 0])[1];
    for (let f = 0; f < places.count; f++) {
      if (people && people(f) < least) break;
      const [latitude, longitude] = hm.middle(places, f);
      if (bounds.contains([latitude, longitude])) put(hm.placeName(places, f), latitude, longitude, false);
    }
  };

  hm.placeName = (places, f) => {
    const own = places.columns[`name_${hm.state.language}`];
    return (own && own(f)) || places.columns.name(f) || "";
  };
})();
