/* Scenarios and months: the slider, playing through them, and tables of values by scenario. */
(() => {
  const hm = window.hazardmap;
  const STEP_MS = 900;
  // More scenarios than this are folded away in popups.
  const MANY = 12;

  /* Number of the hazard that is being played, and its timer. */
  const playing = { hazard: -1, timer: 0 };

  hm.isSeries = (hazard) => hazard.scenarios.length > 1 && hazard.scenarios.every((scenario) => scenario.month);

  hm.scenarioSlider = (hazard, h) => {
    const id = `hm-scenario-${h}`;
    const output = hm.el("output", { for: id, class: "hm-value", id: `hm-scenario-name-${h}` }, name(hazard, h));
    if (hazard.scenarios.length < 2) return hm.el("p", {}, output);
    const slider = hm.el("input", { type: "range", id, min: 0, max: hazard.scenarios.length - 1, step: 1, "aria-valuetext": name(hazard, h), on: {
      input: () => hm.showScenario(h, Number(slider.value)),
    } });
    slider.value = hm.state.scenarios[h];
    const label = hm.el("label", { for: id }, hm.text(hm.isSeries(hazard) ? "month" : "scenario"));
    return hm.el("div", {}, label, output, hm.el("div", { class: "hm-row" }, slider, hazard.scenarios.length > 3 && playButton(h)));
  };

  const name = (hazard, h) => hm.scenarioName(hazard.scenarios[hm.state.scenarios[h]]);

  const playButton = (h) => {
    const on = playing.hazard === h;
    return hm.button(on ? "❚❚" : "▶", () => (playing.hazard === h ? hm.stopPlaying() : hm.play(h)), {
      id: `hm-play-${h}`, class: "hm-play", "aria-pressed": String(on), "aria-label": hm.text(on ? "pause" : "play"), title: hm.text(on ? "pause" : "play"),
    });
  };

  /* Shows a scenario; the slider itself stays in place while it is dragged. */
  hm.showScenario = (h, number) => {
    const hazard = hm.page.hazards[h];
    hm.state.scenarios[h] = number;
    const slider = hm.byId(`hm-scenario-${h}`);
    if (slider) {
      slider.value = number;
      slider.setAttribute("aria-valuetext", name(hazard, h));
      hm.byId(`hm-scenario-name-${h}`).textContent = name(hazard, h);
      replaceKept(`hm-flows-${h}`, () => hm.flowTable(hazard, h));
      replaceKept(`hm-chart-${h}`, () => hm.flowChart(hazard, h));
    }
    hm.applyState();
    hm.refreshList();
  };

  /* Replaces an element that opens and closes, and leaves it as open as it was. */
  const replaceKept = (id, make) => {
    const old = hm.byId(id);
    if (!old) return;
    const made = make();
    made.open = old.open;
    const inner = [...old.querySelectorAll("details")].map((element) => element.open);
    made.querySelectorAll("details").forEach((element, k) => { element.open = inner[k]; });
    old.replaceWith(made);
  };

  // ------------------------------------------------------------------------------------------------------- playing

  /* From the start again where the last one is shown. */
  hm.play = (h) => {
    hm.stopPlaying();
    const last = hm.page.hazards[h].scenarios.length - 1;
    if (hm.state.scenarios[h] === last) hm.showScenario(h, 0);
    playing.hazard = h;
    playing.timer = setInterval(() => {
      if (hm.state.scenarios[h] < last) hm.showScenario(h, hm.state.scenarios[h] + 1);
      if (hm.state.scenarios[h] === last) hm.stopPlaying();
    }, STEP_MS);
    refreshButton(h);
  };

  hm.stopPlaying = () => {
    const h = playing.hazard;
    clearInterval(playing.timer);
    playing.hazard = -1;
    if (h >= 0) refreshButton(h);
  };

  const refreshButton = (h) => {
    const old = hm.byId(`hm-play-${h}`);
    if (!old) return;
    const focused = document.activeElement === old;
    const made = playButton(h);
    old.replaceWith(made);
    if (focused) made.focus();
  };

  // -------------------------------------------------------------------------------------------------------- tables

  /* One row per scenario; columns are [title, function of the number of a scenario]. Of a long series the row that is
     shown, and the others on request. */
  hm.byScenario = (hazard, h, columns) => {
    const head = hm.el("tr", {}, hm.el("th", { scope: "col" }, hm.hazardTitle(hazard)), ...columns.map(([title]) => hm.el("th", { scope: "col" }, title)));
    const label = columns.length > 1 ? hm.scenarioTitle : hm.scenarioLabel;
    const row = (scenario, s) => {
      const current = s === hm.state.scenarios[h];
      return hm.el("tr", { class: current ? "hm-current" : null, "aria-current": current ? "true" : null },
        hm.el("th", { scope: "row" }, label(scenario)), ...columns.map(([, read]) => hm.el("td", {}, read(s))));
    };
    const table = (rows) => hm.el("table", { class: "hm-scenarios" }, hm.el("thead", {}, head.cloneNode(true)), hm.el("tbody", {}, ...rows));
    const rows = hazard.scenarios.map(row);
    if (rows.length <= MANY) return table(rows);
    return hm.el("div", {}, table([rows[hm.state.scenarios[h]].cloneNode(true)]),
      hm.el("details", {}, hm.el("summary", {}, `${hm.text("all")} (${rows.length})`), table(rows)));
  };
})();
