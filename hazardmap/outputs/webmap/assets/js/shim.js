/* Stands in for the two calls of jQuery that folium's core makes, so that jQuery need not be carried along. */
window.$ = window.$ || function $(what) {
  if (typeof what === "function") {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", what);
    else what();
    return undefined;
  }
  if (what === document) return { ready: window.$ };
  const template = document.createElement("template");
  template.innerHTML = String(what).trim();
  return [template.content.firstElementChild];
};
