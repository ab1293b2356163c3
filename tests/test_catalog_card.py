"""Cards: every key is checked, and a layer is found by name, path or content."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from hazardmap.catalog import describe, layer, layers, pack
from hazardmap.errors import FileError, LayerError

CSV = "id,lon,lat\na,5,52\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sites.csv").write_text(CSV)
    return tmp_path


@pytest.fixture
def packed(folder, monkeypatch):
    """A pack of two cards."""
    (folder / "sites.yaml").write_text("path: sites.csv\ntitle: {en: Sites, nl: Locaties}\nstatus: indicative\n")
    (folder / "borders.yaml").write_text("path: borders.fgb\n")
    monkeypatch.setattr(pack, "_pack", lambda: {path.stem: path for path in sorted(folder.glob("*.yaml"))})


@pytest.mark.usefixtures("packed")
def test_by_name_in_the_pack():
    sites = layer("sites")
    assert (sites.name, sites.title["nl"], sites.kind, sites.packed) == ("sites", "Locaties", "vector", True)
    assert list(sites.open()["id"]) == ["a"]
    assert [each.name for each in layers()] == ["borders", "sites"]
    with pytest.raises(LayerError, match=r"no layer 'site' \(did you mean 'sites'\?\); expected one of borders, sites"):
        layer("site")


def test_by_path_or_in_place(folder):
    (folder / "card.yaml").write_text("path: sites.csv\nname: plants\n")
    by_card = layer("card.yaml", folder=folder)
    assert (by_card.name, by_card.packed) == ("plants", False)
    for reference in (folder / "card.yaml", folder / "sites.csv", str(folder / "sites.csv")):
        assert len(layer(reference).open()) == 1
    for reference in ("sites.csv", {"path": "sites.csv"}, by_card):
        assert len(layer(reference, folder=folder).open()) == 1
    assert layer({"path": "sites.csv"}).name == "sites"
    with pytest.raises(FileError, match=r"not there"):
        layer("absent.yaml", folder=folder)
    with pytest.raises(FileError, match=r"not there"):
        layer("absent.csv", folder=folder).open()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"licens": "MIT"}, r"unknown key 'licens' \(did you mean 'licence'\?\)"),
        ({"folder": "/"}, "unknown key 'folder'"),
        ({"packed": False}, "unknown key 'packed'"),
        ({"status": "true"}, "status is 'true'; expected official, indicative, synthetic"),
        ({"kind": "mesh"}, "kind is 'mesh'; expected raster, vector"),
        ({"redistribute": "no"}, "redistribute is 'no'; expected true or false"),
        ({"covers": [5, 52, 4, 53]}, "covers: the area is .* west < east"),
        ({"covers": "all"}, "covers: the area is 'all'"),
        ({"uncertainty_m": -1}, "uncertainty_m is -1; expected metres"),
        ({"uncertainty_m": float("nan")}, "uncertainty_m is nan"),
        ({"band": 0}, "band is 0; expected a whole number"),
        ({"columns": ["id"]}, "columns is .*; expected a mapping"),
        ({"columns": {"id": [1]}}, r"columns\.id is \[1\]; expected text"),
        ({"sha256": "abc"}, "expected 64 hexadecimal digits"),
        ({"date": "last summer"}, "date is 'last summer'; expected a year, month or day such as 2019"),
        ({"date": "2026-02-30"}, "date is '2026-02-30'; expected a year"),
        ({"title": 3}, "title is 3; expected a mapping"),
        ({"path": None}, "no key 'path'"),
        ({"path": "a.tif", "units": {"depth": "m"}}, "a raster has one kind of units"),
    ],
)
def test_refused_keys(keys, message):
    with pytest.raises(LayerError, match=rf"layer x: .*{message}"):
        layer({"path": "a.csv", "name": "x", **keys})


def test_an_error_in_a_card_names_its_line(folder):
    (folder / "a.yaml").write_text("path: sites.csv\nstatus: indicative\nlicense: MIT\n")
    with pytest.raises(LayerError, match=r"a\.yaml line 3: unknown key 'license' \(did you mean 'licence'\?\)"):
        layer(folder / "a.yaml")
    (folder / "b.yaml").write_text("path: sites.csv\n\nredistribute: NO\n")
    with pytest.raises(LayerError, match=r"b\.yaml line 3: redistribute is 'NO'"):
        layer(folder / "b.yaml")
    (folder / "c.yaml").write_text("- a\n")
    with pytest.raises(FileError, match=r"holds no keys"):
        layer(folder / "c.yaml")


def test_sha256_is_verified(folder):
    import hashlib

    right = hashlib.sha256(CSV.encode()).hexdigest()
    sites = layer({"path": "sites.csv", "sha256": right.upper()}, folder=folder)
    assert sites.open().attrs["layer"]["sha256"] == right
    (folder / "sites.csv").write_text(CSV + "b,6,52\n")
    with pytest.raises(FileError, match=rf"its card expects {right[:12]}\.\.\."):
        sites.open()


def test_a_status_that_is_not_stated_is_indicative_and_noted(folder):
    frame = layer(folder / "sites.csv").open()
    assert frame.attrs["layer"]["status"] == "indicative"
    assert any("status is not stated" in note for note in frame.attrs["notes"])


def test_describe(folder):
    frame = layer(folder / "sites.csv").open()
    assert describe(frame) == frame.attrs["layer"]
    own = describe(gpd.GeoDataFrame())
    assert own.keys() == frame.attrs["layer"].keys()
    assert (own["name"], own["sha256"]) == ("user data", None)


def test_every_key_of_a_card_is_a_field():
    from dataclasses import fields

    from hazardmap.catalog import card, keys

    assert set(keys.KEYS) == {each.name for each in fields(card.Layer)} - {"folder", "packed"}


def test_the_pack_of_this_checkout_can_be_listed():
    names = [each.name for each in layers()]
    assert names == sorted(pack._pack())


def test_importing_the_catalogue_imports_nothing_heavy():
    script = (
        "import sys, hazardmap.catalog; "
        "print({'pandas', 'numpy', 'rasterio', 'xarray', 'pyogrio', 'shapely'} & {*sys.modules})"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "set()"
