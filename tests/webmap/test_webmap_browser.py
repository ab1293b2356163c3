"""The page in a real browser, from a file, with the network cut. The fixture fails on any request or error."""

import base64
import csv
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pytest
from pyproj import Transformer
from shapely import LineString, MultiPolygon, Point, Polygon, box

from hazardmap.outputs.webmap import BaseMap, Page, map_of
from hazardmap.outputs.webmap.codec import Column, encode
from hazardmap.outputs.webmap.model import Hazard, RasterStack, Scenario

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ATTACK = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>{{7*7}}${window.hit=1}'\"`"
EVERYTHING = "#l=labels,hazard-0,hm-hazard-0-assets-0,hm-hazard-0-seams&s=0"

READ_CELLS = """(places) => places.map(([lat, lng]) => {
  const raster = hazardmap.rasters[0];
  const cell = hazardmap.cellAt(raster, L.latLng(lat, lng));
  return raster.codes.map((_, s) => hazardmap.cellValue(raster, s, cell));
})"""


def popup_at(tab, lat, lng):
    tab.evaluate("([lat, lng]) => hazardmap.tellAt(L.latLng(lat, lng))", [lat, lng])
    return tab.locator(".leaflet-popup-content").inner_text()


def test_an_empty_map_opens(visit):
    tab = visit(Page(title="Nothing", base=BaseMap()))
    assert tab.title() == "Nothing"


def test_everything_opens_without_a_network(visit, new_page):
    tab = visit(new_page(), EVERYTHING)
    assert tab.locator("#hm-title").inner_text() == "Site map"
    assert tab.locator(".hm-banner").inner_text().startswith("Indicative data")
    assert tab.locator(".hm-note").inner_text() == "Site"
    assert tab.locator("canvas").count() > 4
    assert tab.evaluate("() => hazardmap.ready") < 15_000
    assert tab.evaluate("() => [...document.images].filter((i) => i.src && i.complete && !i.naturalWidth).length") == 0


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", "Synthetische gegevens"),
        ("fr", "Données synthétiques"),
        ("de", "Synthetische Daten"),
        ("en", "Synthetic data"),
    ],
)
def test_invented_data_say_so_above_everything_else(visit, new_page, language, words):
    page = new_page()
    tab = visit(replace(page, hazards=(replace(page.hazards[0], status="synthetic"),)), f"#lang={language}")
    assert tab.locator("#hm-panel > :first-child").inner_text().startswith(words)


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_nothing_is_cut_off_on_a_phone(visit, new_page, language):
    tab = visit(new_page(), f"{EVERYTHING}&lang={language}")
    tab.set_viewport_size({"width": 360, "height": 740})
    tab.click("#hm-menu")
    tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    cut = """() => [...document.querySelectorAll('#hm-panel *, .hm-head *')].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width && box.right > innerWidth + 1 && !element.closest('.hm-scroll, .hm-unseen, .skip');
    }).map((element) => element.outerHTML.slice(0, 90))"""
    assert tab.evaluate(cut) == []
    squeezed = """() => [...document.querySelectorAll('#hm-panel button, #hm-panel label, .hm-head button')].filter((element) =>
      element.scrollWidth > element.clientWidth + 1 && element.clientWidth).map((element) => element.outerHTML.slice(0, 90))"""
    assert tab.evaluate(squeezed) == []


def test_a_click_reads_the_source_cell(visit, new_page):
    page = new_page()
    depths = page.hazards[0].raster.intensity
    row, column = (axis.ravel() for axis in np.indices(depths.shape[1:]))
    places = np.column_stack([depths.y.to_numpy()[row], depths.x.to_numpy()[column]]).tolist()
    found = np.array(visit(page).evaluate(READ_CELLS, places), dtype=float).T
    exact = depths.to_numpy().reshape(2, -1)
    assert (np.isnan(found) == np.isnan(exact)).all()
    assert np.nanmax(np.abs(found - exact)) <= 0.1 + 1e-6
    assert ((found > 0) == (exact > 0))[~np.isnan(exact)].all()


