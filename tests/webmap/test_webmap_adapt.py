"""From a result of the overlay to the page, and to the file."""

import gzip
import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point

import hazardmap as hm
from hazardmap.errors import OutputError
from hazardmap.footprint import Footprint, scenario_table
from hazardmap.outputs.webmap import BaseMap, build, explore, webmap
from hazardmap.outputs.webmap.adapt import _scenarios, page_of
from hazardmap.outputs.webmap.page import encode_page

LEFT, TOP, CELL = 4_000_000.0, 3_100_000.0, 1000.0
SCENARIOS = scenario_table(
    [{"return_period": 10, "label": "HQ10", "class": "high"}, {"return_period": 100, "label": "HQ100"}]
)


@pytest.fixture
def result(raster):
    """4 x 4 km. T10: the western half under 1 m. T100: all under 3 m, one corner unknown. The border runs down the middle.

    Sites: west, east, in the corner, and far away. A quarter of the water of the west is French.
    """
    depth = np.zeros((2, 4, 4))
    depth[0, :, :2] = 1
    depth[1] = 3
    depth[1, 3, 3] = np.nan
    field = raster(depth, left=LEFT, top=TOP, cell=CELL)
    footprint = Footprint(
        hazard="flood",
        intensity=field,
        units="m",
        levels=(0.5, 2.0),
        scenarios=SCENARIOS,
        source=field[0].copy(data=np.repeat([[1, 1, 2, 2]], 4, axis=0).astype("int32")),
        shares=pd.DataFrame({"source": [1, 1, 2], "origin": ["FR", "BE", "NL"], "share": [0.25, 0.75, 1.0]}),
        meaning="share of upstream area",
        status="indicative",
        inputs=({"name": "depth", "attribution": "Depth makers", "licence": "CC0-1.0"},),
    )
    middle = LEFT + 2 * CELL
    halves = [shapely.box(LEFT, TOP - 4 * CELL, middle, TOP), shapely.box(middle, TOP - 4 * CELL, LEFT + 4 * CELL, TOP)]
    lands = gpd.GeoDataFrame(
        {"id": ["W", "E"], "name": ["West", "East"], "country": ["BE", "NL"]}, geometry=halves, crs=3035
    )
    x, y = LEFT + CELL * np.array([0.5, 2.5, 3.5, 90]), TOP - CELL * np.array([0.5, 0.5, 3.5, 1])
    sites = gpd.GeoDataFrame({"id": list("abcd")}, geometry=gpd.points_from_xy(x, y), crs=3035)
    return hm.overlay(footprint, lands, {"sites": sites})


def page(result, **options):
    return page_of([result], **({"title": "Test", "language": "en", "base": BaseMap(), "made": None} | options))


def layer(result, name):
    return next(layer for layer in page(result).hazards[0].assets if layer.name == name)


def test_a_site_keeps_its_status_in_every_scenario(result):
    frame = layer(result, "sites").frame.set_index("asset")
    assert frame["status@T10"].tolist() == [0, 2, 2, 3]  # hit, dry, dry, not covered
    assert frame["status@T100"].tolist() == [0, 0, 3, 3]
    assert frame["level@T100"].tolist()[:2] == [1, 1]
    assert frame.loc["a", ["maximum@T10", "maximum@T100"]].tolist() == [1, 3]


def test_a_site_keeps_its_origins(result):
    sites = layer(result, "sites")
    frame = sites.frame.set_index("asset")
    assert sites.mixes[frame.loc["a", "mix@T10"]] == (("BE", 75), ("FR", 25))
    assert sites.mixes[frame.loc["b", "mix@T100"]] == (("NL", 100),)
    assert pd.isna(frame.loc["b", "mix@T10"])


