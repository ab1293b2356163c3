"""Hazards as shapes: what came as features, zones, the area that was modelled, seams between maps."""

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from shapely import LineString, box

import hazardmap as hm
from hazardmap.footprint import Footprint, scenario_table
from hazardmap.outputs.webmap import BaseMap
from hazardmap.outputs.webmap import hazardlayers as own
from hazardmap.outputs.webmap.adapt import page_of

SCENARIOS = scenario_table([{"return_period": 10, "label": "HQ10"}, {"return_period": 100, "label": "HQ100"}])
LEFT, BOTTOM = 4_000_000, 3_000_000


def square(column, row, side=1000):
    """A square of one km, counted from the corner; in EPSG:3035."""
    return box(LEFT + column * side, BOTTOM + row * side, LEFT + (column + 1) * side, BOTTOM + (row + 1) * side)


@pytest.fixture
def clouds():
    """T10: a Belgian cloud over column 0. T100: that, and a German and Belgian one over column 1; modelled: 2 columns."""
    shapes = gpd.GeoDataFrame(
        {"scenario": ["T10", "T100", "T100"], "intensity": [1.0, 1.0, 9.0], "source": [1, 1, 2]},
        geometry=[square(0, 0), square(0, 0), square(1, 0)],
        crs=3035,
    )
    shares = pd.DataFrame({"source": [1, 2, 2], "origin": ["BE", "DE", "BE"], "share": [1.0, 0.75, 0.25]})
    return Footprint(
        hazard="chemical",
        intensity=shapes,
        units="mg/m3",
        levels=(0.5, 5.0),
        scenarios=SCENARIOS,
        shares=shares,
        modelled=shapely.union(square(0, 0), square(1, 0)),
    )


@pytest.fixture
def result(clouds):
    """Three territories side by side, a km2 each; the third was not modelled."""
    lands = gpd.GeoDataFrame(
        {"id": ["A", "B", "C"], "name": ["A", "B", "C"], "country": ["BE", "DE", "DE"]},
        geometry=[square(k, 0) for k in range(3)],
        crs=3035,
    )
    return hm.overlay(clouds, lands)


def page(result, **options):
    told = {"title": "Clouds", "language": "en", "base": BaseMap(), "made": None}
    return page_of([result], **(told | options))


def middle(column):
    point = gpd.GeoSeries([square(column, 0).centroid], crs=3035).to_crs(4326).iloc[0]
    return [point.y, point.x]


def test_shapes_keep_scenario_class_and_origins(clouds):
    layer = own.shape_layer(clouds)
    assert layer.frame[["scenario", "level"]].to_numpy().tolist() == [[0, 0], [1, 0], [1, 1]]
    assert [layer.mixes[code] for code in layer.frame["mix"]] == [(("BE", 100),)] * 2 + [(("DE", 75), ("BE", 25))]


@pytest.fixture
def accident(clouds):
    """Over the second square a Belgian cloud of three classes, one within the other, and a German one; with sites."""
    middle = square(1, 0).centroid
    rows = [
        *(
            ("T10", level, 1, "Works (BE)", 900.0, middle.buffer(reach))
            for level, reach in ((1, 450), (6, 300), (20, 150))
        ),
        ("T10", 6, 2, "Werk (DE)", 400.0, shapely.affinity.translate(middle.buffer(400), 200, 0)),
    ]
    names = ["scenario", "intensity", "source", "name", "distance_m", "geometry"]
    features = gpd.GeoDataFrame(rows, columns=names, crs=3035).astype({"intensity": float})
    sites = gpd.GeoDataFrame(
        {"id": ["w1", "w2"], "name": ["Works (BE)", "Werk (DE)"], "country": ["BE", "DE"], "border_km": [1.26, None]},
        geometry=[middle, shapely.affinity.translate(middle, 200, 0)],
        index=pd.Index([1, 2], name="source"),
        crs=3035,
    )
    shares = pd.DataFrame({"source": [1, 2], "origin": ["BE", "DE"], "share": [1.0, 1.0]})
    return replace(clouds, intensity=features, levels=(0.5, 5.0, 15.0), shares=shares, sites=sites)


@pytest.fixture
def reached(accident):
    lands = gpd.GeoDataFrame(
        {"id": ["A", "B"], "name": ["A", "B"], "country": ["BE", "DE"]}, geometry=[square(0, 0), square(1, 0)], crs=3035
    )
    return hm.overlay(accident, lands)


