/* One box that finds places, assets and coordinates. */
(() => {
  const hm = window.hazardmap;
  const MOST = 8;
  // A layer of a million assets is not searched letter by letter.
  const SEARCHED = 50000;

  hm.searchBox = () => {
    const list = hm.el("ul", { id: "hm-found", role: "listbox", "aria-label": hm.text("results"), hidden: true });
    const box = hm.el("input", {
      id: "hm-search", type: "text", role: "combobox", autocomplete: "off", placeholder: hm.text("search hint"),
      "aria-expanded": "false", "aria-controls": "hm-found", "aria-autocomplete": "list",
    });
    const search = { box, list, hits: [], chosen: -1 };
    box.addEventListener("input", () => refresh(search));
    box.addEventListener("keydown", (event) => onKey(search, event));
    box.addEventListener("blur", () => close(search));
    return hm.el("div", { class: "hm-combo" }, hm.el("label", { for: "hm-search" }, hm.text("search")), box, list);
  };

  const refresh = (search) => {
    const typed = search.box.value.trim();
    search.hits = find(typed);
    search.chosen = -1;
    search.list.replaceChildren(...search.hits.map((hit, k) =>
      hm.el("li", { id: `hm-found-${k}`, role: "option", "aria-selected": "false", on: {
        mousedown: (event) => {
          event.preventDefault();
          go(search, hit);
        },
      } }, hit.label)));
    const none = typed.length > 1 && !search.hits.length;
    if (none) search.list.append(hm.el("li", { class: "hm-none", role: "option", "aria-disabled": "true" }, hm.text("no results")));
    search.list.hidden = !none && !search.hits.length;
    search.box.setAttribute("aria-expanded", String(!search.list.hidden));
    search.box.removeAttribute("aria-activedescendant");
    hm.say(`${search.hits.length} ${hm.text("results")}`);
  };

  const POINTS = /^(-?\d+(?:\.\d+)?)[ ,;]+(-?\d+(?:\.\d+)?)$/;
  const COMMAS = /^(-?\d+,\d+)[ ;]+(-?\d+,\d+)$/;

  const find = (typed) => {
    const numbers = (POINTS.exec(typed) || COMMAS.exec(typed))?.slice(1).map((text) => Number(text.replace(",", ".")));
    if (numbers && Math.abs(numbers[0]) <= 90 && Math.abs(numbers[1]) <= 180) return [{ label: typed, latlng: numbers }];
    const wanted = hm.fold(typed);
    if (wanted.length < 2) return [];
    const assets = findAssets(wanted);
    // a place of the base map that is an asset too stands there once, with its values
    const places = findPlaces(wanted).filter((place) => !assets.some((asset) => asset.name === place.label && near(asset, place)));
    return [...assets, ...places].slice(0, MOST);
  };

  const near = (a, b) => Math.abs(a.latlng[0] - b.latlng[0]) < 0.05 && Math.abs(a.latlng[1] - b.latlng[1]) < 0.05;

  const findAssets = (wanted) => {
    const hits = [];
    for (const entry of hm.featureLayers) {
      const features = hm.data.get(entry.layer.id);
      if (!["assets", "context", "sites"].includes(entry.role) || features.count > SEARCHED) continue;
      for (let f = 0; f < features.count && hits.length < MOST / 2; f++) {
        const name = hm.featureName(entry, f);
        if (!hm.fold(name).includes(wanted)) continue;
        hits.push({ name, label: `${name} · ${hm.layerTitle(entry.layer)}`, latlng: hm.middle(features, f), entry, f });
      }
    }
    return hits;
  };

  const findPlaces = (wanted) => {
    const { places } = hm.base;
    const hits = [];
    for (let f = 0; places && f < places.count && hits.length < MOST; f++) {
      const name = hm.placeName(places, f);
      if (hm.fold(name).startsWith(wanted)) hits.push({ label: name, latlng: hm.middle(places, f) });
    }
    return hits;
  };

  const go = (search, hit) => {
    close(search);
    search.box.value = hit.label;
    const zoom = hit.entry?.layer.name === "territories" ? 9 : 11;
    hm.map.setView(hit.latlng, Math.max(hm.map.getZoom(), zoom), { animate: false });
    if (hit.entry) hm.openFeature(hit.entry, hit.f, search.box);
    else {
      hm.closeSheet();
      hm.say(hit.label);
    }
  };

  const close = (search) => {
    search.list.hidden = true;
    search.box.setAttribute("aria-expanded", "false");
  };

  const onKey = (search, event) => {
    if (event.key === "Escape") close(search);
    if (event.key === "Enter" && search.hits.length) go(search, search.hits[Math.max(0, search.chosen)]);
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (!search.hits.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    search.chosen = (search.chosen + step + search.hits.length) % search.hits.length;
    [...search.list.children].forEach((item, k) => item.setAttribute("aria-selected", String(k === search.chosen)));
    search.box.setAttribute("aria-activedescendant", `hm-found-${search.chosen}`);
  };
})();
