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
    search.hits = find(search.box.value.trim());
    search.chosen = -1;
    search.list.replaceChildren(...search.hits.map((hit, k) =>
      hm.el("li", { id: `hm-found-${k}`, role: "option", "aria-selected": "false", on: {
        mousedown: (event) => {
          event.preventDefault();
          go(search, hit);
        },
      } }, hit.label)));
    search.list.hidden = !search.hits.length;
    search.box.setAttribute("aria-expanded", String(search.hits.length > 0));
    search.box.removeAttribute("aria-activedescendant");
    hm.say(`${search.hits.length} ${hm.text("results")}`);
  };

  const find = (typed) => {
    const numbers = /^(-?\d+(?:\.\d+)?)[ ,;]+(-?\d+(?:\.\d+)?)$/.exec(typed);
    if (numbers && Math.abs(numbers[1]) <= 90 && Math.abs(numbers[2]) <= 180) {
      return [{ label: typed, latlng: [Number(numbers[1]), Number(numbers[2])] }];
    }
    const wanted = hm.fold(typed);
    return wanted.length < 2 ? [] : [...findAssets(wanted), ...findPlaces(wanted)].slice(0, MOST);
  };

  const findAssets = (wanted) => {
    const hits = [];
    for (const entry of hm.featureLayers) {
      const features = hm.data.get(entry.layer.id);
      if (!["assets", "context", "sites"].includes(entry.role) || features.count > SEARCHED) continue;
      for (let f = 0; f < features.count && hits.length < MOST / 2; f++) {
        const name = hm.featureName(entry, f);
        if (!hm.fold(name).includes(wanted)) continue;
        hits.push({ label: `${name} · ${hm.layerTitle(entry.layer)}`, latlng: hm.middle(features, f), entry, f });
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
    else hm.say(hit.label);
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