def test_sites_say_who_they_are_and_where_they_send_to(accident):
    layer = own.site_layer(accident)
    assert [attribute.name for attribute in layer.attributes] == ["name", "country", "border_km", "mix"]
    assert [layer.mixes[code] for code in layer.frame["mix"]] == [(("BE", 100),), (("DE", 100),)]
    assert own.site_layer(replace(accident, sites=None)) is None
    shapes = own.shape_layer(accident)
    assert [attribute.name for attribute in shapes.attributes][3:] == ["name", "distance_m", "mix"]
    assert shapes.frame["level"].tolist() == [0, 1, 2, 1]


def test_where_lower_is_worse_the_map_tells_the_lowest_value(raster):
    index = raster([[[-2.0, 0.5]]], left=LEFT, top=BOTTOM + 1000, cell=1000, units="1")
    shares = pd.DataFrame({"source": [0], "origin": ["none"], "share": [1.0]})
    drought = Footprint(
        hazard="drought", intensity=index, units="1", levels=(-1.0,), worse="lower",
        scenarios=scenario_table([{"id": "2020-01", "label": "x", "probability_kind": "time"}]), shares=shares,
    )  # fmt: skip
    lands = gpd.GeoDataFrame({"id": ["A"], "country": ["BE"]}, geometry=[square(0, 0).union(square(1, 0))], crs=3035)
    (layer,) = page(hm.overlay(drought, lands)).hazards[0].assets
    assert layer.frame["minimum@2020-01"].tolist() == [-2.0]
    assert "maximum" not in {attribute.name for attribute in layer.attributes}


def test_zones_have_the_figures_of_the_overlay(result):
    layer, notes = own.zone_layer(result)
    assert notes == ()
    frame = layer.frame.sort_values(["scenario", "territory"])
    assert frame[["scenario", "territory", "level"]].to_numpy().tolist() == [[0, "A", 0], [1, "A", 0], [1, "B", 1]]
    assert frame["area_km2"].tolist() == pytest.approx(result.zones["area_km2"].tolist())
    assert frame["origin"].tolist() == ["BE", "BE", "DE"]


def test_zones_of_a_large_raster_are_left_out_and_a_note_says_so(raster, monkeypatch):
    depth = raster(np.ones((2, 4, 4)), left=LEFT, top=BOTTOM + 4000, cell=1000)
    shares = pd.DataFrame({"source": [0], "origin": ["unknown"], "share": [1.0]})
    footprint = Footprint(hazard="flood", intensity=depth, units="m", levels=(0.5,), scenarios=SCENARIOS, shares=shares)
    lands = gpd.GeoDataFrame({"id": ["A"], "country": ["BE"]}, geometry=[square(0, 0)], crs=3035)
    found = hm.overlay(footprint, lands)
    small = page(found, zones=True).hazards[0]
    assert len(small.zones.frame) == 4  # inside and outside of the territory, in two scenarios
    assert not small.zones.shown
    assert page(found).hazards[0].zones is None
    monkeypatch.setattr(own, "MOST_CELLS", 31)
    large = page(found, zones=True).hazards[0]
    assert large.zones is None
    assert "32 cells" in large.notes[0]


def seam_frame():
    return gpd.GeoDataFrame(
        {
            "scenario": ["T100", "high"],
            "kind": ["step in depth", "not covered"],
            "length_m": [1200.0, 300.0],
            "step_m": [0.8, np.nan],
            "map_a": ["NL", "NL"],
            "unknown_column": [1, 2],
        },
        geometry=[LineString([(5, 51), (5.1, 51)]), LineString([(5.2, 51), (5.3, 51)])],
        crs=4326,
    )


@pytest.mark.parametrize("where", ["result", "footprint"])
def test_seams_are_found_on_the_result_or_its_footprint(result, where):
    holder = SimpleNamespace(footprint=SimpleNamespace(scenarios=result.footprint.scenarios))
    (holder if where == "result" else holder.footprint).seams = seam_frame()
    layer = own.seam_layer(holder)
    assert layer.frame["scenario"].tolist() == [1, -1]  # the second is of no scenario of the footprint: any
    assert [attribute.name for attribute in layer.attributes] == ["kind", "scenario", "length_m", "step_m", "map_a"]
    assert own.seam_layer(result) is None


