/* A small line chart of a measure per country over scenarios or months, with the same figures as a table. */
(() => {
  const hm = window.hazardmap;
  const [WIDTH, HEIGHT] = [330, 150];
  const EDGE = { left: 44, right: 8, top: 8, bottom: 20 };
  const MOST_LINES = 6;
  // Lines differ by dash as well as by colour.
  const DASHES = [null, "6 3", "2 2", "9 3 2 3", "12 3", "1 3"];

  /* What is felt in each country, by scenario; that of one origin or country where the map is filtered by it. */
  hm.flowChart = (hazard, h) => {
    const rows = hm.flows[h];
    if (!rows.length || hazard.scenarios.length < 2) return null;
    const key = hm.measureKey(hazard, h);
    const unit = key.split("|")[1];
    const lines = linesOf(rows, key, hazard.scenarios.length);
    const title = hm.text("chart", { measure: hm.measureTitle(hazard, h) });
    return hm.el("details", { class: "hm-chart", open: true, id: `hm-chart-${h}` }, hm.el("summary", {}, title),
      drawn(lines, hazard, hm.state.scenarios[h], title), legend(lines), figures(lines, hazard, unit, title));
  };

  const linesOf = (rows, key, count) => {
    const { origin, territory } = hm.state;
    const found = new Map();
    for (const [scenario, measure, unit, from, to, value] of rows) {
      if (`${measure}|${unit}` !== key || (origin && from !== origin) || (isCountry(territory) && to !== territory)) continue;
      if (!found.has(to)) found.set(to, new Array(count).fill(0));
      found.get(to)[scenario] += value;
    }
    return [...found]
      .map(([code, values]) => ({ code, values, most: Math.max(...values) }))
      .sort((a, b) => b.most - a.most || a.code.localeCompare(b.code))
      .slice(0, MOST_LINES);
  };

  const isCountry = (code) => /^[A-Z]{2}$/.test(code);

  const drawn = (lines, hazard, current, title) => {
    const last = hazard.scenarios.length - 1;
    const top = niceAbove(Math.max(...lines.map((line) => line.most), 0));
    const x = (s) => EDGE.left + ((WIDTH - EDGE.left - EDGE.right) * s) / last;
    const y = (value) => HEIGHT - EDGE.bottom - ((HEIGHT - EDGE.top - EDGE.bottom) * value) / top;
    const picture = hm.svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
    for (const value of [0, top / 2, top]) {
      picture.append(hm.svg("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(value), y2: y(value), class: "hm-grid" }),
        hm.svg("text", { x: EDGE.left - 4, y: y(value) + 3, "text-anchor": "end" }, compact(value)));
    }
    for (const s of ticks(last)) {
      const anchor = s === 0 ? "start" : s === last ? "end" : "middle";
      picture.append(hm.svg("text", { x: x(s), y: HEIGHT - 5, "text-anchor": anchor }, tickText(hazard.scenarios[s], last)));
    }
    picture.append(hm.svg("line", { x1: x(current), x2: x(current), y1: EDGE.top, y2: HEIGHT - EDGE.bottom, class: "hm-now" }));
    lines.forEach((line, k) => {
      const points = line.values.map((value, s) => `${x(s).toFixed(1)} ${y(value).toFixed(1)}`);
      picture.append(hm.svg("path", { d: `M${points.join("L")}`, class: `hm-line hm-line-${k}`, "stroke-dasharray": DASHES[k] }));
      picture.append(hm.svg("circle", { cx: x(current), cy: y(line.values[current]), r: 3, class: `hm-dot hm-line-${k}` }));
    });
    return picture;
  };

  /* The least of 1, 2, 5 times a power of ten that is not below. */
  const niceAbove = (value) => {
    if (!(value > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((k) => k * power).find((k) => k >= value * (1 - 1e-9));
  };

  const compact = (value) => new Intl.NumberFormat(hm.locale(), { notation: "compact", maximumSignificantDigits: 2 }).format(value);

  /* The ends of a long axis, and each step of a short one. */
  const ticks = (last) => (last > 3 ? [0, Math.round(last / 2), last] : Array.from({ length: last + 1 }, (_, s) => s));

  const tickText = (scenario, last) => {
    if (scenario.month) return hm.month(scenario.month, "short");
    const most = Math.floor(48 / (Math.min(last, 3) + 1));
    const text = scenario.return_period ? hm.number(scenario.return_period) : scenario.label;
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  };

  const legend = (lines) =>
    hm.el("ul", { class: "hm-legend" }, ...lines.map((line, k) => {
      const sample = hm.svg("svg", { width: 26, height: 10, "aria-hidden": "true" }, hm.svg("path", { d: "M0 5H26", class: `hm-line hm-line-${k}`, "stroke-dasharray": DASHES[k] }));
      return hm.el("li", {}, sample, hm.country(line.code));
    }));

  const figures = (lines, hazard, unit, title) => {
    const heads = [hm.text(hm.isSeries(hazard) ? "month" : "scenario"), ...lines.map((line) => hm.country(line.code))];
    const rows = hazard.scenarios.map((scenario, s) => [hm.scenarioLabel(scenario), ...lines.map((line) => (line.values[s] ? hm.rounded(line.values[s], unit) : "0"))]);
    return hm.el("details", {}, hm.el("summary", {}, hm.text("figures")), hm.scroller(title, hm.table(heads, rows)));
  };
})();