def test_flows_are_those_of_the_result_by_country(result):
    told = encode_page(page(result))
    columns = json.loads(gzip.decompress(told.payloads["hm-hazard-0-flows"]))
    assert columns["territories"] == ["BE", "NL"]
    measures = [columns["measures"][k] for k in columns["measure"]]
    rows = list(zip(columns["scenario"], measures, columns["value"], strict=True))
    flows = result.flows()
    for measure in ("territories", "sites"):
        for number, scenario in enumerate(("T10", "T100")):
            shown = sum(
                value for k, (name, unit), value in rows if (k, name) == (number, measure) and unit in ("km2", "count")
            )
            exact = flows[(flows["measure"] == measure) & (flows["scenario"] == scenario)]["attributed"].sum()
            assert shown == pytest.approx(exact, rel=1e-3)


def test_what_a_filter_left_out_is_not_drawn(result):
    sites = {entry.name: entry for entry in page(result.crossing(0.25)).hazards[0].assets}["territories"].frame
    assert set(sites["asset"]) == {"W"}


def test_provenance_status_and_notes_are_carried(result):
    found = page(result, study={"area": [5, 50, 6, 51], "title": "x"}, note="Not for permits")
    assert found.sources[0]["licence"] == "CC0-1.0"
    assert found.hazards[0].status == "indicative"
    assert any("not known to be safe" in note for note in found.notes)
    told = encode_page(found).description
    assert told["bounds"] == [5, 50, 6, 51]
    assert told["status"] == "indicative"
    assert told["note"]["nl"] == "Not for permits"
    assert told["hazards"][0]["raster"]["smooth"]
    assert told["hazards"][0]["raster"]["max_zoom"] == 11


def test_hazards_that_come_as_features_are_drawn(result):
    clouds = gpd.GeoDataFrame(
        {"scenario": ["T10", "T100"], "intensity": [0.7, 9.0], "source": [1, 1]},
        geometry=[Point(LEFT, TOP).buffer(900)] * 2,
        crs=3035,
    )
    footprint = Footprint(
        hazard="chemical",
        intensity=clouds,
        units="mg/m3",
        levels=(0.5, 5.0),
        scenarios=SCENARIOS,
        shares=pd.DataFrame({"source": [1], "origin": ["BE"], "share": [1.0]}),
    )
    found = page(hm.overlay(footprint, result.territories)).hazards[0]
    assert found.raster is None
    assert found.zones.frame[["scenario", "level"]].to_numpy().tolist() == [[0, 0], [1, 1]]


def test_the_file_is_whole_and_the_same_each_time(result, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    for name in ("one.html", "two.html"):
        webmap([result], tmp_path / name, base=BaseMap())
    one, two = ((tmp_path / name).read_bytes() for name in ("one.html", "two.html"))
    assert one == two
    assert b'"made":"2026-01-01"' in one
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]


def test_without_a_date_none_is_shown(result, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert '"made":null' in build([result], base=BaseMap()).get_root().render()


def test_a_notebook_shows_results(result):
    shown = explore(result, language="de", base=BaseMap(), zones=True)._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "&lt;html lang=&quot;de&quot;&gt;" in shown


def test_inhabitants_of_a_place_are_a_fact_about_it_and_no_people_hit(result):
    rows = result.assets.assign(value=5.0, value_unit="people in places hit")
    (layer,) = (one for one in page(replace(result, assets=rows)).hazards[0].assets if one.name == "sites")
    assert next(each for each in layer.attributes if each.name == "value").units == "people"


def test_months_are_told_from_other_scenarios(result):
    months = scenario_table(
        [{"id": "2021-07", "label": "SPI", "probability_kind": "time"}, {"id": "T100", "label": "x"}]
    )
    footprint = replace(result.footprint, scenarios=months)
    assert [each.month for each in _scenarios(footprint)] == ["2021-07", None]


def test_a_date_that_is_none_is_refused(result, tmp_path):
    with pytest.raises(OutputError, match="expected a date such as"):
        webmap([result], tmp_path / "map.html", base=BaseMap(), made="yesterday")


def test_the_output_is_found_by_its_ending(result, tmp_path):
    from hazardmap import outputs

    outputs.write(result, tmp_path / "map.html", title="By its ending", base=BaseMap())
    assert "By its ending" in (tmp_path / "map.html").read_text(encoding="utf-8")