@pytest.mark.browser
def test_a_place_outside_the_modelled_area_is_not_covered(visit, result):
    tab = visit(page(result), "#s=1&lang=en")

    def told(column):
        tab.evaluate("([lat, lng]) => hazardmap.tellAt(L.latLng(lat, lng))", middle(column))
        return tab.locator(".leaflet-popup-content").inner_text()

    assert "Germany 75%" in told(1)
    assert "≥ 5 mg/m³" in told(1)
    assert "not covered: no data" in told(2)
    tab.evaluate("() => hazardmap.showScenario(0, 0)")
    assert "not reached" in told(1)
    assert "not covered: no data" in tab.locator("#hm-panel").inner_text()


@pytest.mark.browser
def test_of_clouds_in_one_another_the_worst_of_each_source_is_told(visit, reached):
    tab = visit(page(reached), "#s=0&lang=en")
    tab.evaluate("([lat, lng]) => hazardmap.tellAt(L.latLng(lat, lng))", middle(1))
    heads = tab.locator(".leaflet-popup-content h2").all_inner_texts()
    assert heads == ["Works (BE)", "Works (BE)", "Werk (DE)"]  # the site itself, then the clouds, the worst first
    told = tab.locator(".leaflet-popup-content").inner_text()
    for words in (
        "Where it comes from",
        "Chemical release",
        "≥ 15 mg/m³",
        "5 \u2013 15 mg/m³",
        "Reach (m)\t900",
        "Belgium",
    ):
        assert words in told
    assert "0.5 \u2013 5 mg/m³" not in told


@pytest.mark.browser
def test_overlapping_clouds_have_the_colours_of_the_legend_and_no_other(visit, reached):
    """The worst lies on top, and no mixture of two classes reads as a third; outlines show what lies below."""
    tab = visit(page(reached), "#s=0&theme=light&l=hazard-0&lang=en")
    wanted = tab.evaluate("() => hazardmap.page.hazards[0].colours")
    counts = tab.evaluate(
        """() => {
          const counts = {};
          for (const canvas of document.querySelectorAll('.leaflet-hm-zones-pane canvas')) {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let i = 0; i < data.length; i += 4) {
              if (data[i + 3] < 255) continue;
              const hex = '#' + [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, '0')).join('');
              counts[hex] = (counts[hex] || 0) + 1;
            }
          }
          return counts;
        }"""
    )
    plain = sum(counts[colour] for colour in wanted)
    assert all(counts[colour] > 100 for colour in wanted)
    assert plain > 0.8 * sum(counts.values())  # the rest are outlines
    assert max(count for colour, count in counts.items() if colour not in wanted) < 0.05 * plain


@pytest.mark.browser
def test_clouds_sites_and_figures_follow_the_filter_by_origin(visit, reached):
    tab = visit(page(reached), "#s=0&lang=en")
    cells = {cell.get_attribute("data-flow") for cell in tab.locator("#hm-flows-0 tbody button").all()}
    assert {"BE>DE", "DE>DE"} <= cells
    shown = "(role) => hazardmap.inView(hazardmap.featureLayers.filter((e) => e.role === role)).length"
    assert [tab.evaluate(shown, role) for role in ("zones", "sites")] == [4, 2]
    tab.click('[data-flow="BE>DE"]')
    assert [tab.evaluate(shown, role) for role in ("zones", "sites")] == [3, 1]
    tab.uncheck("#hm-on-hm-hazard-0-sites")
    assert tab.locator(".leaflet-hm-sites-pane canvas").count() == 0
    tab.locator("#hm-opacity-0").fill("0.5")
    assert tab.evaluate("() => hazardmap.featureLayers.find((e) => e.role === 'zones').drawn.options.opacity") == 0.5


@pytest.mark.browser
def test_a_site_is_found_by_its_name(visit, reached):
    tab = visit(page(reached), "#lang=en")
    tab.fill("#hm-search", "werk")
    tab.keyboard.press("Enter")
    assert tab.locator(".leaflet-popup-content h2").inner_text() == "Werk (DE)"


