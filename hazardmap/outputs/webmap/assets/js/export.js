/* The map as a picture, with legend and sources; the print layout; the link. */
(() => {
  const hm = window.hazardmap;
  const SCALE = 2;
  const FOOT = 92;

  /* The map as it is on the screen, with room for a foot below. */
  const mapCanvas = async (foot, colour) => {
    const pictures = await allPictures();
    const size = hm.map.getSize();
    const canvas = hm.el("canvas", { width: size.x * SCALE, height: (size.y + foot) * SCALE });
    const pen = canvas.getContext("2d");
    pen.scale(SCALE, SCALE);
    pen.fillStyle = colour("--beyond");
    pen.fillRect(0, 0, size.x, size.y);
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, size.x, size.y);
    pen.clip();
    drawPictures(pen, size, pictures);
    drawNames(pen, colour);
    drawScale(pen, size, colour);
    pen.restore();
    return { canvas, pen, size };
  };

  const themeColours = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(name).trim();
  };

  hm.png = async () => {
    const colour = themeColours();
    const { canvas, pen, size } = await mapCanvas(FOOT, colour);
    drawFoot(pen, size, colour);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };

  hm.savePng = async () => hm.download("hazardmap.png", await hm.png(), "image/png");

  /* What is drawn on the map, from below: tiles, and the shapes, images and markers that others added. What they made of
     HTML has no picture: icons of text, popups, tooltips. */
  const allPictures = () => {
    const panes = [...hm.map.getPane("mapPane").children].sort((a, b) => depth(a) - depth(b));
    const drawn = panes.filter((pane) => pane !== hm.map.getPane("popupPane") && pane !== hm.map.getPane("tooltipPane"));
    return Promise.all(drawn.flatMap((pane) => [...pane.querySelectorAll("canvas, svg, img")].map((element) => pictureOf(element, pane))));
  };

  const pictureOf = async (element, pane) => {
    const box = element.getBoundingClientRect();
    const found = { element, pane, box, picture: box.width && box.height ? element : null };
    if (!found.picture || element.localName !== "svg") return found;
    const copy = element.cloneNode(true);
    copy.removeAttribute("style"); // where it lies on the page
    found.picture = new Image();
    found.picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await found.picture.decode();
    return found;
  };

  const drawPictures = (pen, size, pictures) => {
    const frame = hm.map.getContainer().getBoundingClientRect();
    for (const { element, pane, box, picture } of pictures) {
      if (!picture) continue;
      pen.save();
      pen.globalAlpha = opacityOf(element, pane);
      clipTo(pen, pane, size);
      pen.drawImage(picture, box.left - frame.left, box.top - frame.top, box.width, box.height);
      pen.restore();
    }
  };

  const depth = (pane) => Number(getComputedStyle(pane).zIndex) || 0;

  const opacityOf = (tile, pane) => {
    let product = 1;
    for (let node = tile; node !== pane.parentNode; node = node.parentNode) product *= Number(getComputedStyle(node).opacity);
    return product;
  };

  const clipTo = (pen, pane, size) => {
    if (!hm.isComparing()) return;
    const at = (size.x * hm.state.divider) / 100;
    if (pane === hm.map.getPane("hm-raster")) pen.rect(0, 0, at, size.y);
    else if (pane === hm.map.getPane("hm-compare")) pen.rect(at, 0, size.x - at, size.y);
    else return;
    pen.clip();
  };

  const drawNames = (pen, colour) => {
    const frame = hm.map.getContainer().getBoundingClientRect();
    pen.textBaseline = "middle";
    for (const label of hm.map.getPane("hm-labels").children) {
      const box = label.getBoundingClientRect();
      const style = getComputedStyle(label);
      pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      pen.lineWidth = 3;
      pen.strokeStyle = colour("--land");
      pen.fillStyle = style.color;
      const country = label.classList.contains("hm-country");
      const text = country ? label.textContent.toLocaleUpperCase(hm.locale()) : label.textContent;
      pen.textAlign = country ? "center" : "left";
      const x = box.left - frame.left + (country ? box.width / 2 : 7);
      const y = box.top - frame.top + box.height / 2;
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
      if (!country) pen.fillRect(x - 9, y - 2, 4, 4);
    }
    pen.textAlign = "left";
  };

  const drawScale = (pen, size, colour) => {
    const bar = hm.map.getContainer().querySelector(".leaflet-control-scale-line");
    if (!bar) return;
    const [left, bottom, width] = [12, size.y - 10, bar.offsetWidth];
    pen.fillStyle = colour("--paper");
    pen.fillRect(left - 4, bottom - 22, width + 8, 28);
    pen.strokeStyle = pen.fillStyle = colour("--ink");
    pen.lineWidth = 1.5;
    pen.stroke(new Path2D(`M${left} ${bottom - 6}v6h${width}v-6`));
    pen.font = "12px system-ui, sans-serif";
    pen.fillText(bar.textContent, left + 4, bottom - 11);
  };

  const drawFoot = (pen, size, colour) => {
    pen.fillStyle = colour("--paper");
    pen.fillRect(0, size.y, size.x, FOOT);
    pen.fillStyle = colour("--ink");
    pen.font = "600 15px system-ui, sans-serif";
    pen.fillText(hm.headline(), 10, size.y + 16, size.x - 20);
    pen.font = "12px system-ui, sans-serif";
    let y = size.y + 36;
    hm.page.hazards.forEach((hazard, h) => {
      if (!hm.state.on.has(`hazard-${h}`) || y > size.y + 56) return;
      let x = 10;
      hm.coloursOf(hazard).forEach((swatch, k) => {
        const label = hm.levelLabel(hazard, k);
        pen.fillStyle = swatch;
        pen.fillRect(x, y - 6, 16, 11);
        pen.fillStyle = colour("--ink");
        pen.fillText(label, x + 20, y);
        x += 32 + pen.measureText(label).width;
      });
      y += 18;
    });
    const warning = hm.warning();
    if (warning) pen.fillText(warning, 10, size.y + FOOT - 28, size.x - 20);
    pen.fillText(hm.attributionText(), 10, size.y + FOOT - 11, size.x - 20);
  };

  /* Title and the scenario shown. */
  hm.headline = () => {
    const shown = hm.page.hazards
      .map((hazard, h) => hm.state.on.has(`hazard-${h}`) && hm.labelled(hm.hazardTitle(hazard), hm.scenarioName(hazard.scenarios[hm.state.scenarios[h]])))
      .filter(Boolean);
    return [hm.pick(hm.page.title), ...shown].join(" · ");
  };

  hm.warning = () => (hm.page.status === "official" ? "" : hm.text(`banner.${hm.page.status}`));

  hm.attributionText = () => [...new Set(hm.page.sources.map((source) => source.attribution || source.name).filter(Boolean))].join(" · ");

  /* On paper the map is a picture of what the screen shows, so that it fits any sheet. Shapes that others added take a
     moment to become one, for which a browser's own print command does not wait: with them, the map itself is printed. */
  hm.preparePaper = async () => {
    hm.fillPrintLegend();
    const own = !["overlayPane", "markerPane"].some((name) => hm.map.getPane(name).childElementCount);
    document.documentElement.classList.toggle("hm-pictured", own);
    // once the map is hidden for paper, the picture is there already
    if (!own || !hm.map.getContainer().clientWidth) return;
    const picture = hm.byId("hm-print-map");
    picture.src = (await mapCanvas(0, themeColours())).canvas.toDataURL();
    picture.alt = hm.headline();
    await picture.decode();
  };

  hm.print = async () => {
    await hm.preparePaper();
    window.print();
  };

  /* Legend and sources below the map on paper. */
  hm.fillPrintLegend = () => {
    const parts = hm.page.hazards.filter((_, h) => hm.state.on.has(`hazard-${h}`)).map((hazard) => hm.legend(hazard, false));
    hm.byId("hm-print-legend").replaceChildren(
      hm.el("p", {}, hm.el("strong", {}, hm.headline())), hm.el("p", {}, hm.warning()), hm.page.note ? hm.el("p", {}, hm.pick(hm.page.note)) : "", ...parts, hm.assetLegend(), hm.el("p", {}, hm.attributionText()));
  };

  hm.copyLink = async () => {
    const link = location.href.split("#")[0] + hm.hashOf(hm.map);
    try {
      await navigator.clipboard.writeText(link);
      hm.say(hm.text("link copied"));
    } catch {
      hm.openDialog(hm.text("link"), hm.el("input", { type: "text", readonly: true, value: link, "aria-label": hm.text("link"), class: "hm-wide" }));
    }
  };
})();
