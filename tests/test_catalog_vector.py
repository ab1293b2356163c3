"""Features through the door: unique ids, valid shapes, a CRS, and only what touches the area."""

import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hazardmap.catalog import layer, vector
from hazardmap.errors import (
    CoordinatesError,
    CRSMismatchError,
    FileError,
    GeometryError,
    LayerError,
    MissingCRSError,
    NoOverlapError,
)

FORMATS = ["a.gpkg", "a.fgb", "a.shp", "a.geojson"]


def frame(geometry=None, crs="EPSG:4326", **columns):
    geometry = [shapely.box(5, 50, 6, 51), shapely.box(6, 50, 7, 51)] if geometry is None else geometry
    columns = columns or {"code": [f"c{n}" for n in range(len(geometry))]}
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)


@pytest.fixture
def written(tmp_path):
    def write(data, name="a.gpkg", **keys):
        data.to_file(tmp_path / name, **({"layer": keys["table"]} if "table" in keys else {}))
        keys.pop("table", None)
        return layer({"path": str(tmp_path / name), **keys})

    return write


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same(written, name):
    data = frame(code=["b", "a"], naam=["Één", "Twee"], people=[3, 4])
    found = written(data, name, columns={"id": "code", "name": "naam", "people": "people"}).open()
    assert list(found.columns) == ["id", "name", "people", "geometry"]
    assert found.crs.to_epsg() == 4326
    found = found.sort_values("id", ascending=False)  # FlatGeobuf orders its features by place
    assert list(found["id"]) == ["b", "a"]
    assert list(found["name"]) == ["Één", "Twee"]
    assert list(found["people"]) == [3, 4]
    assert all(shapely.equals(found.geometry.to_numpy(), data.geometry.to_numpy()))
    assert found.attrs["layer"]["name"] == "a"
    assert len(found.attrs["layer"]["sha256"]) == 64


def test_columns(written):
    data = frame(code=["a", "b"], id=["x", "y"], extra=[1, 2])
    assert list(written(data).open().columns) == ["id", "code", "extra", "geometry"]
    assert list(written(data, columns={"people": "extra"}).open().columns) == ["id", "people", "geometry"]
    with pytest.raises(LayerError, match=r"no column 'cod' \(did you mean 'code'\?\); it has code, id, extra"):
        written(data, columns={"id": "cod"}).open()


@pytest.mark.parametrize("name", FORMATS)
def test_ids(written, name):
    found = written(frame(), name).open()
    assert found["id"].is_unique
    assert all(isinstance(each, str) for each in found["id"])
    assert any("has no column id" in note for note in found.attrs["notes"])
    for ids, message in (
        (["a", "a"], "the id 'a' stands more than once"),
        (["a", None], "1 features have no id"),
        ([7, 7], "the id '7' stands more than once"),
    ):
        made = written(frame(id=ids), name)
        with pytest.raises(LayerError, match=message):
            made.open()
        assert layer({"path": made.path, "columns": {"id": "fid"}}).open()["id"].is_unique
    assert set(written(frame(id=[1.0, 2.0]), name).open()["id"]) == {"1", "2"}


def test_running_numbers_do_not_depend_on_the_area(written):
    made = written(frame())
    whole = made.open()
    part = made.open((6.5, 50, 7, 51))
    assert list(part["id"]) == [whole["id"].iloc[1]]


def test_values_have_to_be_numbers(written):
    data = frame(id=["a", "b"], people=["1,200", "300"])
    assert list(written(data).open()["people"]) == ["1,200", "300"]
    with pytest.raises(LayerError, match=r"the column 'people' holds '1,200' .*; expected numbers"):
        written(data, units={"people": "people"}).open()
    with pytest.raises(LayerError, match=r"no column 'poeple'"):
        written(data, units={"poeple": "people"}).open()
    found = written(frame(id=["a", "b"], people=[1.0, None]), units={"people": "people"}).open()
    assert "a: 1 of 2 features have no people" in found.attrs["notes"]
    assert found.attrs["units"] == {"people": "people"}
    with pytest.raises(LayerError, match=r"holds infinity"):
        written(frame(id=["a", "b"], people=[1.0, np.inf]), units={"people": "people"}).open()


