/* Lists and the sortable table of what is in view, and the downloads of a layer. */
(() => {
  const hm = window.hazardmap;
  const LISTED = 40;
  const ROWS = 200;

  /* Entries and features in view that pass the filter; the hit ones first. */
  hm.inView = (entries) => {
    const bounds = hm.map.getBounds();
    const [west, east] = [hm.mercatorX(bounds.getWest()), hm.mercatorX(bounds.getEast())];
    const [north, south] = [hm.mercatorY(bounds.getNorth()), hm.mercatorY(bounds.getSouth())];
    const found = [];
    for (const entry of entries) {
      hm.data.get(entry.layer.id).query(west, north, east, south, (f) => {
        const style = entry.drawn.options.styleOf(f);
        if (style >= 0) found.push([entry, f, style]);
      });
    }
    return found.sort((a, b) => a[2] - b[2] || a[1] - b[1]);
  };

  hm.listInView = () => {
    const list = hm.el("ul", { class: "hm-list" });
    const entries = hm.featureLayers.filter((entry) => entry.role === "assets" && hm.isOn(entry));
    const found = hm.inView(entries);
    for (const [entry, f, style] of found.slice(0, LISTED)) {
      const { kind } = hm.data.get(entry.layer.id);
      const symbol = hm.symbol(entry.drawn.options.styles[style], kind);
      const state = hm.statusText(entry.drawn.options.styles[style].key, [entry.hazard]);
      const button = hm.button("", (event) => hm.openFeature(entry, f, event.currentTarget), { "data-feature": `${entry.layer.id}/${f}` });
      button.append(symbol, hm.el("span", {}, hm.featureName(entry, f)), hm.el("span", { class: "hm-fine" }, state));
      list.append(hm.el("li", {}, button));
    }
    if (found.length > LISTED) list.append(hm.el("li", { class: "hm-fine" }, hm.text("and more", { count: hm.number(found.length - LISTED) })));
    if (!found.length) list.append(hm.el("li", { class: "hm-fine" }, hm.text("nothing in view")));
    return list;
  };

  // --------------------------------------------------------------------------------------------------------- table

  /* Title of a layer, with its hazard where several have one of that name. */
  hm.entryTitle = (entry) => {
    const title = hm.layerTitle(entry.layer);
    return entry.hazard >= 0 && hm.page.hazards.length > 1 ? `${title} – ${hm.hazardTitle(hm.page.hazards[entry.hazard])}` : title;
  };

  hm.openTable = () => {
    const entries = [...hm.featureLayers].sort((a, b) => (a.role !== "assets") - (b.role !== "assets"));
    const visible = entries.filter(hm.isOn);
    const view = { entry: visible[0] || entries[0], sort: "status", falling: false, body: hm.el("div", {}) };
    const choose = hm.select(entries.map((entry, k) => [String(k), hm.entryTitle(entry)]), String(entries.indexOf(view.entry)), (value) => {
      view.entry = entries[Number(value)];
      drawTable(view);
    }, { id: "hm-table-layer" });
    const tools = hm.el("div", { class: "hm-row" },
      hm.el("label", { for: "hm-table-layer" }, hm.text("layer")), choose,
      hm.button("CSV", () => hm.download(`${fileName(view.entry)}.csv`, hm.csv(view.entry), "text/csv;charset=utf-8")),
      hm.button("GeoJSON", () => hm.download(`${fileName(view.entry)}.geojson`, hm.geojson(view.entry), "application/geo+json")));
    drawTable(view);
    hm.openDialog(hm.text("table"), tools, view.body);
  };

  const fileName = (entry) => entry.layer.name.replace(/[^\w-]+/g, "-").slice(0, 60) || "layer";

  const drawTable = (view) => {
    const { entry } = view;
    const attributes = entry.layer.attributes.filter((a) => a.name !== "mean" && a.name !== "asset");
    const sorted = attributes.find((a) => a.name === view.sort) || attributes[0];
    const found = hm.inView([entry]).map(([, f]) => f);
    const values = new Map(found.map((f) => [f, sorted ? hm.value(entry, sorted, f) : f]));
    found.sort((a, b) => compare(values.get(a), values.get(b)) * (view.falling ? -1 : 1));
    const head = attributes.map((a) => {
      const direction = a === sorted ? (view.falling ? "descending" : "ascending") : "none";
      return hm.el("th", { scope: "col", "aria-sort": direction }, hm.button(hm.columnTitle(a), () => {
        view.falling = a === sorted && !view.falling;
        view.sort = a.name;
        drawTable(view);
      }));
    });
    const rows = found.slice(0, ROWS).map((f) => hm.el("tr", {}, ...attributes.map((a) =>
      hm.el("td", { class: { number: "hm-number", percent: "hm-number", level: "hm-short" }[a.kind] }, shownText(entry, a, f)))));
    const caption = hm.el("caption", {}, hm.text("table caption", { count: hm.number(found.length), shown: hm.number(Math.min(found.length, ROWS)) }));
    view.body.replaceChildren(hm.scroller(hm.text("table"),
      hm.el("table", { class: "hm-data" }, caption, hm.el("thead", {}, hm.el("tr", {}, ...head)), hm.el("tbody", {}, ...rows))));
  };

  const shownText = (entry, attribute, f) => (attribute.name === "name" ? hm.featureName(entry, f) : hm.shownOf(entry, attribute, f));

  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), hm.locale());
  };

  // ------------------------------------------------------------------------------------------------------- downloads

  /* All columns of a layer: those that depend on the scenario once per scenario. */
  const allColumns = (entry) =>
    entry.layer.attributes.flatMap((attribute) => {
      if (!attribute.per_scenario) return [[attribute.name, (f) => plainValue(entry, attribute, hm.value(entry, attribute, f))]];
      return hm.page.hazards[entry.hazard].scenarios.map((scenario, s) => [
        `${attribute.name}@${scenario.id}`, (f) => plainValue(entry, attribute, hm.value(entry, attribute, f, s)),
      ]);
    });

  const plainValue = (entry, attribute, value) => {
    if (value === null) return null;
    if (attribute.kind === "code") return ["hit", "partial", hm.page.hazards[entry.hazard].name === "flood" ? "dry" : "not hit", "not covered"][value];
    if (attribute.kind === "level") return value < 0 ? null : hm.page.hazards[entry.hazard].levels[value];
    if (attribute.kind === "scenario") return hm.page.hazards[entry.hazard].scenarios[value]?.id ?? null;
    if (attribute.kind === "mix") return entry.layer.mixes[value].map(([origin, percent]) => `${origin} ${percent} %`).join("; ");
    return value;
  };

  const kept = (entry) => {
    const numbers = [];
    for (let f = 0; f < hm.data.get(entry.layer.id).count; f++) if (hm.passes(entry, f)) numbers.push(f);
    return numbers;
  };

  /* A cell that a spreadsheet would take for a formula gets a leading quote. */
  const csvCell = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (typeof value !== "number" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  hm.csv = (entry) => {
    const columns = allColumns(entry);
    const features = hm.data.get(entry.layer.id);
    const head = [...columns.map(([name]) => name), "longitude", "latitude"].map(csvCell).join(",");
    const rows = kept(entry).map((f) => {
      const [latitude, longitude] = hm.middle(features, f);
      return [...columns.map(([, read]) => read(f)), Number(longitude.toFixed(5)), Number(latitude.toFixed(5))].map(csvCell).join(",");
    });
    return `\ufeff${[head, ...rows].join("\r\n")}\r\n`;
  };

  hm.geojson = (entry) => {
    const columns = allColumns(entry);
    const features = hm.data.get(entry.layer.id);
    return JSON.stringify({
      type: "FeatureCollection",
      features: kept(entry).map((f) => ({
        type: "Feature",
        properties: Object.fromEntries(columns.map(([name, read]) => [name, read(f)])),
        geometry: hm.geometryOf(features, f),
      })),
    });
  };

  hm.geometryOf = (features, f) => {
    const point = (i) => [
      Number(hm.longitude(features.x[i] + features.originX).toFixed(5)),
      Number(hm.latitude(features.y[i] + features.originY).toFixed(5)),
    ];
    const ring = (r, closed) => {
      const points = [];
      for (let i = features.vertices[r]; i < features.vertices[r + 1]; i++) points.push(point(i));
      if (closed) points.push(points[0]);
      return points;
    };
    const parts = [];
    for (let p = features.parts[f]; p < features.parts[f + 1]; p++) {
      const rings = [];
      for (let r = features.rings[p]; r < features.rings[p + 1]; r++) rings.push(ring(r, features.kind === "polygon"));
      parts.push({ point: rings[0][0], line: rings[0], polygon: rings }[features.kind]);
    }
    const type = { point: "Point", line: "LineString", polygon: "Polygon" }[features.kind];
    if (!parts.length) return null;
    return parts.length === 1 ? { type, coordinates: parts[0] } : { type: `Multi${type}`, coordinates: parts };
  };
})();
