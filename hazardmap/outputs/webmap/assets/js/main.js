/* Starts the page on the map that folium made. */
(() => {
  const hm = window.hazardmap;

  hm.start = async (map) => {
    hm.page = JSON.parse(hm.byId("hm-page").textContent);
    hm.map = map;
    // else Leaflet takes the least of the layers' own limits
    map.setMinZoom(4).setMaxZoom(16);
    // on a phone rather a little too close than lost in the middle
    const narrow = map.getSize().x < 600;
    map.fitBounds(L.latLngBounds(corners(hm.page.bounds)).pad(narrow ? -0.1 : 0), { animate: false });
    await hm.loadData();
    if (hm.base.window) map.setMaxBounds(L.latLngBounds(corners(hm.base.window)).extend(corners(hm.page.bounds)).pad(0.2));
    hm.state = hm.newState(hm.page);
    hm.readHash(map);
    document.documentElement.dataset.theme = hm.state.theme;
    hm.makeLayers(map);
    addControls(map);
    hm.buildPanel();
    hm.applyState();
    hm.drawNames();
    watch(map);
    hm.byId("hm-wait").remove();
    requestAnimationFrame(() => requestAnimationFrame(() => { hm.ready = performance.now(); }));
  };

  const corners = ([west, south, east, north]) => [[south, west], [north, east]];

  hm.drawNames = () => {
    const pane = hm.map.getPane("hm-labels");
    if (hm.state.on.has("labels")) hm.drawLabels(hm.map, pane, hm.base);
    else pane.replaceChildren();
  };

  const addControls = (map) => {
    map.attributionControl?.setPrefix(false);
    L.control.scale({ imperial: false }).addTo(map);
    const sources = L.control({ position: "bottomright" });
    sources.onAdd = () => hm.el("div", { class: "hm-sources", id: "hm-sources" });
    sources.addTo(map);
  };

  /* Who made the data, always on the map; the button opens the whole list. */
  hm.showAttribution = () => {
    const box = hm.byId("hm-sources");
    const open = hm.button(hm.text("sources"), hm.openAbout);
    L.DomEvent.disableClickPropagation(box);
    box.replaceChildren(hm.el("span", {}, `Leaflet · ${hm.attributionText()} `), open);
  };

  const watch = (map) => {
    hm.watchPopups(map);
    map.on("move zoomend resize", hm.clipCompare);
    map.on("zoomend", () => {
      hm.noteScale();
      hm.drawNames();
    });
    map.on("moveend", () => {
      hm.drawNames();
      hm.refreshList();
      hm.writeHash();
    });
    addEventListener("hashchange", () => {
      hm.readHash(map);
      redrawAll();
    });
    addEventListener("beforeprint", hm.preparePaper);
    watchTitleBar(map);
    watchDivider(map);
  };

  const redrawAll = () => {
    hm.buildPanel();
    hm.baseLayer.redraw();
    hm.applyState();
    hm.drawNames();
  };

  const watchTitleBar = (map) => {
    hm.byId("hm-language").addEventListener("change", (event) => {
      hm.state.language = event.target.value;
      map.closePopup(); // it speaks the language before
      redrawAll();
    });
    hm.byId("hm-theme").addEventListener("change", (event) => {
      hm.state.theme = event.target.value;
      redrawAll();
    });
    const menu = hm.byId("hm-menu");
    const panel = hm.byId("hm-panel");
    menu.addEventListener("click", () => {
      const open = panel.classList.toggle("hm-open");
      menu.setAttribute("aria-expanded", String(open));
      if (open) panel.querySelector("input, button, select")?.focus();
    });
    /* On a phone the panel is a sheet over the map; returns the button that brings it back, if it was open. */
    hm.closeSheet = () => {
      if (!panel.classList.contains("hm-open")) return null;
      menu.click();
      return menu;
    };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hm.closeSheet();
    });
  };

  /* The divider can be dragged; the slider in the panel does the same from the keyboard. */
  const watchDivider = (map) => {
    const divider = hm.byId("hm-divider");
    L.DomEvent.disableClickPropagation(divider);
    divider.addEventListener("pointerdown", (event) => {
      divider.setPointerCapture(event.pointerId);
      map.dragging.disable();
    });
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const frame = map.getContainer().getBoundingClientRect();
      hm.state.divider = Math.max(0, Math.min(100, ((event.clientX - frame.left) / frame.width) * 100));
      hm.clipCompare();
      const slider = hm.byId("hm-divider-at");
      if (slider) slider.value = hm.state.divider;
    });
    divider.addEventListener("pointerup", () => {
      map.dragging.enable();
      hm.writeHash();
    });
  };
})();