BOWTIE = shapely.Polygon([(5, 50), (6, 51), (6, 50), (5, 51)])
SPIKE = shapely.Polygon([(5, 50), (6, 50), (6, 51), (6, 52), (6, 51), (5, 51)])
NEEDLE = shapely.Polygon([(5, 50), (6, 51), (5, 50)])


def test_invalid_shapes_are_repaired_and_counted(written):
    found = written(frame([BOWTIE, SPIKE, shapely.box(7, 50, 8, 51)])).open()
    assert found.geometry.is_valid.all()
    assert set(found.geom_type) <= {"Polygon", "MultiPolygon"}
    np.testing.assert_allclose(shapely.area(found.geometry.to_numpy()), [0.5, 1, 1])
    assert "a: 2 invalid shapes were repaired" in found.attrs["notes"]


def test_a_shape_that_collapses_is_refused(written):
    with pytest.raises(GeometryError, match=r"the shape of 'n' is invalid .* nothing of it is left after repair"):
        written(frame([shapely.box(5, 50, 6, 51), NEEDLE], id=["ok", "n"])).open()
    with pytest.raises(GeometryError, match=r"nothing of it is left"):
        written(frame([shapely.LineString([(5, 50), (5, 50)])])).open()


coordinate = st.integers(0, 6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8))
def test_repair_keeps_the_dimension_or_refuses(points):
    features = frame([shapely.Polygon(points)], id=["a"], crs="EPSG:3035")
    try:
        found = vector._repaired(layer({"path": "a.gpkg"}), features, notes := [])
    except GeometryError:
        return
    shape = found.geometry.iloc[0]
    assert shape.is_valid
    assert shapely.get_dimensions(shape) == 2
    assert len(notes) == (not features.geometry.is_valid.iloc[0])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(5, 251)], "latitude of 251"),
        ([(-500, 50)], "longitude of -500"),
        ([(5, np.inf)], "not finite"),
        ([(200_000, 400_000)], "latitude of 400000"),
    ],
)
def test_coordinates_out_of_range(written, points, message):
    for area in (None, (4, 49, 8, 52)):
        with pytest.raises(CoordinatesError, match=message):
            written(frame(gpd.points_from_xy(*zip(*points, (5, 50), strict=True)))).open(area)


def test_features_without_geometry(written):
    with pytest.raises(LayerError, match=r"1 features without geometry"):
        written(frame([shapely.Point(5, 50), None])).open()
    with pytest.raises(LayerError, match=r"1 features without geometry"):
        written(frame([shapely.Point(5, 50), shapely.Point(np.nan, np.nan)])).open()


def test_heights_are_left_out_and_noted(written):
    found = written(frame([shapely.Point(5, 50, 7)])).open()
    assert not found.has_z.any()
    assert any("heights" in note for note in found.attrs["notes"])


@pytest.mark.filterwarnings("ignore:.*crs.*was not provided")
def test_crs(written):
    made = written(frame(crs=None), "a.fgb")
    with pytest.raises(MissingCRSError, match=r"has no CRS in its file or on its card"):
        made.open()
    assert layer({"path": made.path, "crs": "EPSG:4326"}).open().crs.to_epsg() == 4326
    made = written(frame(), crs="EPSG:28992")
    with pytest.raises(CRSMismatchError, match=r"is in EPSG:4326 but its card says EPSG:28992"):
        made.open()


def test_empty(written):
    for name in ("a.gpkg", "a.fgb"):
        with pytest.raises(LayerError, match=r"is empty; expected at least one feature"):
            written(frame([], code=[]), name).open()


def test_tables_of_a_geopackage(written):
    made = written(frame(), table="one")
    assert len(made.open()) == 2
    made = written(frame(), table="two")
    with pytest.raises(LayerError, match=r"2 tables with geometry \(one, two\); expected one; name it"):
        made.open()
    with pytest.raises(LayerError, match=r"no table 'tow' \(did you mean 'two'\?\); it has one, two"):
        layer({"path": made.path, "layer": "tow"}).open()
    assert len(layer({"path": made.path, "layer": "two"}).open()) == 2


