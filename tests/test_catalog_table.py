"""GeoJSON and CSV through the door."""

import json

import numpy as np
import pytest

from hazardmap.catalog import layer
from hazardmap.errors import CoordinatesError, FileError, LayerError, MissingCRSError


@pytest.fixture
def csv(tmp_path):
    def write(text, **keys):
        (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return layer({"path": str(tmp_path / "a.csv"), **keys})

    return write


@pytest.fixture
def geojson(tmp_path):
    def write(data, **keys):
        (tmp_path / "a.geojson").write_text(data if isinstance(data, str) else json.dumps(data))
        return layer({"path": str(tmp_path / "a.geojson"), **keys})

    return write


def places(frame):
    return list(zip(frame.geometry.x, frame.geometry.y, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "id,lon,lat,people\na,5.5,52.25,10\nb,6,51,\n",
        "id;lon;lat;people\na;5.5;52.25;10\nb;6;51;\n",
        "id;lon;lat;people\na;5,5;52,25;10\nb;6,0;51,0;NA\n",
        "id\tlon\tlat\tpeople\na\t5.5\t52.25\t10\nb\t6\t51\t-\n",
        b"\xef\xbb\xbfid,lon,lat,people\r\na,5.5,52.25,10\r\nb,6,51,NaN\r\n",
        'id, Longitude , Latitude ,people\n"a",5.5,52.25,"10"\nb,6,51,NULL\n',
    ],
)
def test_separators_decimal_comma_and_byte_order_mark(csv, text):
    found = csv(text).open()
    assert list(found["id"]) == ["a", "b"]
    assert places(found) == [(5.5, 52.25), (6, 51)]
    np.testing.assert_array_equal(found["people"], [10, np.nan])
    assert found.crs.to_epsg() == 4326
    assert list(found.columns) == ["id", "people", "geometry"]


def test_text_stays_text(csv):
    """Codes keep their zeros, Namibia is no missing value, and a number in a name is a name."""
    found = csv("id,name,country,nis,lon,lat\n01,007,NA,01234,5,52\n02,8,NL,11001,6,52\n").open()
    assert list(found["id"]) == ["01", "02"]
    assert list(found["name"]) == ["007", "8"]
    assert list(found["country"]) == ["NA", "NL"]
    assert list(found["nis"]) == ["01234", "11001"]


def test_columns_of_the_card(csv):
    found = csv("X,Y,code,n\n155000,463000,a,3\n", columns={"x": "X", "y": "Y", "id": "code"}, crs="EPSG:28992").open()
    assert list(found.columns) == ["id", "geometry"]
    assert places(found) == [(155_000, 463_000)]
    assert found.crs.to_epsg() == 28992
    with pytest.raises(LayerError, match=r"no column 'easting'; expected the coordinates"):
        csv("a,b\n1,2\n", columns={"lon": "easting", "lat": "b"}).open()
    with pytest.raises(LayerError, match=r"no columns lon and lat, or x and y; it has a, b"):
        csv("a,b\n1,2\n").open()


def test_metres_need_a_crs(csv):
    with pytest.raises(MissingCRSError, match=r"coordinates in 'x' and 'y' but no CRS"):
        csv("x,y\n155000,463000\n").open()
    with pytest.raises(CoordinatesError, match=r"latitude of 463000"):
        csv("lon,lat\n155000,463000\n").open()


@pytest.mark.parametrize("value", ["", "NaN", "inf", "-inf", "NA"])
def test_coordinates_that_are_none(csv, value):
    with pytest.raises(CoordinatesError, match=r"row 2 has coordinates that are missing or not finite \(1 such rows\)"):
        csv(f"id,lon,lat\na,5,52\nb,{value},52\n").open()


@pytest.mark.parametrize("value", ["52 N", "52°", "1.234,5"])
def test_coordinates_that_are_text(csv, value):
    with pytest.raises(LayerError, match=r"the column 'lat' holds '.*' in row 1; expected a coordinate"):
        csv(f"id;lon;lat\na;5;{value}\n").open()


def test_values_with_thousands_separators(csv):
    made = csv('id,lon,lat,people\na,5,52,"1,200"\nb,6,52,300\n', units={"people": "people"})
    with pytest.raises(LayerError, match=r"the column 'people' holds '1,200'"):
        made.open()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,lon,lat\n", "is empty"),
        ("id,lon,lat\na,5\n1,2,3,4,5\n", "no table"),
        (b"id,lon,lat\n\xff\xfe,5,52\n", "not UTF-8"),
        ("id,lon,lat\na,5,52\na,6,52\n", "the id 'a' stands more than once"),
        ('id,lon,lat\n"a,5,52\n', "no table"),
        ("\n\n", "empty|no table|no columns"),
    ],
)
def test_refused_tables(csv, text, message):
    with pytest.raises(LayerError, match=message) as error:
        csv(text).open()
    assert "\n" not in str(error.value)


