/* Who sends what to whom: the matrix origin x territory, whose cells filter the map. */
(() => {
  const hm = window.hazardmap;
  const WORDS = ["sea", "outside", "unknown", "none"];

  /* Choice of measure per hazard, kept while the panel is rebuilt. */
  const chosenMeasure = {};

  hm.flowTable = (hazard, h) => {
    // where nothing has an origin, nobody sends anything
    const rows = hm.flows[h].filter((row) => row[3] !== "none");
    if (!rows.length) return null;
    const key = hm.measureKey(hazard, h);
    const sent = rows.some((row) => keyOf(row) === key);
    return hm.el(
      "details", { class: "hm-flows", open: true, id: `hm-flows-${h}` },
      hm.el("summary", {}, hm.text("flows")),
      sent && matrix(rows, key, h),
      hm.el("p", { class: "hm-fine" }, sent ? `${hm.word("meaning", hazard.meaning)}. ${hm.text("flows hint")}` : hm.text("no origin")),
    );
  };

  /* The choice of measure, for the matrix and the chart. */
  hm.measureRow = (hazard, h) => {
    if (!hm.flows[h].length) return null;
    const choose = hm.select(measuresOf(hm.flows[h], hazard), hm.measureKey(hazard, h), (value) => {
      chosenMeasure[h] = value;
      hm.buildPanel();
    }, { id: `hm-measure-${h}` });
    return hm.el("div", { class: "hm-row hm-wide" }, hm.el("label", { for: `hm-measure-${h}` }, hm.text("measure")), choose);
  };

  const keyOf = (row) => `${row[1]}|${row[2]}`;

  /* The measure that is chosen, as "measure|unit". */
  hm.measureKey = (hazard, h) => {
    const measures = measuresOf(hm.flows[h], hazard);
    return measures.some(([key]) => key === chosenMeasure[h]) ? chosenMeasure[h] : measures[0][0];
  };

  hm.measureTitle = (hazard, h) => new Map(measuresOf(hm.flows[h], hazard)).get(hm.measureKey(hazard, h));

  /* People counted cell by cell first, then the area of the territories, then what is counted, then the rest by name.
     The inhabitants of a place that is a point are not people who are hit, so they do not come first. */
  const measuresOf = (rows, hazard) => {
    const keys = [...new Set(rows.map(keyOf))];
    const places = new Set(hazard.assets.filter((layer) => hm.data.get(layer.id).kind === "point").map((layer) => layer.name));
    const order = [/\|people$/, /^territories\|km2$/, /\|count$/, /./];
    const rank = (key) => order.findIndex((pattern, k) => pattern.test(key) && !(k === 0 && places.has(key.split("|")[0])));
    const titles = new Map(hazard.assets.map((layer) => [layer.name, hm.layerTitle(layer)]));
    return keys
      .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
      .map((key) => {
        const [measure, unit] = key.split("|");
        return [key, `${titles.get(measure) ?? hm.word("layer", measure)} (${hm.units(unit)})`];
      });
  };

  const byName = (codes) =>
    [...codes].sort((a, b) => WORDS.indexOf(a) - WORDS.indexOf(b) || hm.country(a).localeCompare(hm.country(b), hm.locale()));

  const matrix = (rows, key, h) => {
    const shown = rows.filter((row) => row[0] === hm.state.scenarios[h] && keyOf(row) === key);
    // every scenario has the same rows and columns, so that the table does not jump under the slider
    const origins = byName(new Set(rows.filter((row) => keyOf(row) === key).map((row) => row[3])));
    const territories = byName(new Set(rows.filter((row) => keyOf(row) === key).map((row) => row[4])));
    const value = (origin, territory) => shown.find((row) => row[3] === origin && row[4] === territory)?.[5] ?? 0;
    const head = hm.el("tr", {}, hm.el("th", { scope: "col" }, `${hm.text("from")} ↓`, hm.el("br"), `${hm.text("to")} →`),
      ...territories.map((territory) => hm.el("th", { scope: "col" }, choice("", territory, short(territory), hm.country(territory)))));
    const body = origins.map((origin) => hm.el("tr", {},
      hm.el("th", { scope: "row" }, choice(origin, "", hm.country(origin))),
      ...territories.map((territory) => cell(origin, territory, value(origin, territory), key.split("|")[1]))));
    const caption = hm.el("caption", { class: "hm-unseen" }, hm.labelled(hm.text("flows"), hm.scenarioName(hm.page.hazards[h].scenarios[hm.state.scenarios[h]])));
    return hm.scroller(hm.text("flows"), hm.el("table", { class: "hm-matrix" }, caption, hm.el("thead", {}, head), hm.el("tbody", {}, ...body)));
  };

  const short = (code) => (/^[A-Z]{2}$/.test(code) ? code : hm.country(code));

  const cell = (origin, territory, value, unit) => {
    const crossing = origin !== territory && /^[A-Z]{2}$/.test(origin);
    if (!value) return hm.el("td", {}, "·");
    return hm.el("td", { class: crossing ? "hm-crossing" : null }, choice(origin, territory, hm.rounded(value, unit)));
  };

  const choice = (origin, territory, label, title = null) => {
    const { state } = hm;
    const pressed = state.origin === origin && state.territory === territory;
    const spoken = [origin && `${hm.text("from")} ${hm.country(origin)}`, territory && `${hm.text("to")} ${hm.country(territory)}`].filter(Boolean).join(", ");
    return hm.button(label, () => hm.setFilter(pressed ? "" : origin, pressed ? "" : territory),
      { "aria-pressed": String(pressed), "aria-label": `${label}: ${spoken}`, title, "data-flow": `${origin}>${territory}` });
  };

  hm.setFilter = (origin, territory) => {
    hm.state.origin = origin;
    hm.state.territory = territory;
    hm.applyState();
    hm.buildPanel();
    hm.say(hm.filterText() || hm.text("filter off"));
  };

  hm.filterText = () => {
    const { origin, territory } = hm.state;
    if (!origin && !territory) return "";
    return [origin, territory].map((code) => (code ? hm.territory(code) : hm.text("all"))).join(" → ");
  };
})();
