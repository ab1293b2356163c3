"""Real data of others: the overlay against independent programs and against what the data say of themselves."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

import hazardmap as hm
from hazardmap import borders
from hazardmap.footprint import Footprint, scenario_table


@pytest.fixture(scope="module")
def delft(shared_data):
    """River flood depth of a 500-year flood around Delft; dry is marked as nodata there."""
    card = {"path": str(shared_data / "flood/efas_rp500_3035.tif"), "units": "m", "dry_is_nodata": True}
    return hm.layer(card).open()


@pytest.fixture(scope="module")
def municipalities(shared_data):
    columns = {"id": "statcode", "name": "statnaam", "value": "population"}
    path = str(shared_data / "admin/netherlands_municipalities.gpkg")
    return hm.layer({"path": path, "columns": columns, "units": {"value": "people"}}).open()


@pytest.fixture(scope="module")
def nuts2(shared_data):
    path = str(shared_data / "admin/nuts2016_20M.gpkg")
    land = hm.layer({"path": path, "layer": "nuts2", "columns": {"id": "nuts_id"}}).open()
    return land.assign(country=land["id"].str[:2])


def test_flooded_area_of_municipalities_equals_exactextract(delft, municipalities):
    exactextract = pytest.importorskip("exactextract")
    flood = hm.flood([{"layer": delft, "label": "500 years", "return_period": 500}], levels=(0.5, 2.0))
    near = municipalities.cx[3.9:4.8, 51.8:52.2].assign(country="NL")
    rows = hm.overlay(flood, near).assets.set_index("asset")

    shapes = borders.to_crs(near.geometry.to_numpy(), 4326, 3035)
    inside = gpd.GeoDataFrame({"code": near["id"].to_numpy()}, geometry=shapes, crs=3035)
    wet = (delft >= 0.5).astype("float32").rio.write_crs(delft.rio.crs)
    truth = exactextract.exact_extract(wet, inside, ["sum", "count"], include_cols=["code"], output="pandas")
    truth = truth.set_index("code").reindex(rows.index).fillna(0.0)
    assert (truth["sum"] > 100).sum() >= 4
    # cells are 1 ha in an equal-area CRS
    assert rows["affected"].to_numpy() == pytest.approx(truth["sum"].to_numpy() / 100, rel=1e-6, abs=1e-6)
    part = truth["count"] / 100 / rows["amount"]
    assert rows["covered_fraction"].to_numpy() == pytest.approx(part.to_numpy(), abs=1e-4)
    # The Hague, partly beyond the raster, is not known to be safe; Groningen was never asked about
    assert "dry" not in set(rows.loc[rows["covered_fraction"] < 0.99, "status"])


def test_without_directions_the_origin_is_unknown(delft, municipalities):
    flood = hm.flood([{"layer": delft, "label": "500 years", "return_period": 500}])
    near = municipalities.cx[4.2:4.5, 51.9:52.1].assign(country="NL")
    flows = hm.overlay(flood, near, {"people": near.drop(columns="country")}).flows()
    assert set(flows["origin"]) == {"unknown"}


def test_delft_owes_no_water_to_germany_by_the_grid_alone(delft, municipalities):
    """Flow directions end before Delft: unknown, or what an explicit link says; never 14 km2 of Germany."""
    flood = hm.flood(
        [{"layer": delft, "label": "500 years", "return_period": 500}],
        origin=hm.layer("flow-directions").open(),
        territories=hm.layer("borders").open(),
        lowland=hm.layer("diked-lowland").open(),
    )
    near = municipalities.cx[4.2:4.6, 51.9:52.1].assign(country="NL")
    flows = hm.overlay(flood, near).flows()
    known = flows.loc[flows["origin"] != "unknown", "attributed"].sum()
    assert known < 0.01 * flows["attributed"].sum()


def test_power_plants_lie_in_the_region_that_their_owners_state(shared_data, nuts2):
    """JRC's table states the NUTS 2 region of each unit; its codes are of 2013, the regions of 2016."""
    path = str(shared_data / "grid/jrc_ppdb_units.csv")
    units = hm.layer({"path": path, "columns": {"id": "fid", "stated": "NUTS2", "lon": "lon", "lat": "lat"}}).open()
    cut = borders.cut(units.geometry.to_numpy(), nuts2.geometry.to_numpy())
    assert cut.shape.tolist() == list(range(len(units)))  # each counts once
    found = np.where(cut.territory >= 0, nuts2["id"].to_numpy()[cut.territory], "outside")
    stated = units["stated"].to_numpy()
    inside = np.isin(stated, nuts2["id"]) & (
        found != "outside"
    )  # offshore parks and quays lie off a 1:20 million coast
    assert inside.sum() > 200
    # what disagrees stands on a border river (Leibstadt, Mainz-Wiesbaden, Doel) or states another place than its point
    assert (found == stated)[inside].mean() > 0.9
    joined = gpd.sjoin(units, nuts2[["id", "geometry"]].rename(columns={"id": "nuts"}), how="left")["nuts"]
    assert found.tolist() == joined.fillna("outside").tolist()


