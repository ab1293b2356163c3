/* Small helpers to build the page. Every value reaches the page as a text node or an attribute, never as HTML. */
(() => {
  const hm = window.hazardmap;
  const SVG = "http://www.w3.org/2000/svg";

  hm.byId = (id) => document.getElementById(id);

  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") {
        for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      } else if (value === true) {
        element.setAttribute(name, "");
      } else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value);
      }
    }
    for (const child of children) {
      if (child === null || child === undefined || child === false) continue;
      element.append(child instanceof Node ? child : String(child));
    }
    return element;
  };

  /* hm.el("button", {type: "button", on: {click: f}}, "text", otherElement) */
  hm.el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  hm.svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  hm.button = (label, action, attributes = {}) =>
    hm.el("button", { type: "button", ...attributes, on: { click: action } }, label);

  hm.select = (options, chosen, change, attributes = {}) => {
    const list = hm.el("select", { ...attributes, on: { change: () => change(list.value) } });
    for (const [value, label] of options) list.append(hm.el("option", { value }, label));
    list.value = chosen;
    return list;
  };

  /* A table, with heads of columns and of rows; the first of each row is its head. */
  hm.table = (heads, rows, attributes = {}) =>
    hm.el("table", { class: "hm-data", ...attributes },
      hm.el("thead", {}, hm.el("tr", {}, ...heads.map((head) => hm.el("th", { scope: "col" }, head)))),
      hm.el("tbody", {}, ...rows.map(([first, ...rest]) => hm.el("tr", {}, hm.el("th", { scope: "row" }, first), ...rest.map((cell) => hm.el("td", {}, cell))))));

  /* A part of the page that scrolls, and can be scrolled by keyboard. */
  hm.scroller = (label, ...children) => hm.el("div", { class: "hm-scroll", tabindex: "0", role: "region", "aria-label": label }, ...children);

  /* Tells a screen reader what happened. */
  hm.say = (text) => {
    hm.byId("hm-live").textContent = text;
  };

  /* For searching: without accents and capitals. */
  hm.fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  hm.download = (name, content, type) => {
    const blob = content instanceof Blob ? content : new Blob([content], { type });
    const link = hm.el("a", { download: name, href: URL.createObjectURL(blob) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  hm.debounced = (action, wait) => {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, wait);
    };
  };
})();