def test_a_click_reads_the_source_cell_of_a_projected_raster(visit, raster):
    rng = np.random.default_rng(5)
    values = np.where(rng.random((1, 60, 80)) < 0.2, rng.uniform(0.5, 9, (1, 60, 80)), 0)
    depths = raster(values, left=4_000_000, top=3_100_000, cell=250, crs="EPSG:3035")
    hazard = Hazard(
        name="flood",
        title="flood",
        units="m",
        levels=(0.5, 2.0),
        raster=RasterStack(intensity=depths),
        scenarios=(Scenario(id="a", label="a"),),
    )
    tab = visit(Page(title="3035", hazards=(hazard,)))
    row, column = rng.integers(0, 60, 600), rng.integers(0, 80, 600)
    x = 4_000_000 + 250 * (column + rng.uniform(0.05, 0.95, 600))
    y = 3_100_000 - 250 * (row + rng.uniform(0.05, 0.95, 600))
    lng, lat = Transformer.from_crs(3035, 4326, always_xy=True).transform(x, y)
    found = np.array(tab.evaluate(READ_CELLS, np.column_stack([lat, lng]).tolist()), dtype=float)[:, 0]
    exact = depths.to_numpy()[0, row, column]
    assert np.abs(found - exact).max() <= 0.1


def test_no_wet_cell_is_lost_when_zoomed_out(visit, raster):
    values = np.zeros((1, 400, 400))
    values[0, 123, 321] = 3
    depths = raster(values, left=5, top=51, cell=1 / 1200, crs="EPSG:4326")
    hazard = Hazard(
        name="flood",
        title="flood",
        units="m",
        levels=(0.5,),
        raster=RasterStack(intensity=depths),
        scenarios=(Scenario(id="a", label="a"),),
    )
    tab = visit(Page(title="one cell", hazards=(hazard,)), "#z=6&c=50.8,5.2")
    blue = """() => [...document.querySelectorAll('.leaflet-hm-raster-pane canvas')].reduce((sum, canvas) =>
      sum + canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((v, i) => i % 4 === 3 && v > 0).length, 0)"""
    tab.wait_for_function(blue, timeout=5000)
    assert 1 <= tab.evaluate(blue) <= 4


def test_every_wet_cell_of_a_projected_raster_shows_at_every_scale(visit, raster):
    """Cells of 100 m, a pixel of the screen is 19 to 600 m wide."""
    rng = np.random.default_rng(11)
    values = np.zeros((1, 300, 400))
    row, column = rng.integers(0, 300, 40), rng.integers(0, 400, 40)
    values[0, row, column] = 3
    depths = raster(values, left=4_000_000, top=3_100_000, cell=100, crs="EPSG:3035")
    hazard = Hazard(
        name="flood",
        title="flood",
        units="m",
        levels=(0.5,),
        raster=RasterStack(intensity=depths),
        scenarios=(Scenario(id="a", label="a"),),
    )
    x, y = 4_000_050 + 100 * column, 3_099_950 - 100 * row
    lng, lat = Transformer.from_crs(3035, 4326, always_xy=True).transform(x, y)
    tab = visit(Page(title="wet", hazards=(hazard,)), f"#z=8&c={lat.mean()},{lng.mean()}&l=hazard-0")
    missed = """([zoom, places]) => {
      hazardmap.map.setZoom(zoom, { animate: false });
      const frame = hazardmap.map.getContainer().getBoundingClientRect();
      return places.filter(([lat, lng]) => {
        const at = hazardmap.map.latLngToContainerPoint([lat, lng]);
        return ![...document.querySelectorAll('.leaflet-hm-raster-pane canvas')].some((canvas) => {
          const box = canvas.getBoundingClientRect();
          const [x, y] = [frame.left + at.x - box.left, frame.top + at.y - box.top];
          return canvas.getContext('2d').getImageData(x - 1.5, y - 1.5, 3, 3).data.some((v) => v > 0);
        });
      }).length;
    }"""
    places = np.column_stack([lat, lng]).tolist()
    assert [tab.evaluate(missed, [zoom, places]) for zoom in (8, 9, 10, 11)] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "shapes",
    [
        [Point(5, 51), None, Point(-5.12345, 50.5)],
        [LineString([(5, 51), (5.1, 51.2), (5.3, 51)]), LineString([(1, 2), (3, 4)])],
        [Polygon(box(5, 51, 6, 52).exterior.coords, [box(5.2, 51.2, 5.4, 51.4).exterior.coords]),
         MultiPolygon([box(1, 1, 2, 2), box(3, 3, 4, 4)]), None],
    ],
)  # fmt: skip
def test_the_browser_reads_what_python_wrote(visit, shapes):
    count = len(shapes)
    frame = gpd.GeoDataFrame(
        {
            "text": ["é", None, "x" * 300][:count],
            "number": [1.25, None, -3.5][:count],
            "whole": [7, -70000, 2**40][:count],
        },
        geometry=shapes,
        crs=4326,
    )
    payload = base64.b64encode(encode(frame, [Column("text"), Column("number", 2), Column("whole")])).decode()
    tab = visit(Page(title="codec", base=BaseMap()))
    found = tab.evaluate(
        """async (text) => {
          const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
          const features = hazardmap.decodeFeatures(new Uint8Array(await new Response(stream).arrayBuffer()));
          return Array.from({length: features.count}, (_, f) => [hazardmap.geometryOf(features, f),
            ...['text', 'number', 'whole'].map((name) => features.columns[name](f))]);
        }""",
        payload,
    )
    for (geometry, *values), shape, (_, row) in zip(found, shapes, frame.iterrows(), strict=True):
        expected = [None if value != value else value for value in (row["text"], row["number"], row["whole"])]  # noqa: PLR0124  (NaN)
        assert values == expected
        assert (geometry is None) == (shape is None)
        if shape is not None:
            from shapely.geometry import shape as geojson

            assert geojson(geometry).normalize().equals_exact(shape.normalize(), 2e-5)