def test_lines_of_the_grid_keep_their_length(shared_data, nuts2, raster):
    """Cut at NUTS borders and laid over cells, the ENTSO-E lines are as long as the geodesics that they are drawn as."""
    lines = hm.layer(
        {"path": str(shared_data / "grid/entsoe_grid.gpkg"), "layer": "lines", "columns": {"id": "line_id"}}
    )
    grid = lines.open(area=(4.0, 50.0, 8.0, 52.0))
    field = raster(np.ones((1, 40, 60)), left=3.0, top=53.0, cell=0.1, crs="EPSG:4326")
    one = Footprint(
        hazard="flood",
        intensity=field,
        units="m",
        levels=(0.5,),
        scenarios=scenario_table([{"id": "all"}]),
        shares=pd.DataFrame({"source": [0], "origin": ["unknown"], "share": [1.0]}),
    )
    rows = hm.overlay(one, nuts2, {"grid": grid}).assets.query("layer == 'grid'")
    geod = pyproj.Geod(ellps="WGS84")
    dense = shapely.segmentize(grid.geometry.to_numpy(), 0.002)  # straight in degrees, as the layer draws them
    truth = pd.Series([geod.geometry_length(line) / 1000 for line in dense], index=grid["id"].astype(str))
    assert rows.groupby("asset")["amount"].sum().reindex(truth.index).to_numpy() == pytest.approx(
        truth.to_numpy(), rel=1e-6
    )
    within = shapely.within(grid.geometry.to_numpy(), shapely.box(3, 49, 9, 53))
    reached = rows.groupby("asset")["affected"].sum().reindex(truth.index)[within]
    assert reached.to_numpy() == pytest.approx(truth[within].to_numpy(), rel=1e-6)


def test_industrial_sites_of_the_region_go_through_the_demo_flood(shared_data):
    path = str(shared_data / "industry/hotmaps_industrial_sites.csv")
    columns = {"id": "SiteID", "name": "SiteName", "lon": "lon", "lat": "lat"}
    area = (4.6, 49.9, 7.4, 52.0)
    sites = hm.layer({"path": path, "columns": columns}).open(area=area)
    flood = hm.flood(
        [{"layer": hm.layer("flood-depth-t1000").open(area=area), "label": "1000", "return_period": 1000}],
        origin=hm.layer("flow-directions").open(),
        territories=hm.layer("borders").open(),
        min_upstream_km2=500,
    )
    result = hm.overlay(flood, hm.layer("borders").open(area=area), {"sites": sites})
    rows = result.assets.query("layer == 'sites'")
    assert len(rows) == len(sites)
    assert (rows["status"] == "hit").sum() > 10
    flows = result.flows().query("measure == 'sites'")
    assert flows["attributed"].sum() == pytest.approx((rows["status"] == "hit").sum())


def test_people_of_belgium_are_counted_once(shared_data):
    """581 municipalities add up to the national figure of the same source: 11,492,641."""
    path = str(shared_data / "admin/belgium_municipalities.gpkg")
    layer = hm.layer({"path": path}).open()
    name = next(column for column in layer.columns if "pop" in column.lower())
    cut = borders.cut(layer.geometry.to_numpy(), hm.layer("borders").open().geometry.to_numpy())
    share = shapely.area(cut.geometry) / shapely.area(layer.geometry.to_numpy())[cut.shape]
    people = np.bincount(cut.shape, weights=share) * layer[name].to_numpy(dtype=float)
    assert people.sum() == pytest.approx(11_492_641, abs=1)
