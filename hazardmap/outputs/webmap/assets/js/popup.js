/* What a click, or Enter on the map, tells: features and cells at a place, with source and licence. */
(() => {
  const hm = window.hazardmap;
  const MOST_FEATURES = 4;
  let opener = null;

  hm.openPopup = (latlng, content, title, from) => {
    const { x, y } = hm.map.getSize();
    const width = Math.min(340, x - 60);
    const top = x < 480 ? 90 : 16; // on a phone below the zoom buttons, which lie above every popup
    const sheet = hm.closeSheet(); // else it hides what was asked for
    const popup = L.popup({
      maxWidth: width, minWidth: Math.min(240, width), maxHeight: Math.max(160, y - 104 - top), autoPanPaddingTopLeft: [16, top], autoPanPaddingBottomRight: [16, 16],
    })
      .setLatLng(latlng)
      .setContent(content)
      .openOn(hm.map);
    // only now: opening closes the popup before, which gives focus back to where that one was opened from
    opener = sheet || from || document.activeElement;
    const frame = popup.getElement();
    frame.setAttribute("role", "dialog");
    frame.setAttribute("aria-label", title);
    const close = frame.querySelector(".leaflet-popup-close-button");
    close.setAttribute("aria-label", hm.text("close"));
    close.setAttribute("role", "button");
    const scroller = frame.querySelector(".leaflet-popup-content");
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "group");
    scroller.setAttribute("aria-label", title);
    if (from) setTimeout(() => close.focus({ preventScroll: true }), 60);
    hm.say(content.textContent);
  };

  /* Focus goes back to where the popup was opened from. */
  hm.watchPopups = (map) => {
    map.on("popupclose", () => {
      const target = opener?.isConnected && opener !== document.body ? opener : map.getContainer();
      opener = null;
      target.focus({ preventScroll: true });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && document.querySelector(".leaflet-popup")) map.closePopup();
    });
    map.on("click", (event) => hm.tellAt(event.latlng));
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === map.getContainer()) hm.tellAt(map.getCenter(), map.getContainer());
    });
  };

  /* Everything known at a place. */
  hm.tellAt = (latlng, from) => {
    const found = hm.featureLayers
      .filter((entry) => hm.isOn(entry))
      .reverse()
      .flatMap((entry) => worstOfEach(entry, entry.drawn.hits(latlng, hm.map)).map((f) => [entry, f]));
    const sections = found.slice(0, MOST_FEATURES).map(([entry, f]) => featureSection(entry, f));
    if (found.length > MOST_FEATURES) sections.push(hm.el("p", {}, hm.text("and more", { count: found.length - MOST_FEATURES })));
    hm.page.hazards.forEach((hazard, h) => {
      if (!hm.state.on.has(`hazard-${h}`)) return;
      const struck = found.some(([entry]) => entry.role === "zones" && entry.hazard === h);
      if (hazard.raster) sections.push(cellSection(hazard, h, latlng));
      else if (hm.modelled[h] && !struck) sections.push(beyondSection(hazard, h, latlng));
    });
    if (!sections.length) return;
    const told = found.some(([entry]) => entry.layer.name === "territories");
    sections.push(placeLine(latlng), told ? "" : hm.contactList(territoryAt(latlng)));
    hm.openPopup(latlng, hm.el("div", {}, ...sections), sections[0].querySelector("h2")?.textContent || "", from);
  };

  /* Clouds of one source lie in one another: of those the worst, and every source. */
  const worstOfEach = (entry, found) => {
    if (entry.role !== "zones") return found;
    const level = (f) => hm.named(entry, "level", f);
    const worst = new Map();
    for (const f of found) {
      const source = JSON.stringify([hm.named(entry, "name", f), hm.mixOf(entry, f), hm.named(entry, "territory", f)]);
      if (!worst.has(source) || level(f) > level(worst.get(source))) worst.set(source, f);
    }
    return [...worst.values()].sort((a, b) => level(b) - level(a));
  };

  hm.openFeature = (entry, f, from) => {
    const latlng = hm.middle(hm.data.get(entry.layer.id), f);
    const content = hm.el("div", {}, featureSection(entry, f));
    hm.openPopup(latlng, content, hm.featureName(entry, f), from);
  };

  const pairs = (rows) =>
    hm.el("table", { class: "hm-pairs" }, hm.el("tbody", {}, ...rows.map(([name, value]) =>
      hm.el("tr", {}, hm.el("th", { scope: "row" }, name), hm.el("td", {}, value)))));

  const featureSection = (entry, f) => {
    const kind = entry.role === "zones" ? hm.hazardTitle(hm.page.hazards[entry.hazard]) : hm.layerTitle(entry.layer);
    const name = hm.featureName(entry, f);
    const section = hm.el("section", {}, hm.el("h2", {}, name), name !== kind && hm.el("p", { class: "hm-kind" }, kind));
    const rows = entry.layer.attributes
      .filter((attribute) => attribute.name !== "name" && attribute.kind !== "mix" && !attribute.per_scenario)
      .filter((attribute) => ![null, ""].includes(hm.value(entry, attribute, f)))
      .map((attribute) => [hm.columnTitle(attribute), hm.shownOf(entry, attribute, f)]);
    section.append(pairs(rows));
    if (entry.role === "assets") section.append(hm.byScenario(hm.page.hazards[entry.hazard], entry.hazard, assetColumns(entry, f)));
    section.append(mixList(hm.mixOf(entry, f), hm.page.hazards[entry.hazard]), sourceLine(entry.layer.source));
    if (entry.layer.name === "territories") section.append(hm.contactList(hm.named(entry, "asset", f)));
    return section;
  };

  /* Status and the values that depend on the scenario, each as [title, function of the number of a scenario]. */
  const assetColumns = (entry, f) =>
    entry.layer.attributes
      .filter((a) => a.per_scenario && (["status", "minimum", "maximum", "affected"].includes(a.name) || a.name.startsWith("damage")))
      .map((a) => [hm.columnTitle(a), (s) => hm.shownOf(entry, a, f, s)]);

  const cellSection = (hazard, h, latlng) => {
    const raster = hm.rasters[h];
    const cell = hm.cellAt(raster, latlng);
    const section = hm.el("section", {}, hm.el("h2", {}, hm.text("here", { hazard: hm.hazardTitle(hazard) })),
      hm.byScenario(hazard, h, [[hm.units(hazard.units) || hm.text("column.value"), (s) => cellText(hazard, raster, s, cell)]]));
    section.append(mixList(hm.cellMix(raster, cell), hazard));
    const size = hm.text(raster.worst_of > 1 ? "worst of cells" : "cells of", { cells: hm.cellSize(raster) });
    const weak = hazard.status === "official" ? "" : ` · ${hm.text(`status.${hazard.status}`)}`;
    section.append(hm.el("p", { class: "hm-fine" }, size + weak));
    return section;
  };

  /* Of a hazard that comes as shapes: that none is here, or that nobody looked. */
  const beyondSection = (hazard, h, latlng) => {
    const area = hm.modelled[h];
    let known = false;
    const [x, y] = [hm.mercatorX(latlng.lng), hm.mercatorY(latlng.lat)];
    area.query(x, y, x, y, (f) => { known = known || hm.contains(area, f, latlng); });
    return hm.el("section", {}, hm.el("h2", {}, hm.text("here", { hazard: hm.hazardTitle(hazard) })),
      hm.el("p", {}, hm.text(known ? "value.none" : "value.not covered")));
  };

  const cellText = (hazard, raster, scenario, cell) => {
    const value = hm.cellValue(raster, scenario, cell);
    if (value === null) return hm.text("value.not covered");
    if (value === 0 && raster.worse === "higher") return hm.text(isWater(hazard) ? "value.dry" : "value.none");
    const least = 10 ** -raster.decimals;
    if (value > 0 && value < least / 2) return `< ${hm.quantity(least, hazard.units, raster.decimals)}`;
    return hm.quantity(value, hazard.units, raster.decimals);
  };

  /* "Share of upstream area": where the water comes from, never who is to blame. */
  const mixList = (mix, hazard) => {
    if (!mix.some(([origin]) => origin !== "none")) return hm.el("span", {});
    const items = mix.slice(0, 6).map(([origin, percent]) => {
      const bar = hm.el("span", { class: "hm-bar", "aria-hidden": "true" });
      bar.style.width = `${percent}%`;
      return hm.el("li", {}, hm.el("span", {}, `${hm.country(origin)} ${hm.percent(percent / 100)}`), bar);
    });
    return hm.el("div", { class: "hm-mix" }, hm.el("h3", {}, hm.word("meaning", hazard.meaning)), hm.el("ul", {}, ...items));
  };

  const sourceLine = (source) => {
    const said = [source.attribution || source.source, source.licence].filter(Boolean).join(", ");
    return said ? hm.el("p", { class: "hm-fine" }, hm.labelled(hm.text("source"), said)) : hm.el("span", {});
  };

  const placeLine = (latlng) => {
    const id = territoryAt(latlng);
    const coordinates = `${latlng.lat.toFixed(4)}, ${latlng.lng.toFixed(4)}`;
    return hm.el("p", { class: "hm-fine" }, id === null ? coordinates : `${hm.territory(id)} (${hm.country(hm.page.territories.names[id]?.country ?? "")}) · ${coordinates}`);
  };

  const territoryAt = (latlng) => {
    if (!hm.territories) return null;
    const [x, y] = [hm.mercatorX(latlng.lng), hm.mercatorY(latlng.lat)];
    let found = null;
    hm.territories.query(x, y, x, y, (f) => {
      if (hm.contains(hm.territories, f, latlng)) found = hm.territories.columns.id(f);
    });
    return found;
  };

  // --------------------------------------------------------------------------------------------- values as one reads

  /* Depth in metres, not distance. */
  const isWater = (hazard) => hazard?.units === "m" && hazard.worse === "higher";

  /* What became of it: "dry" is said of water only. */
  hm.statusText = (key, hazards) => {
    const water = hazards.every((h) => isWater(hm.page.hazards[h]));
    return hm.text(!water && hm.hasText(`status.${key}.other`) ? `status.${key}.other` : `status.${key}`);
  };

  hm.columnTitle = (attribute) => {
    const title = hm.word("column", attribute.name, attribute.title);
    return hm.units(attribute.units) && attribute.kind === "number" ? `${title} (${hm.units(attribute.units)})` : title;
  };

  const SHOWN = {
    number: (entry, attribute, value) => hm.number(value, attribute.digits),
    percent: (entry, attribute, value) => hm.percent(value),
    code: (entry, attribute, value) => hm.statusText(["hit", "partial", "dry", "not covered"][value], [entry.hazard]),
    level: (entry, attribute, value) => hm.levelLabel(hm.page.hazards[entry.hazard], value),
    country: (entry, attribute, value) => hm.country(value),
    territory: (entry, attribute, value) => hm.territory(value),
    scenario: (entry, attribute, value) => (value < 0 ? hm.text("all") : hm.scenarioLabel(hm.page.hazards[entry.hazard].scenarios[value])),
    seam: (entry, attribute, value) => hm.seamKind(value),
    mix: (entry, attribute, value) => entry.layer.mixes[value].map(([origin, percent]) => `${hm.country(origin)} ${hm.percent(percent / 100)}`).join(", "),
  };

  // Of what is hit they are more than nothing, however little.
  const NEVER_NOTHING = ["affected", "maximum", "area_km2"];

  const isHit = (entry, f, s) => entry.role === "zones" || hm.named(entry, "status", f, s) === 0;

  /* The value of a feature as one reads it; in the scenario that is shown, if none is named. */
  hm.shownOf = (entry, attribute, f, s) => {
    const value = hm.value(entry, attribute, f, s);
    if (value === 0 && NEVER_NOTHING.includes(attribute.name) && isHit(entry, f, s)) {
      return `<\u00a0${hm.number(10 ** -attribute.digits, attribute.digits)}`;
    }
    return hm.shownValue(entry, attribute, value);
  };

  hm.shownValue = (entry, attribute, value) => {
    if (value === null || value === undefined) return "–";
    const shown = SHOWN[attribute.kind];
    return shown ? shown(entry, attribute, value) : String(value);
  };

  /* Between numbers below 0 a dash would read as one more sign. */
  const range = (hazard, low, high) => (Math.min(...hazard.levels) < 0 ? hm.text("range", { low, high }) : `${low} – ${high}`);

  /* "0.5 – 1 m": a class by its edges. */
  hm.levelLabel = (hazard, level) => {
    const edge = (k) => hm.number(hazard.levels[k]);
    const units = hm.units(hazard.units);
    if (level < 0) return "–";
    if (["AEGL", "ERPG"].includes(hazard.units)) return `${hazard.units}-${edge(level)}`; // a name, no quantity
    const last = level === hazard.levels.length - 1;
    const said = last ? `${hazard.worse === "higher" ? "≥" : "≤"} ${edge(level)}` : range(hazard, edge(level), edge(level + 1));
    return units ? `${said} ${units}` : said;
  };
})();