def test_attacks_are_shown_and_never_run(visit, new_page):
    tab = visit(new_page(ATTACK), EVERYTHING)
    assert ATTACK in popup_at(tab, 51.33, 5.1)
    tab.evaluate(
        "() => { hazardmap.map.closePopup(); document.querySelectorAll('details').forEach((d) => { d.open = true; }); }"
    )
    tab.wait_for_timeout(200)
    assert ATTACK in tab.locator("#hm-in-view-list").inner_text()
    assert ATTACK in tab.locator("#hm-notes").inner_text()
    tab.evaluate("() => { hazardmap.showScenario(0, 1); hazardmap.tellAt(L.latLng(51.25, 5.34)); }")
    assert ATTACK in tab.locator(".leaflet-popup-content h2").first.inner_text()  # the kind of a seam
    tab.evaluate("() => { hazardmap.tellAt(L.latLng(51.3, 5.5)); }")
    assert ATTACK in tab.locator(".hm-contacts").inner_text()
    tab.evaluate("() => hazardmap.map.closePopup()")
    for tool in ("about", "table"):
        tab.click(f"#hm-tool-{tool}")
        assert ATTACK in tab.locator("#hm-dialog").inner_text()
        tab.click("#hm-dialog-close")
    tab.fill("#hm-search", "</script")
    tab.keyboard.press("Enter")
    tab.evaluate("() => hazardmap.fillPrintLegend()")
    tab.evaluate("() => hazardmap.png()")
    for language in ("nl", "fr", "de"):
        tab.select_option("#hm-language", language)
    tab.goto(tab.url.split("#")[0] + f"#lang={ATTACK}&l={ATTACK}&from={ATTACK}&cmp={ATTACK}&c={ATTACK}&theme={ATTACK}")
    tab.wait_for_timeout(300)
    assert tab.evaluate("() => window.hit") is None


def test_a_popup_tells_values_units_origins_and_source(visit, new_page):
    tab = visit(new_page(), EVERYTHING)
    told = popup_at(tab, 51.33, 5.1)
    for words in (
        "Site 0",
        "Netherlands",
        "hit",
        "1.3",
        "2.5",
        "Germany 60%",
        "Switzerland 40%",
        "Source: Site list, CC0-1.0",
    ):
        assert words in told
    assert "dry" in popup_at(tab, 51.49, 5.45)
    assert "not covered: no data" in popup_at(tab, 51.495, 5.01)