@pytest.mark.parametrize("whole", [10, 0])
def test_an_area_keeps_what_touches_it(written, monkeypatch, whole):
    """Also in another CRS, and also where only the area is read from a large file."""
    monkeypatch.setattr(vector, "READ_WHOLE", whole)
    made = written(frame(id=["west", "east"]).to_crs(3035), covers=[4, 49, 8, 52])
    assert list(made.open((5.2, 50.2, 5.4, 50.4))["id"]) == ["west"]
    assert list(made.open((5.9, 50.2, 6.1, 50.4))["id"]) == ["west", "east"]
    found = made.open((0, 45, 9, 54))
    assert list(found["id"]) == ["west", "east"]
    assert all(shapely.get_num_coordinates(found.geometry.to_numpy()) == 5)
    assert any("only its features" in note for note in found.attrs["notes"]) == (whole == 0)
    with pytest.raises(NoOverlapError, match=r"lies at 4\.89.*\.\.7\.06.* E, .* outside the area 10\.\.11 E"):
        made.open((10, 50, 11, 51))
    with pytest.raises(NoOverlapError, match=r"lies at"):
        made.open((-60, -40, -50, -30))


def test_an_area_between_features(written):
    made = written(frame([shapely.Point(5, 50), shapely.Point(9, 54)]))
    with pytest.raises(NoOverlapError, match=r"no feature in the area"):
        made.open((6, 51, 7, 52))


def test_what_features_do_not_cover(written):
    made = written(frame(), covers=[5, 50, 7, 51])
    assert made.not_covered((5, 50, 7, 51)) is None
    assert made.not_covered((5, 50, 8, 51)).equals(shapely.box(7, 50, 8, 51))
    assert "a: it does not cover 33% of the area" in made.open((5, 50, 8, 51)).attrs["notes"]
    silent = written(frame())
    assert silent.not_covered((5, 50, 8, 51)) is None
    assert any("does not say which area it covers" in note for note in silent.open((5, 50, 8, 51)).attrs["notes"])


def test_a_path_that_pyogrio_would_take_apart(written, tmp_path):
    folder = tmp_path / "a!b"
    folder.mkdir()
    Path(written(frame()).path).rename(folder / "a.gpkg")
    with pytest.raises(FileError, match=r"'!'"):
        layer("a.gpkg", folder=folder).open()


def test_real_files(shared_data):
    municipalities = layer(
        {"path": str(shared_data / "admin/belgium_municipalities.gpkg"), "covers": [2.5, 49.4, 6.5, 51.6]}
    ).open()
    assert len(municipalities) == 581
    sites = layer({"path": str(shared_data / "industry/seveso_flanders_polygons.gpkg")}).open()
    assert sites.crs.to_epsg() == 3035
    with pytest.raises(LayerError, match=r"3 tables with geometry"):
        layer(shared_data / "grid/entsoe_grid.gpkg").open()
    with pytest.raises(GeometryError, match=r"nothing of it is left"):  # a pipeline of two equal points
        layer(shared_data / "grid/scigrid_gas_pipes.gpkg").open()
    with pytest.raises(LayerError, match=r"'2364,327'"):
        layer(
            {"path": str(shared_data / "river/rur_lanuv.gpkg"), "layer": "rur_upper", "units": {"area__km2_": "km2"}}
        ).open()


def test_a_crs_with_heights_counts_as_its_horizontal_part(written):
    point = frame([shapely.Point(155_000, 463_000)], crs="EPSG:7415")  # RD and NAP
    assert written(point).open().crs.to_epsg() == 28992
    assert written(point, crs="EPSG:28992").open().crs.to_epsg() == 28992
    with pytest.raises(LayerError, match=r"its card states the CRS .* not tied to the earth"):
        written(point, crs="EPSG:4978").open()
    with pytest.raises(LayerError, match=r"the CRS 'Kassel', which is none"):
        written(point, crs="Kassel").open()


def test_text_from_a_file_stays_on_one_line(written):
    made = written(frame(), table="a\x1b[31m\nb")
    with pytest.raises(LayerError, match=r"no table 'c'; it has a") as error:
        layer({"path": made.path, "layer": "c"}).open()
    assert str(error.value).isprintable()


def test_what_the_reader_warns_of_becomes_a_note(written):
    """A broken CRS definition is a warning of GDAL; its text may come from a stranger."""
    made = written(frame(crs="EPSG:28992"), crs="EPSG:28992")
    with sqlite3.connect(made.path) as base:
        base.execute("update gpkg_spatial_ref_sys set organization='NONE', definition='PROJCS[' where srs_id=28992")
    base.close()
    notes = made.open().attrs["notes"]
    assert any("its reader says" in note and len(note) < 250 for note in notes)
