/* The panel beside the map. It is built anew when the state changes; focus stays where it was. */
(() => {
  const hm = window.hazardmap;
  // Beyond, a list is no way to choose; the search box finds them.
  const MOST_TERRITORIES = 200;

  hm.buildPanel = () => {
    const panel = hm.byId("hm-panel");
    const focused = focusKey(document.activeElement);
    const open = new Map([...panel.querySelectorAll("details[id]")].map((element) => [element.id, element.open]));
    const scrolled = panel.scrollTop;
    setFrame();
    panel.replaceChildren(...sections().filter(Boolean));
    for (const [id, was] of open) if (hm.byId(id)) hm.byId(id).open = was;
    panel.scrollTop = scrolled;
    if (focused) panel.querySelector(focused)?.focus({ preventScroll: true });
    hm.refreshList();
  };

  /* A selector that finds the focused element of the panel again. */
  const focusKey = (element) => {
    if (!element || !hm.byId("hm-panel").contains(element)) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    for (const key of ["flow", "feature"]) if (element.dataset[key]) return `[data-${key}="${CSS.escape(element.dataset[key])}"]`;
    return null;
  };

  const sections = () => [
    hm.warning() && hm.el("p", { class: `hm-banner hm-${hm.page.status}`, role: "note" }, hm.warning()),
    hm.page.note && hm.el("p", { class: "hm-note", role: "note" }, hm.pick(hm.page.note)),
    hm.searchBox(),
    ...hm.page.hazards.map(hazardSection),
    filterSection(),
    assetSection(),
    inViewSection(),
    contextSection(),
    notesSection(),
    toolsSection(),
  ];

  // ------------------------------------------------------------------------------------------ title bar and the rest

  const setFrame = () => {
    const { state, page } = hm;
    const label = (id, key) => hm.byId(id).setAttribute("aria-label", hm.text(key));
    document.documentElement.lang = state.language;
    document.documentElement.dataset.theme = state.theme;
    document.title = hm.pick(page.title);
    hm.byId("hm-title").textContent = hm.pick(page.title);
    hm.byId("hm-made").textContent = page.made ? hm.text("made", { date: hm.date(page.made) }) : "";
    hm.byId("hm-skip").textContent = hm.text("skip");
    hm.byId("hm-menu").textContent = hm.text("menu");
    hm.byId("hm-panel").setAttribute("aria-label", hm.text("menu"));
    label("hm-main", "map");
    label("hm-dialog-close", "close");
    const map = hm.map.getContainer();
    map.setAttribute("role", "application");
    map.setAttribute("aria-label", hm.text("map hint"));
    for (const [name, key] of [["in", "zoom in"], ["out", "zoom out"]]) {
      const button = map.querySelector(`.leaflet-control-zoom-${name}`);
      button?.setAttribute("aria-label", hm.text(key));
      button?.setAttribute("title", hm.text(key));
    }
    setChoices();
    hm.showAttribution();
  };

  const setChoices = () => {
    const { state, page } = hm;
    const languages = hm.byId("hm-language");
    languages.setAttribute("aria-label", hm.text("language"));
    languages.replaceChildren(...page.languages.map((code) => hm.el("option", { value: code, lang: code }, hm.texts[code]["this language"])));
    languages.value = state.language;
    const themes = hm.byId("hm-theme");
    themes.setAttribute("aria-label", hm.text("theme"));
    themes.replaceChildren(...hm.THEMES.map((name) => hm.el("option", { value: name }, hm.text(`theme.${name}`))));
    themes.value = state.theme;
  };

  hm.openDialog = (title, ...content) => {
    hm.byId("hm-dialog-title").textContent = title;
    hm.byId("hm-dialog-body").replaceChildren(...content.filter(Boolean));
    hm.byId("hm-dialog").showModal();
  };

  // -------------------------------------------------------------------------------------------------------- hazards

  const group = (title, ...children) => hm.el("fieldset", {}, hm.el("legend", {}, title), ...children);

  const toggle = (id, label, symbol = null) => {
    const box = hm.el("input", { type: "checkbox", id: `hm-on-${id}`, on: {
      change: () => {
        hm.state.on[box.checked ? "add" : "delete"](id);
        hm.applyState();
        hm.drawNames();
        hm.buildPanel();
        hm.say(`${label} ${hm.text(box.checked ? "on" : "off")}`);
      },
    } });
    box.checked = hm.state.on.has(id);
    return hm.el("div", { class: "hm-row" }, box, hm.el("label", { for: `hm-on-${id}` }, label), symbol);
  };

  const hazardSection = (hazard, h) => {
    const on = [`hazard-${h}`, hazard.zones?.id, hazard.seams?.id, hazard.sites?.id].some((id) => hm.state.on.has(id));
    return group(hm.text("hazard"), toggle(`hazard-${h}`, hm.hazardTitle(hazard)),
      on && hm.el("div", { class: "hm-sub" }, hm.scenarioSlider(hazard, h), hm.legend(hazard, true), ...drawingControls(hazard, h)),
      on && hm.measureRow(hazard, h),
      on && hm.flowTable(hazard, h),
      on && hm.flowChart(hazard, h),
      ...hm.featureLayers.filter((entry) => entry.hazard === h && ["outlines", "seams", "sites"].includes(entry.role)).map(shapeToggle));
  };

  /* Zones beside a raster, seams between maps (with their legend), sites: each a layer of its own. */
  const shapeToggle = (entry) =>
    hm.el("div", {}, toggle(entry.layer.id, hm.layerTitle(entry.layer), entry.role === "sites" && hm.symbol(hm.siteStyle(), "point")), entry.role === "seams" && hm.isOn(entry) && hm.seamLegend(entry));

  hm.seamLegend = (entry) => {
    const { count, columns } = hm.data.get(entry.layer.id);
    const kinds = new Set(Array.from({ length: count }, (_, f) => columns.kind(f)));
    const styles = hm.seamStyles();
    return hm.el("ul", { class: "hm-legend" }, ...[...kinds].map((kind) =>
      hm.el("li", { class: "hm-whole" }, hm.symbol(styles[hm.seamStyle(kind)], "line"), hm.seamKind(kind))));
  };

  const drawingControls = (hazard, h) => {
    const opacity = hm.el("input", { type: "range", id: `hm-opacity-${h}`, min: 0.1, max: 1, step: 0.05, on: {
      input: () => {
        hm.state.opacity = Number(opacity.value);
        hm.applyState();
      },
    } });
    opacity.value = hm.state.opacity;
    const opacityRow = hm.el("div", { class: "hm-row" }, hm.el("label", { for: `hm-opacity-${h}` }, hm.text("opacity")), opacity);
    if (!hazard.raster) return hazard.zones ? [opacityRow] : [];
    const choices = [["", "–"], ...hazard.scenarios.map((scenario, s) => [`${h}:${s}`, hm.scenarioTitle(scenario)])];
    const compare = hm.select(choices, hm.state.compare.startsWith(`${h}:`) ? hm.state.compare : "", (value) => {
      hm.state.compare = value;
      hm.applyState();
      hm.buildPanel();
    }, { id: `hm-compare-${h}` });
    return [
      opacityRow,
      hazard.scenarios.length > 1 && hm.el("div", { class: "hm-row" }, hm.el("label", { for: `hm-compare-${h}` }, hm.text("compare")), compare),
      hm.state.compare.startsWith(`${h}:`) && dividerSlider(),
    ];
  };

  const dividerSlider = () => {
    const slider = hm.el("input", { type: "range", id: "hm-divider-at", min: 0, max: 100, step: 1, "aria-label": hm.text("divider"), on: {
      input: () => {
        hm.state.divider = Number(slider.value);
        hm.clipCompare();
        hm.writeHash();
      },
    } });
    slider.value = hm.state.divider;
    return slider;
  };

  /* Classes by their edges and units; what is not covered; what is said about the drawing. */
  hm.legend = (hazard, withNotes) => {
    const items = hm.coloursOf(hazard).map((colour, k) => {
      const swatch = hm.el("i", {});
      swatch.style.background = colour;
      return hm.el("li", {}, swatch, hm.levelLabel(hazard, k));
    });
    if (hazard.raster || hazard.modelled) items.push(hm.el("li", { class: "hm-whole" }, hm.el("i", { class: "hm-hatched" }), hm.text("value.not covered")));
    const list = hm.el("ul", { class: "hm-legend" }, ...items);
    return withNotes && hazard.raster ? hm.el("div", {}, list, ...cellNotes(hazard.raster)) : list;
  };

  /* What was done to the cells for drawing. */
  const cellNotes = (raster) => {
    const said = { cells: hm.cellSize(raster), count: hm.number(raster.worst_of ** 2) };
    const keys = [raster.worst_of > 1 && "coarsened", raster.smooth && "smoothed"].filter(Boolean);
    return keys.map((key) => hm.el("p", { class: "hm-fine" }, hm.text(key, said)));
  };

  // ------------------------------------------------------------------------------------------------- filter and assets

  const filterSection = () => {
    const [origins, countries] = [hm.allOrigins(), hm.allCountries()];
    if (!origins.length && countries.length < 2) return null;
    const { state } = hm;
    const options = (codes) => {
      const titles = codes.map(hm.territory);
      const twice = (title) => titles.indexOf(title) !== titles.lastIndexOf(title); // Limburg, Luxembourg
      const country = (code) => hm.page.territories?.names[code]?.country;
      const titled = (code, k) => (twice(titles[k]) && !countries.includes(code) && country(code) ? `${titles[k]} (${country(code)})` : titles[k]);
      return [["", hm.text("all")], ...codes.map((code, k) => [code, titled(code, k)])];
    };
    const ids = Object.keys(hm.page.territories?.names || {}).filter((id) => !countries.includes(id));
    const inside = ids.length <= MOST_TERRITORIES ? ids.sort((a, b) => hm.territory(a).localeCompare(hm.territory(b), hm.locale())) : [];
    return group(hm.text("filter"),
      origins.length > 0 && hm.el("div", { class: "hm-row" }, hm.el("label", { for: "hm-from" }, hm.text("origin")),
        hm.select(options(origins), state.origin, (value) => hm.setFilter(value, state.territory), { id: "hm-from" })),
      hm.el("div", { class: "hm-row" }, hm.el("label", { for: "hm-to" }, hm.text("territory")),
        hm.select(options([...countries, ...inside]), state.territory, (value) => hm.setFilter(state.origin, value), { id: "hm-to" })),
      hm.filterText() && hm.el("p", { class: "hm-row" }, hm.el("strong", {}, hm.filterText()),
        hm.button(hm.text("clear"), () => hm.setFilter("", ""), { id: "hm-clear" })));
  };

  const assetSection = () => {
    const entries = hm.featureLayers.filter((entry) => entry.role === "assets");
    if (!entries.length) return null;
    const toggles = entries.flatMap((entry) => [toggle(entry.layer.id, hm.entryTitle(entry)), sizeNote(entry)]);
    return group(hm.text("exposure"), ...toggles, hm.assetLegend());
  };

  /* What was done to a large layer, and where the whole of it is. */
  const sizeNote = ({ layer }) => {
    if (layer.thinned) return hm.el("p", { class: "hm-fine" }, hm.text("thinned"));
    if (!layer.beside) return null;
    const { file, count, listed } = layer.beside;
    return hm.el("p", { class: "hm-fine" }, `${hm.text("reduced", { count: hm.number(count), listed: hm.number(listed) })} `,
      hm.el("a", { href: file, download: file }, file));
  };

  /* Status by shape and colour, for the kinds of assets that are shown. */
  hm.assetLegend = () => {
    const shown = hm.featureLayers.filter((entry) => entry.role === "assets" && hm.isOn(entry));
    const kinds = new Set(shown.map((entry) => hm.data.get(entry.layer.id).kind));
    return kinds.size ? statusLegend([...kinds], shown.map((entry) => entry.hazard)) : "";
  };

  const statusLegend = (kinds, hazards) =>
    hm.el("ul", { class: "hm-legend" }, ...hm.statusStyles(hm.page.status_colours).map((style) =>
      hm.el("li", { class: kinds.length > 1 ? "hm-whole" : null }, ...kinds.map((kind) => hm.symbol(style, kind)), hm.statusText(style.key, hazards))));

  const inViewSection = () => {
    if (!hm.featureLayers.some((entry) => entry.role === "assets")) return null;
    return hm.el("details", { id: "hm-in-view", on: { toggle: () => hm.refreshList() } }, hm.el("summary", {}, hm.text("in view")), hm.el("div", { id: "hm-in-view-list" }));
  };

  hm.refreshList = () => {
    const section = hm.byId("hm-in-view");
    if (section?.open) hm.byId("hm-in-view-list").replaceChildren(hm.listInView());
  };

  const contextSection = () => {
    const layers = hm.featureLayers.filter((entry) => entry.role === "context").flatMap((entry) => [toggle(entry.layer.id, hm.layerTitle(entry.layer)), sizeNote(entry)]);
    if (!layers.length && !hm.base.places && !hm.base.countries) return null;
    return group(hm.text("context"), ...layers, (hm.base.places || hm.base.countries) && toggle("labels", hm.text("names")));
  };

  const notesSection = () => {
    const { megabytes } = hm.page;
    const english = [...hm.page.notes, ...hm.page.hazards.flatMap((hazard) => hazard.notes)];
    const notes = [...(megabytes ? [hm.el("li", {}, hm.text("large page", { megabytes }))] : []), ...english.map((note) => hm.el("li", { lang: "en" }, note))];
    if (!notes.length) return null;
    return hm.el("details", { id: "hm-notes" }, hm.el("summary", {}, `${hm.text("notes")} (${notes.length})`),
      english.length > 0 && hm.state.language !== "en" && hm.el("p", { class: "hm-fine" }, hm.text("notes english")),
      hm.el("ul", { class: "hm-notes" }, ...notes));
  };

  const toolsSection = () =>
    group(hm.text("tools"), hm.el("div", { class: "hm-tools" },
      hm.featureLayers.length > 0 && hm.button(hm.text("table"), hm.openTable, { id: "hm-tool-table" }),
      hm.button(hm.text("picture"), hm.savePng, { id: "hm-tool-png" }),
      hm.button(hm.text("print"), hm.print, { id: "hm-tool-print" }),
      hm.button(hm.text("link"), hm.copyLink, { id: "hm-tool-link" }),
      hm.button(hm.text("about"), hm.openAbout, { id: "hm-tool-about" })));

  // ---------------------------------------------------------------------------------------------------------- about

  hm.openAbout = () => {
    const { page } = hm;
    const rows = page.sources.map((source) => [
      source.title ? hm.pick(typeof source.title === "string" ? { en: source.title } : source.title) : source.name ?? "–",
      source.attribution ?? "–", source.licence ?? "–", source.date ?? "–", source.status ? hm.text(`status.${source.status}`) : "–"]);
    const heads = ["name", "source", "licence", "date", "status"].map((key) => hm.text(`column.${key}`));
    hm.openDialog(hm.text("about"),
      hm.page.note && hm.el("p", {}, hm.pick(hm.page.note)),
      hm.el("p", {}, hm.text("screening")),
      hm.warning() && hm.el("p", {}, hm.warning()),
      hm.el("h3", {}, hm.text("sources")),
      hm.scroller(hm.text("sources"), hm.table(heads, rows)),
      ...hm.contactTable(),
      hm.el("p", {}, `Leaflet ${L.version}, BSD-2-Clause, © 2010–2022 Vladimir Agafonkin, © 2010–2011 CloudMade. hazardmap, Apache-2.0.`),
      hm.el("h3", {}, hm.text("checksum")),
      hm.el("p", { class: "hm-code", id: "hm-checksum" }, page.sha256),
      hm.el("p", { id: "hm-checked", role: "status" }),
      page.record && hm.el("details", {}, hm.el("summary", {}, hm.text("record")), hm.el("pre", { class: "hm-code", tabindex: "0" }, JSON.stringify(page.record, null, 2))));
    checkPayload();
  };

  /* Whether the data are still those that were written: a copy may have been damaged on its way. */
  const checkPayload = async () => {
    if (!crypto.subtle) return;
    const ids = [...document.querySelectorAll('script[type="application/octet-stream"]')].map((script) => script.id);
    const parts = ids.filter((id) => !id.startsWith("hm-script-")).map(hm.packed);
    const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    hm.byId("hm-checked").textContent = hm.text(hex === hm.page.sha256 ? "checksum holds" : "checksum fails");
  };
})();
