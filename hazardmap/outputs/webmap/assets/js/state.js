/* What the reader has chosen, its mirror in the address, and words, numbers and dates in the reader's language. */
(() => {
  const hm = window.hazardmap;
  const THEMES = ["light", "dark", "contrast"];
  hm.THEMES = THEMES;

  hm.newState = (page) => ({
    language: page.language,
    theme: preferredTheme(),
    on: new Set(defaultLayers(page)),
    scenarios: page.hazards.map((hazard) => hazard.first),
    opacity: 0.85,
    compare: "", // "hazard:scenario", shown right of the divider
    divider: 50,
    origin: "",
    territory: "",
  });

  const preferredTheme = () => {
    if (matchMedia("(prefers-contrast: more)").matches) return "contrast";
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  };

  const defaultLayers = (page) => {
    const on = ["labels", ...page.context.map((layer) => layer.id)];
    page.hazards.forEach((hazard, h) => {
      if (h) return;
      const own = [hazard.zones, hazard.seams, hazard.sites, ...hazard.assets].filter((layer) => layer?.shown);
      on.push(`hazard-${h}`, ...own.map((layer) => layer.id));
    });
    return on;
  };

  /* Ids of everything that can be switched on. */
  hm.layerIds = (page) => [
    "labels",
    ...page.context.map((layer) => layer.id),
    ...page.hazards.flatMap((hazard, h) => [
      `hazard-${h}`, ...[hazard.zones, hazard.seams, hazard.sites, ...hazard.assets].filter(Boolean).map((layer) => layer.id),
    ]),
  ];

  // ------------------------------------------------------------------------------------------------- the address

  hm.readHash = (map) => {
    const { state, page } = hm;
    const query = new URLSearchParams(location.hash.slice(1));
    const chosen = (key, known, take) => {
      if (query.has(key) && known(query.get(key))) take(query.get(key));
    };
    const within = (low, high) => (text) => text !== "" && Number(text) >= low && Number(text) <= high;
    const places = new Set(["", ...hm.allOrigins(), ...hm.allCountries(), ...Object.keys(page.territories?.names || {})]);
    chosen("lang", (text) => page.languages.includes(text), (text) => { state.language = text; });
    chosen("theme", (text) => THEMES.includes(text), (text) => { state.theme = text; });
    chosen("op", within(0, 1), (text) => { state.opacity = Number(text); });
    chosen("sw", within(0, 100), (text) => { state.divider = Number(text); });
    chosen("from", (text) => places.has(text), (text) => { state.origin = text; });
    chosen("to", (text) => places.has(text), (text) => { state.territory = text; });
    chosen("cmp", hm.isScenario, (text) => { state.compare = text; });
    if (query.has("l")) {
      const known = new Set(hm.layerIds(page));
      state.on = new Set(query.get("l").split(",").filter((id) => known.has(id)));
    }
    (query.get("s") || "").split(",").forEach((text, h) => {
      if (h < page.hazards.length && hm.isScenario(`${h}:${text}`)) state.scenarios[h] = Number(text);
    });
    const [latitude, longitude] = (query.get("c") || "").split(",").map(Number);
    const zoom = Number(query.get("z"));
    if (Number.isFinite(latitude) && Number.isFinite(longitude) && zoom > 0 && zoom <= 20) {
      map.setView([latitude, longitude], zoom, { animate: false });
    }
  };

  /* Whether a text such as "0:2" names a hazard and one of its scenarios. */
  hm.isScenario = (text) => {
    const match = /^(\d+):(\d+)$/.exec(text);
    const hazard = match && hm.page.hazards[Number(match[1])];
    return Boolean(hazard && Number(match[2]) < hazard.scenarios.length);
  };

  hm.hashOf = (map) => {
    const { state } = hm;
    const centre = map.getCenter();
    const parts = {
      z: map.getZoom(),
      c: `${centre.lat.toFixed(4)},${centre.lng.toFixed(4)}`,
      l: [...state.on].join(","),
      s: state.scenarios.join(","),
      op: state.opacity,
      lang: state.language,
      theme: state.theme,
    };
    if (state.origin) parts.from = state.origin;
    if (state.territory) parts.to = state.territory;
    if (state.compare) Object.assign(parts, { cmp: state.compare, sw: Math.round(state.divider) });
    return `#${Object.entries(parts).map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":")}`).join("&")}`;
  };

  hm.writeHash = hm.debounced(() => {
    try {
      history.replaceState(null, "", hm.hashOf(hm.map));
    } catch {
      // a frame without an address of its own (a notebook) keeps no link
    }
  }, 250);

  // -------------------------------------------------------------------------------------- words, numbers and dates

  /* A text of the page in the reader's language; {name} is replaced from `values`. */
  hm.text = (key, values = {}) => {
    const found = hm.texts[hm.state.language]?.[key] ?? hm.texts.en[key] ?? key;
    return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };

  /* "Flood depth: HQ100", with the space before the colon that French has. */
  hm.labelled = (label, text) => `${label}${hm.text("colon")} ${text}`;

  hm.hasText = (key) => key in hm.texts.en;

  /* One of the texts that came with the data, by language. */
  hm.pick = (texts) => texts[hm.state.language] ?? texts.en ?? "";

  /* Name of a layer, a measure or a column: the page's own word where it has one. */
  hm.word = (prefix, name, texts) => {
    const given = (texts && hm.pick(texts)) || name;
    return given === name && hm.hasText(`${prefix}.${name}`) ? hm.text(`${prefix}.${name}`) : given;
  };

  hm.locale = () => (hm.state.language === "en" ? "en-GB" : hm.state.language);

  hm.number = (value, digits) =>
    signed(new Intl.NumberFormat(hm.locale(), { minimumFractionDigits: digits ?? 0, maximumFractionDigits: digits ?? 3 }).format(value));

  /* A minus, not a hyphen. */
  const signed = (text) => text.replace("-", "\u2212");

  /* To the two figures that a screening supports: 12,000 people, 3.4 km2. */
  hm.rounded = (value, unit) => {
    const least = unit.startsWith("people") || unit === "count" ? 1 : 0.1;
    return value < least ? `<${hm.number(least)}` : twoFigures(value);
  };

  const twoFigures = (value) =>
    new Intl.NumberFormat(hm.locale(), { maximumSignificantDigits: 2 }).format(value);

  hm.percent = (value) => new Intl.NumberFormat(hm.locale(), { style: "percent", maximumFractionDigits: 0 }).format(value);

  hm.date = (iso) => {
    const moment = new Date(iso);
    if (Number.isNaN(moment.getTime())) return iso;
    const text = new Intl.DateTimeFormat(hm.locale(), { dateStyle: "long", timeZone: "UTC" }).format(moment);
    return hm.state.language === "fr" ? text.replace(/^1 /, "1er ") : text; // only the first of a month is an ordinal
  };

  /* "2018-07" as "July 2018". */
  hm.month = (month, width = "long") =>
    new Intl.DateTimeFormat(hm.locale(), { month: width, year: "numeric", timeZone: "UTC" }).format(new Date(`${month}-01`));

  /* An index has no unit, which tables of units write as 1. */
  hm.units = (units) => (units === "1" ? "" : hm.hasText(`unit.${units}`) ? hm.text(`unit.${units}`) : units);

  hm.quantity = (value, units, digits) => {
    const number = hm.number(value, digits);
    return hm.units(units) ? `${number}\u00a0${hm.units(units)}` : number;
  };

  /* A country by its code, or one of the words for an origin that is none. */
  hm.country = (code) => {
    if (hm.hasText(`origin.${code}`)) return hm.text(`origin.${code}`);
    if (!/^[A-Z]{2}$/.test(code)) return code;
    return new Intl.DisplayNames([hm.locale()], { type: "region", fallback: "code" }).of(code);
  };

  hm.territory = (id) => {
    const names = hm.page.territories?.names[id];
    if (!names) return hm.country(id);
    return names[hm.state.language] ?? names.name ?? names.en ?? hm.country(names.country);
  };

  /* "medium probability · HQ100 (once in 100 years)": the class, and the label that the source uses. */
  hm.scenarioName = (scenario) => {
    const likelihood = scenario.likelihood && hm.word("likelihood", scenario.likelihood);
    return [likelihood, hm.scenarioLabel(scenario)].filter(Boolean).join(" · ");
  };

  hm.scenarioLabel = (scenario) => {
    if (scenario.month) return hm.month(scenario.month);
    const years = scenario.return_period;
    // a label such as "1 in 100 years" says it already
    if (!years || /\d\D+\d/.test(scenario.label)) return scenario.label;
    return `${scenario.label} (${hm.text("once in", { years: hm.number(years) })})`;
  };

  /* The label of the source alone, or the month. */
  hm.scenarioTitle = (scenario) => (scenario.month ? hm.month(scenario.month) : scenario.label);

  hm.allOrigins = () => [...new Set(hm.flows.flatMap((rows) => rows.map((row) => row[3])))].sort();
  hm.allCountries = () => [
    ...new Set([
      ...Object.values(hm.page.territories?.names || {}).map((names) => names.country),
      ...hm.flows.flatMap((rows) => rows.map((row) => row[4])),
    ]),
  ].sort();
})();