def feature(geometry=None, **properties):
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": geometry or {"type": "Point", "coordinates": [5, 52]},
    }


def collection(*features, **members):
    return {"type": "FeatureCollection", "features": list(features), **members}


def test_geojson(geojson):
    square = {"type": "Polygon", "coordinates": [[[5, 52], [6, 52], [6, 53], [5, 52]]]}
    found = geojson(collection(feature(id="a", tags={"b": 1}), feature(square, id="b", people=3))).open()
    assert list(found["id"]) == ["a", "b"]
    assert list(found.geom_type) == ["Point", "Polygon"]
    assert found["tags"].iloc[0] == '{"b": 1}'
    assert geojson(feature(id="one")).open()["id"].iloc[0] == "one"
    assert geojson(collection({**feature(), "id": 7})).open()["id"].iloc[0] == "7"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("urn:ogc:def:crs:EPSG::28992", 28992),
        ("EPSG:28992", 28992),
    ],
)
def test_geojson_of_an_older_kind_names_its_crs(geojson, name, code):
    point = {"type": "Point", "coordinates": [5, 52]}
    found = geojson(collection(feature(point, id="a"), crs={"type": "name", "properties": {"name": name}})).open()
    assert found.crs.to_epsg() == code


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (collection(), LayerError, "is empty"),
        ({"type": "Topology"}, FileError, "'Topology'; expected a FeatureCollection"),
        ([1], FileError, "begins with"),
        (collection("x"), FileError, "feature 1 is no GeoJSON feature"),
        (collection({"type": "Feature", "properties": [1], "geometry": None}), FileError, "feature 1 is no GeoJSON"),
        (collection(feature({"type": "Point", "coordinates": ["a"]})), FileError, "a geometry that is none"),
        (collection(feature({"type": "Blob"})), FileError, "a geometry that is none"),
        (collection(feature({"type": "Point", "coordinates": [5, float("nan")]})), CoordinatesError, "not finite"),
        ('{"type": "Feature", "geometry": {"type": "Point", "coordinates": [5, 1e999]}}', CoordinatesError, "finite"),
        (collection(feature({"type": "Point", "coordinates": [5, 251]})), CoordinatesError, "latitude of 251"),
        (collection({**feature(), "geometry": None}), LayerError, "1 features without geometry"),
        (
            collection(feature(), crs={"type": "name", "properties": {"name": "/etc/passwd"}}),
            FileError,
            "names its CRS",
        ),
        (collection(feature(), crs="EPSG:4326"), FileError, "names its CRS"),
    ],
)
def test_refused_geojson(geojson, data, error, message):
    with pytest.raises(error, match=message) as found:
        geojson(data).open()
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("depth", [300, 900, 985, 995])
def test_nested_geojson_is_read_or_refused(geojson, depth):
    nested = '{"type": "GeometryCollection", "geometries": [' * depth + "]}" * depth
    for text in (
        f'{{"type": "Feature", "properties": {{"a": {"[" * depth + "]" * depth}}}, "geometry": null}}',
        f'{{"type": "Feature", "properties": {{}}, "geometry": {nested}}}',
    ):
        with pytest.raises(LayerError):
            geojson(text).open()


def test_real_tables(shared_data):
    plants = layer(shared_data / "grid/powerplants_matched.csv").open((2, 48, 9, 54))
    assert len(plants) > 1000
    units = layer({"path": str(shared_data / "grid/jrc_ppdb_units.csv"), "columns": {"id": "fid"}}).open()
    assert len(units) == 343
    with pytest.raises(LayerError, match=r"no columns lon and lat"):
        layer(shared_data / "flood/jrc_curves_europe.csv").open()
