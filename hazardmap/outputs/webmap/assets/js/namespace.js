/* Everything of the page hangs on one name. `hazardmap.start(map)` is called last, with the Leaflet map. */
window.hazardmap = {};
