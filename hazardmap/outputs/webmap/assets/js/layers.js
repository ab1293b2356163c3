/* The layers on the map, and how they follow the state. */
(() => {
  const hm = window.hazardmap;
  const PANES = { base: 150, hatch: 250, raster: 300, compare: 301, zones: 320, outlines: 325, context: 340, grid: 345, polygon: 350, line: 360, seams: 365, point: 370, sites: 375, labels: 380 };

  // Cells from this size end at the coast of the base map, which holds to a tenth of it. Finer ones know it better.
  const COARSE_M = 2000;

  /* Unpacks everything that the page carries. */
  hm.loadData = async () => {
    const { page } = hm;
    hm.texts = await hm.unpackedJson("hm-texts");
    hm.flows = await Promise.all(page.hazards.map(async ({ flows }) => (flows ? flowRows(await hm.unpackedJson(flows)) : [])));
    const base = {};
    const { countries, window: edges, ...parts } = page.base;
    await Promise.all(Object.entries(parts).map(async ([part, id]) => { base[part] = await hm.unpackedFeatures(id); }));
    hm.base = { ...base, countries, window: edges };
    hm.territories = page.territories && (await hm.unpackedFeatures(page.territories.id));
    hm.rasters = await Promise.all(
      page.hazards.map(async ({ raster, worse }) => raster && hm.decodeRaster({ ...raster, worse }, await hm.unpacked(raster.id))),
    );
    const reduced = hm.allFeatureLayers().filter(({ layer }) => layer.grid);
    hm.grids = new Map(
      await Promise.all(reduced.map(async ({ layer: { id, grid } }) => [id, hm.decodeRaster(grid, await hm.unpacked(grid.id))])),
    );
    hm.modelled = await Promise.all(page.hazards.map(({ modelled }) => modelled && hm.unpackedFeatures(modelled)));
    hm.data = new Map();
    const layers = hm.allFeatureLayers().map(({ layer }) => layer);
    const load = async ({ id, like }) => hm.data.set(id, await hm.unpackedFeatures(id, hm.data.get(like)));
    await Promise.all(layers.filter(({ like }) => !like).map(load));
    await Promise.all(layers.filter(({ like }) => like).map(load)); // the same shapes as one of those
  };

  /* Rows of scenario number, measure, unit, origin, territory and what is attributed. */
  const flowRows = (flows) =>
    flows.value.map((value, k) => [
      flows.scenario[k], ...flows.measures[flows.measure[k]], flows.origins[flows.origin[k]], flows.territories[flows.territory[k]], value,
    ]);

  /* Every layer of features: {layer, hazard number or -1, role}. Zones draw a hazard that has no cells; beside cells
     they are outlines. */
  hm.allFeatureLayers = () => [
    ...hm.page.context.map((layer) => ({ layer, hazard: -1, role: "context" })),
    ...hm.page.hazards.flatMap((hazard, h) => [
      ...(hazard.zones ? [{ layer: hazard.zones, hazard: h, role: hazard.raster ? "outlines" : "zones" }] : []),
      ...(hazard.seams ? [{ layer: hazard.seams, hazard: h, role: "seams" }] : []),
      ...(hazard.sites ? [{ layer: hazard.sites, hazard: h, role: "sites" }] : []),
      ...hazard.assets.map((layer) => ({ layer, hazard: h, role: "assets" })),
    ]),
  ];

  hm.isOn = (entry) => hm.state.on.has(entry.role === "zones" ? `hazard-${entry.hazard}` : entry.layer.id);

  // -------------------------------------------------------------------------------------------------------- values

  /* Value of an attribute of a feature, in the scenario that is shown unless another is asked for. */
  hm.value = (entry, attribute, f, scenario) => {
    const columns = hm.data.get(entry.layer.id).columns;
    if (!attribute.per_scenario) return columns[attribute.name](f);
    const number = scenario ?? hm.state.scenarios[entry.hazard];
    return columns[`${attribute.name}@${hm.page.hazards[entry.hazard].scenarios[number].id}`](f);
  };

  hm.attribute = (entry, name) => entry.layer.attributes.find((attribute) => attribute.name === name);

  hm.named = (entry, name, f, scenario) => {
    const attribute = hm.attribute(entry, name);
    return attribute ? hm.value(entry, attribute, f, scenario) : null;
  };

  /* Mix of origins of a feature, as [[origin, per cent], ...]. */
  hm.mixOf = (entry, f) => {
    const code = hm.named(entry, "mix", f);
    return code === null ? [] : entry.layer.mixes[code];
  };

  /* Whether a feature passes the filter by origin and territory (a country, or one of the territories). */
  hm.passes = (entry, f) => {
    const { origin, territory } = hm.state;
    if (entry.role === "context" || entry.role === "seams") return true;
    const lies = () => ["country", "territory"].some((name) => hm.named(entry, name, f) === territory);
    if (territory && entry.role !== "sites" && hm.attribute(entry, "country") && !lies()) return false;
    return !origin || hm.named(entry, "origin", f) === origin || hm.mixOf(entry, f).some(([name]) => name === origin);
  };

  /* Fades what lies beyond the territory that is chosen. */
  hm.fadeBeyond = (context, coords, size, tiles) => {
    const chosen = hm.state.territory;
    if (!chosen || !hm.territories) return;
    const mask = hm.el("canvas", { width: size, height: size });
    const pen = mask.getContext("2d");
    pen.globalAlpha = 0.15;
    pen.fillRect(0, 0, size, size);
    pen.globalAlpha = 1;
    pen.beginPath();
    const id = hm.territories.columns.id;
    hm.tracePolygons(pen, hm.territories, coords, size, tiles, (f) => id(f) === chosen || hm.page.territories.names[id(f)]?.country === chosen);
    pen.fill();
    context.globalCompositeOperation = "destination-in";
    context.drawImage(mask, 0, 0);
    context.globalCompositeOperation = "source-over";
  };

  hm.featureName = (entry, f) => {
    if (entry.layer.name === "territories") return hm.territory(hm.named(entry, "asset", f));
    if (entry.role === "seams") return hm.seamKind(hm.named(entry, "kind", f));
    const name = hm.named(entry, "name", f) ?? hm.named(entry, "asset", f);
    if (name === null && ["zones", "outlines"].includes(entry.role)) return hm.hazardTitle(hm.page.hazards[entry.hazard]);
    return name === null || name === "" ? `${hm.layerTitle(entry.layer)} ${f + 1}` : String(name);
  };

  hm.layerTitle = (layer) => hm.word("layer", layer.name, layer.title);
  hm.seamKind = (kind) => hm.word("seam", kind);
  hm.hazardTitle = (hazard) => hm.word("hazard", hazard.name, hazard.title);

  // -------------------------------------------------------------------------------------------------------- making

  hm.makeLayers = (map) => {
    for (const [name, order] of Object.entries(PANES)) map.createPane(`hm-${name}`).style.zIndex = order;
    const labels = map.getPane("hm-labels");
    labels.style.pointerEvents = "none";
    labels.setAttribute("aria-hidden", "true");
    hm.baseLayer = new hm.BaseLayer(hm.base, { pane: "hm-base" }).addTo(map);
    hm.rasterLayers = hm.page.hazards.map((hazard, h) => hm.rasters[h] && makeRaster(hazard, h));
    hm.beyondLayers = hm.modelled.map((area) => area && new hm.BeyondLayer(area, hm.base.land, { pane: "hm-hatch", colour: hatchColour }));
    hm.featureLayers = hm.allFeatureLayers().map((entry) => ({ ...entry, drawn: makeFeatures(entry), grid: makeGrid(entry) }));
  };

  const OUTLINES = { light: "#1b1f24", dark: "#ffffff", contrast: "#000000" };

  const hatchColour = () => ({ light: "#8a8171", dark: "#9aa7b3", contrast: "#000000" })[hm.state.theme];

  const makeRaster = (hazard, h) => {
    const raster = hm.rasters[h];
    const colours = () => hm.coloursOf(hazard);
    const keep = (cell) => !hm.state.origin || hm.cellMix(raster, cell).some(([name]) => name === hm.state.origin);
    const land = hm.base.land && Math.min(...raster.cell_m) >= COARSE_M ? hm.base : null;
    return {
      keep,
      shown: new hm.RasterLayer(raster, colours, { pane: "hm-raster", land }),
      compared: new hm.RasterLayer(raster, colours, { pane: "hm-compare", land }),
      hatched: new hm.HatchLayer(raster, hm.base.land, {
        pane: "hm-hatch",
        colour: hatchColour,
      }),
    };
  };

  const makeFeatures = (entry) => {
    const features = hm.data.get(entry.layer.id);
    const styles = stylesOf(entry);
    const pane = entry.role === "assets" ? features.kind : entry.role;
    return new hm.FeatureLayer(features, {
      pane: `hm-${pane}`,
      styles,
      faded: entry.role === "zones" && !hm.attribute(entry, "country"),
      outline: entry.role === "zones" ? () => OUTLINES[hm.state.theme] : null,
      order: entry.role === "assets" ? hm.STATUS_ORDER : styles.map((_, k) => k),
      styleOf: (f) => (hm.passes(entry, f) ? styleNumber(entry, f) : -1),
    });
  };

  /* Of a layer that is too large: cells with the worst status of what lies in them. */
  const makeGrid = ({ layer }) => layer.grid && new hm.RasterLayer(hm.grids.get(layer.id), () => layer.grid.colours, { pane: "hm-grid" });

  /* Colours of the classes: worse is darker on a light page, lighter on a dark one. */
  hm.coloursOf = (hazard) => (hm.state.theme === "dark" ? hazard.dark_colours : hazard.colours);

  const stylesOf = (entry) => {
    if (entry.role === "assets") return hm.statusStyles(hm.page.status_colours);
    if (entry.role === "context") return [{ colour: "#6a51a3", shape: "square", width: 2, dash: [], fill: 0.3 }];
    if (entry.role === "seams") return hm.seamStyles();
    if (entry.role === "sites") return [hm.siteStyle()];
    // a hazard is drawn as solid as its legend, so that where two clouds overlap no third colour appears
    const fill = entry.role === "outlines" ? 0.25 : 1;
    return hm.coloursOf(hm.page.hazards[entry.hazard]).map((colour) => ({ colour, shape: "circle", width: 3, dash: [], fill }));
  };

  const styleNumber = (entry, f) => {
    if (entry.role === "context" || entry.role === "sites") return 0;
    if (entry.role === "assets") return hm.named(entry, entry.layer.status, f) ?? -1;
    const scenario = hm.named(entry, "scenario", f);
    if (scenario >= 0 && scenario !== hm.state.scenarios[entry.hazard]) return -1;
    return entry.role === "seams" ? hm.seamStyle(hm.named(entry, "kind", f)) : hm.named(entry, "level", f);
  };

  // ----------------------------------------------------------------------------------------------------- following

  const show = (layer, shown) => {
    if (shown !== hm.map.hasLayer(layer)) hm.map[shown ? "addLayer" : "removeLayer"](layer);
  };

  /* Draws what changed: call after any change of the state. */
  hm.applyState = () => {
    hm.page.hazards.forEach((hazard, h) => {
      if (hm.rasterLayers[h]) applyRaster(h);
      if (hm.beyondLayers[h]) applyBeyond(h);
    });
    for (const entry of hm.featureLayers) {
      const shown = hm.isOn(entry);
      entry.drawn.options.styles = stylesOf(entry);
      if (entry.role === "zones") entry.drawn.setOpacity(hm.state.opacity);
      if (shown && hm.map.hasLayer(entry.drawn)) entry.drawn.redraw();
      show(entry.drawn, shown);
      if (entry.grid) applyGrid(entry, shown);
    }
    hm.clipCompare();
    hm.noteScale();
    hm.writeHash();
  };

  /* Cells know no origin: by one, only the features themselves are shown. */
  const applyGrid = ({ grid, hazard, layer }, shown) => {
    grid.options.scenario = layer.status ? hm.state.scenarios[hazard] : 0;
    if (hm.map.hasLayer(grid)) grid.redraw();
    show(grid, shown && !hm.state.origin);
  };

  const applyBeyond = (h) => {
    const layer = hm.beyondLayers[h];
    if (layer.hmDrawn !== hm.state.theme && hm.map.hasLayer(layer)) layer.redraw();
    layer.hmDrawn = hm.state.theme;
    show(layer, hm.state.on.has(`hazard-${h}`));
  };

  const applyRaster = (h) => {
    const { state } = hm;
    const { shown, compared, hatched, keep } = hm.rasterLayers[h];
    const on = state.on.has(`hazard-${h}`);
    const [other, scenario] = state.compare.split(":").map(Number);
    const comparing = on && state.compare !== "" && other === h;
    const draw = (layer, number, visible) => {
      const wanted = `${number}/${state.origin}/${state.territory}/${state.theme}`;
      const changed = layer.hmDrawn !== wanted;
      layer.hmDrawn = wanted;
      layer.options.scenario = number;
      layer.options.keep = state.origin ? keep : null;
      if (layer.setOpacity) layer.setOpacity(layer === hatched ? 1 : state.opacity);
      if (visible && changed && hm.map.hasLayer(layer)) layer.redraw();
      show(layer, visible);
    };
    draw(shown, state.scenarios[h], on);
    draw(hatched, state.scenarios[h], on);
    draw(compared, comparing ? scenario : 0, comparing);
  };

  hm.isComparing = () => {
    const h = hm.state.compare.split(":")[0];
    return h !== "" && hm.state.on.has(`hazard-${h}`) && Boolean(hm.rasterLayers[Number(h)]);
  };

  /* Cuts the two rasters at the divider. */
  hm.clipCompare = () => {
    const { map, state } = hm;
    const divider = hm.byId("hm-divider");
    const [left, right] = ["hm-raster", "hm-compare"].map((name) => map.getPane(name));
    divider.hidden = !hm.isComparing();
    if (divider.hidden) {
      left.style.clip = right.style.clip = "";
      return;
    }
    const size = map.getSize();
    const at = (size.x * state.divider) / 100;
    divider.style.left = `${at}px`;
    const start = map.containerPointToLayerPoint([0, 0]);
    const end = map.containerPointToLayerPoint([size.x, size.y]);
    const middle = map.containerPointToLayerPoint([at, 0]).x;
    left.style.clip = `rect(${start.y}px,${middle}px,${end.y}px,${start.x}px)`;
    right.style.clip = `rect(${start.y}px,${end.x}px,${end.y}px,${middle}px)`;
  };

  /* Says on the map when a raster is hidden because its cells are too coarse for the scale. */
  hm.noteScale = () => {
    const note = hm.byId("hm-scale-note");
    const hidden = hm.page.hazards.filter((hazard, h) => {
      const limit = hazard.raster?.max_zoom;
      return hm.state.on.has(`hazard-${h}`) && limit !== null && limit !== undefined && hm.map.getZoom() > limit;
    });
    note.hidden = !hidden.length;
    note.textContent = hidden
      .map((hazard) => hm.labelled(hm.hazardTitle(hazard), hm.text("too coarse", { cells: hm.cellSize(hazard.raster) })))
      .join(" ");
  };

  hm.cellSize = (raster) => {
    const metres = raster.cell_m.map((side) => Number(side.toPrecision(2)));
    return `${hm.number(metres[0])} × ${hm.number(metres[1])} m`;
  };
})();