def test_coarse_cells_are_hidden_from_close_by_but_still_read(visit, new_page):
    tab = visit(new_page(), EVERYTHING.replace("s=0", "s=1") + "&z=14&c=51.33,5.42")
    note = tab.locator("#hm-scale-note")
    assert "too coarse for this scale (cells of 580 \u00d7 930 m)" in note.inner_text()
    assert tab.locator(".leaflet-hm-raster-pane canvas").count() == 0
    assert " m" in popup_at(tab, 51.33, 5.42)
    tab.select_option("#hm-language", "de")
    assert "zu grob für diesen Maßstab" in note.inner_text()
    tab.evaluate("() => hazardmap.map.setZoom(10, {animate: false})")
    assert note.is_hidden()


def test_the_slider_shows_class_and_original_label(visit, new_page):
    tab = visit(new_page(), EVERYTHING + "&lang=nl")
    assert tab.locator(".hm-value").inner_text() == "grote kans · HQ10 (eens in de 10 jaar)"
    tab.focus("#hm-scenario-0")
    tab.keyboard.press("ArrowRight")
    assert tab.locator(".hm-value").inner_text() == "middelgrote kans · HQ100 (eens in de 100 jaar)"
    assert tab.evaluate("() => document.activeElement.id") == "hm-scenario-0"
    assert tab.locator("#hm-scenario-0").get_attribute("aria-valuetext").startswith("middelgrote kans")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ["Site kaart", "31 januari 2026", "Duitsland", "0,5 \u2013 1 m", "Bronnen en licenties"]),
        ("fr", ["Site map", "31 janvier 2026", "Allemagne", "0,5 \u2013 1 m", "Sources et licences"]),
        ("de", ["Site map", "31. Januar 2026", "Deutschland", "0,5 \u2013 1 m", "Quellen und Lizenzen"]),
        ("en", ["Site map", "31 January 2026", "Germany", "0.5 \u2013 1 m", "Sources and licences"]),
    ],
)
def test_the_page_speaks_four_languages(visit, new_page, language, words):
    tab = visit(new_page(), "#z=9&c=50.9,5.6")
    tab.select_option("#hm-language", language)
    assert tab.locator("html").get_attribute("lang") == language
    text = tab.locator("body").inner_text()
    for word in words:
        assert word in text
    names = tab.locator(".hm-label").all_inner_texts()
    assert {"nl": "Luik", "de": "Lüttich"}.get(language, "Liège") in names


def test_the_first_of_a_month_is_an_ordinal_in_french(visit, new_page):
    tab = visit(new_page(made=date(2026, 1, 1)), "#lang=fr")
    assert tab.locator("#hm-made").inner_text() == "Établie le 1er janvier 2026"
    tab.select_option("#hm-language", "nl")
    assert tab.locator("#hm-made").inner_text() == "Gemaakt op 1 januari 2026"


