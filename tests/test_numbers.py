"""Figures that people act on, where they once misled: what is missing is not nothing, and a place is where it is."""

import base64
import gzip
import json
import re

import geopandas as gpd
import numpy as np
import pytest
import rioxarray  # noqa: F401  (registers the .rio accessor)
import shapely
import xarray as xr

import hazardmap as hm
from hazardmap.columns import COLUMNS
from hazardmap.errors import GridError

LEFT, BOTTOM, CELL = 4_000_000, 3_000_000, 100
NAN = float("nan")


def raster(*columns, units="m"):
    """Cells of 100 m, two rows alike: a value per column."""
    values = np.tile(np.array(columns, dtype=float), (2, 1))
    x = LEFT + CELL * (np.arange(len(columns)) + 0.5)
    found = xr.DataArray(values, dims=("y", "x"), coords={"y": [BOTTOM + 150.0, BOTTOM + 50.0], "x": x})
    return found.assign_attrs(units=units).rio.write_crs("EPSG:3035")


def land(columns=3, *, identity="NL-1"):
    box = shapely.box(LEFT, BOTTOM, LEFT + columns * CELL, BOTTOM + 2 * CELL)
    return gpd.GeoDataFrame({"id": [identity], "country": ["NL"]}, geometry=[box], crs=3035)


def houses():
    """A, B and C: 80 x 80 m each, one a column; 100 EUR per m2."""
    left = LEFT + CELL * np.arange(3) + 10
    boxes = shapely.box(left, BOTTOM + 10, left + 80, BOTTOM + 90)
    columns = {"id": ["A", "B", "C"], "curve": "residential", "max_damage": 100.0}
    found = gpd.GeoDataFrame(columns, geometry=boxes, crs=3035)
    found.attrs["units"] = {"max_damage": "EUR/m2"}
    return found


@pytest.fixture(name="result")
def overlaid():
    """At 1 in 10 years B has data, at 1 in 100 C too; an extreme flood without a return period covers all."""
    depth = [
        {"layer": raster(NAN, 1.0, NAN), "return_period": 10},
        {"layer": raster(NAN, 2.0, 1.0), "return_period": 100},
        {"layer": raster(3.0, 3.0, 3.0), "label": "extreme"},
    ]
    return hm.overlay(hm.flood(depth), land(identity=7), {"houses": houses()}, damage=hm.damage_tables())


def test_what_no_scenario_with_a_probability_covers_has_no_damage_per_year(result):
    per_year = result.annual_assets().set_index("asset")
    assert np.isnan(per_year.loc["A", "damage"])
    assert np.isnan(per_year.loc["A", "affected"])
    # JRC, homes: 0.40 at 1 m, 0.60 at 2 m; weights of the trapezoid with a constant tail: 0.045 and 0.055
    assert per_year.loc["B", "damage"] == pytest.approx(640_000 * (0.045 * 0.40 + 0.055 * 0.60))
    assert per_year.loc["C", "damage"] == pytest.approx(640_000 * 0.055 * 0.40)


def test_what_a_scenario_does_not_cover_is_said_beside_figures_per_year(result):
    """Of two scenarios: the land in both, A in both, C in one."""
    for table in (result.annual(), result.annual_assets()):
        assert any(note.startswith("5 of 8 rows are not or only partly covered") for note in table.attrs["notes"])


def test_rows_that_are_hit_and_partly_covered_are_counted_as_partly_covered(result):
    assert result.assets.query("layer == 'territories'")["status"].tolist() == ["hit"] * 3
    said = [note for note in result.notes if "partly covered" in note]
    assert said[0].startswith("territories: 2 of 3 rows are not or only partly covered")
    assert said[1].startswith("houses: 3 of 9 rows are not or only partly covered")


def test_columns_mean_what_they_say():
    """Half of it is covered; half of that is 2 m deep and the other half dry."""
    found = hm.overlay(hm.flood(raster(2.0, 0.0, NAN, NAN)), land(4)).assets.iloc[0]
    assert found["covered_fraction"] == pytest.approx(0.5)
    assert found["affected_fraction"] == pytest.approx(0.25)
    assert "all of it" in COLUMNS["affected_fraction"][1]
    assert found[["mean", "minimum", "maximum"]].tolist() == pytest.approx([1.0, 0.0, 2.0])
    assert all("all that is covered" in COLUMNS[name][1] for name in ("mean", "minimum", "maximum"))


def test_territories_with_numbers_for_ids_add_up_to_countries_on_the_map(result, tmp_path):
    hm.write(result, tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    content = re.search(r'id="hm-hazard-0-flows"[^>]*>([^<]+)<', page)
    assert content is not None
    flows = json.loads(gzip.decompress(base64.b64decode(content[1])))
    assert flows["territories"] == ["NL"]


def test_coordinates_that_left_their_transform_behind_are_refused():
    """Coarsened by xarray, a raster keeps the transform of its small cells, and would cover a quarter of its land."""
    fine = raster(0.0, 0.0, 1.0, 1.0)
    fine = fine.rio.write_transform(fine.rio.transform())
    coarse = fine.coarsen(x=2, y=1).mean().assign_attrs(units="m")
    with pytest.raises(GridError, match=r"(?s)x.*write_transform"):
        hm.overlay(hm.flood(coarse), land(4))
    right = coarse.rio.write_transform(coarse.rio.transform(recalc=True))
    assert hm.overlay(hm.flood(right), land(4)).assets["affected"].tolist() == pytest.approx([0.04])


def test_one_row_of_cells_without_a_transform_has_no_place():
    """How high its cells are is nowhere said."""
    with pytest.raises(GridError, match="transform"):
        hm.overlay(hm.flood(raster(1.0, 1.0)[:1]), land(2))


def test_people_outside_of_every_territory_are_written_too(tmp_path):
    pytest.importorskip("pyarrow")
    people = raster(10.0, 20.0, 30.0, units="people")
    found = hm.overlay(hm.flood(raster(1.0, 1.0, 1.0)), land(2), {"people": people})
    hm.write(found, tmp_path / "out.parquet")
    read = gpd.read_parquet(tmp_path / "out" / "people.parquet").set_index("territory")
    assert read["affected"].to_dict() == pytest.approx({"NL-1": 60.0, "outside": 60.0})
    assert read.loc["outside", "geometry"] is None


def test_a_line_without_length_has_no_value_and_gives_no_warning():
    x, y = LEFT + 50.0, BOTTOM + 50.0
    lines = [shapely.LineString([(x, y), (x, y)]), shapely.LineString([(x, y), (x, y + 100)])]
    cables = gpd.GeoDataFrame({"id": ["none", "some"], "value": [3.0, 4.0]}, geometry=lines, crs=3035)
    cables.attrs["units"] = "MW"
    found = hm.overlay(hm.flood(raster(1.0, 1.0)), land(2), {"cables": cables})
    flows = found.flows().set_index(["measure", "unit"])["attributed"]
    assert flows["cables", "MW"] == pytest.approx(4.0)
    assert np.isnan(found.assets.query("asset == 'none'")["value"].iloc[0])