@pytest.mark.browser
def test_distances_in_metres_are_not_water(visit, reached):
    """Zones by distance are in metres too, the nearer the worse."""
    near = page(reached)
    hazard = replace(near.hazards[0], units="m", worse="lower", levels=(900.0, 500.0, 100.0))
    tab = visit(replace(near, hazards=(hazard,)), "#s=0&lang=en")
    panel = tab.locator("#hm-panel").inner_text()
    assert "900 \u2013 500 m" in panel
    assert "≤ 100 m" in panel
    tab.evaluate("() => hazardmap.openFeature(hazardmap.featureLayers.find((e) => e.role === 'assets'), 0)")
    assert "dry" not in tab.locator(".leaflet-popup-content").inner_text()


@pytest.mark.browser
def test_beyond_the_modelled_area_is_hatched(visit, result):
    tab = visit(page(result), "#s=0&l=hazard-0")
    hatched = """(column) => new Promise((resolve) => setTimeout(() => {
      const at = hazardmap.map.latLngToContainerPoint(L.latLng(column));
      const frame = hazardmap.map.getContainer().getBoundingClientRect();
      let inked = 0;
      for (const canvas of hazardmap.map.getPane('hm-hatch').querySelectorAll('canvas')) {
        const box = canvas.getBoundingClientRect();
        const [x, y] = [frame.left + at.x - box.left - 10, frame.top + at.y - box.top - 10];
        const found = canvas.getContext('2d').getImageData(x, y, 20, 20).data;
        inked += found.filter((v, i) => i % 4 === 3 && v > 0).length;
      }
      resolve(inked);
    }, 300))"""
    assert tab.evaluate(hatched, middle(1)) == 0
    assert tab.evaluate(hatched, middle(2)) > 20


@pytest.mark.browser
def test_zones_are_filtered_by_origin_and_territory(visit, result):
    tab = visit(page(result, zones=True), "#s=1&lang=en")
    seen = "() => hazardmap.inView(hazardmap.featureLayers.filter((e) => e.role === 'zones')).length"
    assert tab.evaluate(seen) == 2
    tab.evaluate("() => hazardmap.setFilter('DE', '')")
    assert tab.evaluate(seen) == 1
    tab.evaluate("() => hazardmap.setFilter('', 'A')")
    assert tab.evaluate(seen) == 1
    assert "All → A" in tab.locator("#hm-panel").inner_text()


@pytest.mark.browser
def test_seams_have_a_legend_and_a_popup_and_follow_the_scenario(visit, new_page):
    tab = visit(new_page(), "#s=1&z=11&lang=en&l=hm-hazard-0-seams")
    legend = tab.locator("fieldset", has=tab.locator("#hm-on-hm-hazard-0-seams")).inner_text()
    for words in ("Seams between maps", "step in depth", "wet on one side only"):
        assert words in legend
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.25, 5.24))")
    told = tab.locator(".leaflet-popup-content").inner_text()
    for words in ("wet on one side only", "800", "1.4", "HQ100 (once in 100 years)", "Netherlands"):
        assert words in told
    shown = "() => hazardmap.inView(hazardmap.featureLayers.filter((e) => e.role === 'seams')).length"
    assert tab.evaluate(shown) == 2
    tab.evaluate("() => hazardmap.showScenario(0, 0)")
    assert tab.evaluate(shown) == 1


@pytest.mark.browser
def test_a_territory_fades_the_rest_of_the_raster(visit, new_page):
    page = new_page()
    hazard = replace(page.hazards[0], status="official")
    tab = visit(replace(page, hazards=(hazard,)), "#s=1&l=hazard-0&op=1&z=10&c=51.3,5.25")
    strongest = """() => Math.max(0, ...[...document.querySelectorAll('.leaflet-hm-raster-pane canvas')].flatMap((canvas) => {
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let most = 0;
      for (let i = 3; i < data.length; i += 4) most = Math.max(most, data[i]);
      return most;
    }))"""
    assert tab.evaluate(strongest) == 255
    tab.evaluate("() => hazardmap.setFilter('', 'BE-1')")  # lies south of all the water
    assert 30 < tab.evaluate(strongest) < 50
    tab.evaluate("() => hazardmap.setFilter('', 'NL')")
    assert tab.evaluate(strongest) == 255


@pytest.mark.browser
def test_words_of_water_are_said_of_water_only(visit, new_page):
    page = new_page()
    hazard = replace(page.hazards[0], units="1")
    tab = visit(replace(page, hazards=(hazard,)), "#s=0&lang=en")
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.33, 5.3))")
    assert "not hit" in tab.locator(".leaflet-popup-content").inner_text()
    assert "dry" not in tab.locator("#hm-panel").inner_text()