def test_the_address_restores_the_view(visit, new_page):
    fragment = "#z=9&c=51.2000,5.4000&l=hazard-0&s=0&op=0.5&lang=fr&theme=dark&from=DE&to=NL&cmp=0:1&sw=30"
    tab = visit(new_page(), fragment)
    state = tab.evaluate("() => ({...hazardmap.state, on: [...hazardmap.state.on], z: hazardmap.map.getZoom()})")
    expected = {
        "language": "fr",
        "theme": "dark",
        "opacity": 0.5,
        "origin": "DE",
        "territory": "NL",
        "compare": "0:1",
        "divider": 30,
        "scenarios": [0],
        "on": ["hazard-0"],
        "z": 9,
    }
    assert {key: state[key] for key in expected} == expected
    tab.wait_for_timeout(400)
    assert tab.evaluate("() => location.hash") == tab.evaluate("() => hazardmap.hashOf(hazardmap.map)")
    again = tab.evaluate("() => Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
    assert (again["from"], again["cmp"], again["s"], again["c"]) == ("DE", "0:1", "0", "51.2000,5.4000")


def test_a_cell_of_the_matrix_filters_the_map(visit, new_page):
    tab = visit(new_page(), EVERYTHING.replace("s=0", "s=1"))
    seen = "() => hazardmap.inView(hazardmap.featureLayers.filter((entry) => entry.role === 'assets')).length"
    assert tab.evaluate(seen) == 4
    tab.click('[data-flow="DE>NL"]')
    assert tab.evaluate(seen) == 1
    assert "Germany → Netherlands" in tab.locator("#hm-panel").inner_text()
    assert tab.evaluate("() => document.activeElement.dataset.flow") == "DE>NL"
    tab.click("#hm-clear")
    assert tab.evaluate(seen) == 4


def test_two_scenarios_are_compared_side_by_side(visit, new_page):
    tab = visit(new_page(), EVERYTHING)
    tab.select_option("#hm-compare-0", "0:1")
    assert tab.locator("#hm-divider").is_visible()
    tab.focus("#hm-divider-at")
    tab.keyboard.press("Home")
    clip = tab.evaluate("() => hazardmap.map.getPane('hm-raster').style.clip")
    assert clip.startswith("rect(")
    assert tab.evaluate("() => hazardmap.state.divider") == 0


def test_the_map_is_used_by_keyboard_alone(visit, new_page):
    tab = visit(new_page(), EVERYTHING)
    tab.keyboard.press("Tab")
    assert tab.evaluate("() => document.activeElement.id") == "hm-skip"
    tab.focus("#hm-search")
    tab.keyboard.type("site 2")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    assert "Site 2" in tab.locator(".leaflet-popup-content").inner_text()
    assert "close" in tab.evaluate("() => document.activeElement.className")
    tab.keyboard.press("Escape")
    assert tab.evaluate("() => document.activeElement.id") == "hm-search"
    tab.focus(".folium-map")
    tab.keyboard.press("Enter")
    assert tab.locator(".leaflet-popup-content").is_visible()
    tab.keyboard.press("Escape")
    tab.click("#hm-in-view summary")
    tab.locator("#hm-in-view-list button").first.focus()
    tab.keyboard.press("Enter")
    assert tab.locator(".leaflet-popup-content").is_visible()


def test_search_finds_places_and_coordinates(visit, new_page):
    tab = visit(new_page())
    tab.fill("#hm-search", "maas")
    tab.keyboard.press("Enter")
    centre = tab.evaluate("() => [hazardmap.map.getCenter().lat, hazardmap.map.getCenter().lng]")
    assert centre == pytest.approx([50.85, 5.69], abs=0.01)
    for typed in ("51.2, 5.5", "51.2 5.5", "51,2 5,5", "51,2; 5,5"):
        tab.evaluate("() => hazardmap.map.setView([50, 5], 11)")
        tab.fill("#hm-search", typed)
        tab.keyboard.press("Enter")
        centre = tab.evaluate("() => [hazardmap.map.getCenter().lat, hazardmap.map.getCenter().lng]")
        assert centre == pytest.approx([51.2, 5.5], abs=0.01)
    tab.fill("#hm-search", "xyzzy")
    assert tab.locator("#hm-found").inner_text() == "Nothing found"
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert tab.locator(".leaflet-popup").count() == 0


def test_on_a_phone_the_answer_is_not_behind_the_panel(visit, new_page):
    tab = visit(new_page(), EVERYTHING)
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.click("#hm-menu")
    tab.fill("#hm-search", "site 2")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(600)
    shown = tab.locator(".leaflet-popup-content-wrapper").bounding_box()
    assert not tab.locator("#hm-panel").is_visible()
    zoom = tab.locator(".leaflet-control-zoom").bounding_box()
    assert shown["y"] >= zoom["y"] + zoom["height"]
    assert shown["y"] + shown["height"] <= 844
    tab.keyboard.press("Escape")
    assert tab.evaluate("() => document.activeElement.id") == "hm-menu"


def test_tables_and_downloads_hold_all_scenarios(visit, new_page):
    tab = visit(new_page("=1+1"), EVERYTHING)
    tab.click("#hm-tool-table")
    rows = tab.locator("#hm-dialog .hm-data tbody tr")
    assert rows.count() == 4
    assert "hit" in rows.first.inner_text()
    text = tab.evaluate("() => hazardmap.csv(hazardmap.featureLayers.find((e) => e.role === 'assets'))")
    first, *_ = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert first["name"] == "'=1+1 0"
    assert (first["status@T10"], first["maximum@T100"], first["longitude"]) == ("hit", "2.5", "5.1")
    told = json.loads(tab.evaluate("() => hazardmap.geojson(hazardmap.featureLayers.find((e) => e.role === 'assets'))"))
    assert [f["properties"]["status@T10"] for f in told["features"]] == ["hit", "partial", "dry", "not covered"]
    assert told["features"][0]["geometry"] == {"type": "Point", "coordinates": [5.1, 51.33]}


def test_a_picture_is_made(visit, new_page):
    tab = visit(new_page(), EVERYTHING)
    size, kind = tab.evaluate("async () => { const blob = await hazardmap.png(); return [blob.size, blob.type]; }")
    assert kind == "image/png"
    assert size > 20_000


def test_the_checksum_is_checked_in_the_page(visit, new_page):
    tab = visit(new_page())
    tab.click("#hm-tool-about")
    tab.wait_for_function("() => document.getElementById('hm-checked').textContent !== ''")
    assert tab.locator("#hm-checked").inner_text() == "The data are complete and unchanged."
    assert len(tab.locator("#hm-checksum").inner_text()) == 64


def test_ones_own_folium_layers_are_shown(visit, new_page):
    view = map_of(new_page())
    folium.CircleMarker([51.3, 5.3], radius=9, popup="mine").add_to(view)
    folium.Marker([51.3, 5.4]).add_to(view)
    folium.GeoJson(json.loads(gpd.GeoSeries([box(5.2, 51.2, 5.3, 51.3)], crs=4326).to_json())).add_to(view)
    tab = visit(view)
    assert tab.locator("path.leaflet-interactive").count() == 2
    assert tab.locator("img.leaflet-marker-icon").get_attribute("src").startswith("data:image/png")


STATES = {
    "light": ("#theme=light", None),
    "dark": ("#theme=dark&lang=de", None),
    "contrast": ("#theme=contrast&lang=fr", None),
    "popup": ("#theme=light", "() => hazardmap.tellAt(L.latLng(51.33, 5.1))"),
    "table": ("#theme=dark", "() => hazardmap.openTable()"),
    "about": ("#lang=nl", "() => hazardmap.openAbout()"),
    "open": ("", "() => document.querySelectorAll('details').forEach((d) => { d.open = true; })"),
}


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is absent: python scripts/vendor_map_assets.py --axe")
@pytest.mark.parametrize("size", [(1100, 750), (390, 844)])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(visit, new_page, state, size):
    fragment, action = STATES[state]
    tab = visit(new_page(), fragment)
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    if size[0] < 760:
        tab.click("#hm-menu")
    if action:
        tab.evaluate(action)
    tab.wait_for_timeout(300)
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    result = tab.evaluate(
        "async () => (await axe.run()).violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))])"
    )
    assert result == []


def test_a_notebook_shows_the_map_in_a_frame(browser, new_page, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{map_of(new_page())._repr_html_()}", encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    frame = tab.frames[1]
    frame.wait_for_function("() => window.hazardmap && window.hazardmap.ready", timeout=20_000)
    assert frame.locator("#hm-title").inner_text() == "Site map"
    tab.close()


def test_what_is_reached_by_little_is_not_reached_by_nothing(visit, new_page):
    """Four centimetres are no 0.0 m, in the popup and in the table."""
    page = new_page()
    hazard, layer = page.hazards[0], page.hazards[0].assets[0]
    frame = layer.frame.assign(**{"maximum@T10": [0.04, 0.0, 0.0, None]})
    changed = replace(hazard, assets=(replace(layer, frame=frame), *hazard.assets[1:]))
    tab = visit(replace(page, hazards=(changed,)), f"{EVERYTHING}&lang=de")
    assert "<\u00a00,1" in popup_at(tab, 51.33, 5.1)
    assert "<\u00a00,1" not in popup_at(tab, 51.33, 5.3)  # dry
    tab.evaluate("() => hazardmap.openTable()")
    table = tab.locator("dialog table.hm-data").inner_text()
    assert table.count("<\u00a00,1") == 1
    assert table.count("0,0") == 2
