"""Files opened in the programs that authorities have: QGIS and LibreOffice; skipped where these are not installed."""

import csv
import json
import os
import shutil
import subprocess

import pytest

from hazardmap import outputs, tables

PYTHON = "/usr/bin/python3"  # of the system, which QGIS of the system belongs to

ASK = """
import json, sys
from qgis.core import QgsApplication, QgsRasterLayer, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
found = {}
for path in sys.argv[1:]:
    raster = path.endswith((".tif", ".nc"))
    layer = QgsRasterLayer(path, "a") if raster else QgsVectorLayer(path, "a", "ogr")
    said = {"valid": layer.isValid(), "crs": layer.crs().authid(), "renderer": layer.renderer().type()}
    if raster:
        said["bands"] = layer.bandCount()
        if said["renderer"] == "paletted":
            said["classes"] = [[each.value, each.label, each.color.name()] for each in layer.renderer().classes()]
    else:
        said["rows"] = layer.featureCount()
        said["aliases"] = {field.name(): field.alias() for field in layer.fields() if field.alias()}
        said["names"] = [str(feature["name"] or "") for feature in layer.getFeatures()] if "name" in layer.fields().names() else []
        if said["renderer"] == "RuleRenderer":
            groups = layer.renderer().rootRule().children()
            said["groups"] = [[group.label(), group.active()] for group in groups]
            rules = [rule for group in groups for rule in [group, *group.children()]]
            said["faults"] = [rule.filterExpression() for rule in rules if rule.filter().hasParserError()]
            said["colours"] = [rule.symbol().color().name() for rule in groups[0].children()]
    found[path] = said
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def qgis(result, tmp_path_factory):
    """Folder with files, and what QGIS says of each layer in them."""
    known = subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if known.returncode:
        pytest.skip("QGIS (Debian: python3-qgis) is not installed")
    folder = tmp_path_factory.mktemp("qgis")
    for name, path in (("geopackage", "a.gpkg"), ("flatgeobuf", "fgb"), ("geojson", "json"), ("cog", "cog")):
        outputs.get(name)([result], folder / path)
    outputs.get("netcdf")([result], folder / "a.nc")
    names = [f"a.gpkg|layername={name}" for name in tables.layer_names([result])]
    names += sorted(str(path.relative_to(folder)) for path in folder.glob("*/*") if path.suffix != ".qml")
    names.append("a.nc")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}
    asked = subprocess.run(
        [PYTHON, "-c", ASK, *names], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "FOUND" in asked.stdout, asked.stderr
    return json.loads(asked.stdout.partition("FOUND")[2])


def test_qgis_opens_every_layer_with_all_of_its_rows(qgis, result):
    assert len(qgis) == 3 * len(tables.layer_names([result])) + 4 + 1
    assert {said["valid"] for said in qgis.values()} == {True}
    for name, (exposure, of) in tables.layer_names([result]).items():
        table = tables.layer_table(exposure, of)
        for path in (f"a.gpkg|layername={name}", f"fgb/{name}.fgb", f"json/{name}.geojson"):
            said = qgis[path]
            assert (said["rows"], said["crs"]) == (len(table), "EPSG:4326"), path
            if "name" in table:
                assert {text for text in said["names"] if text not in ("", "NULL")} == set(table["name"].dropna())
    rasters = {path: said for path, said in qgis.items() if path.endswith((".tif", ".nc"))}
    assert {said["crs"] for said in rasters.values()} == {"EPSG:3035"}
    assert rasters["a.nc"]["bands"] == 2


def test_qgis_takes_styles_and_units_from_the_geopackage(qgis, result):
    for name in tables.layer_names([result]):
        said = qgis[f"a.gpkg|layername={name}"]
        assert said["groups"] == [["T10", True], ["l'<crue> T100", False]]
        assert said["faults"] == []
        assert len(set(said["colours"])) == len(said["colours"]) == (3 if name == "zones" else 4)
        assert said["aliases"]["level"] == "level [m]"
        assert "country" not in said["aliases"]


def test_qgis_lists_the_classes_of_a_raster_and_no_others(qgis):
    words = ["0.5 to 1 m", "1 to 2 m", "2 m or more"]
    for scenario in ("T10", "T100"):
        said = qgis[f"cog/flood-{scenario}-classes.tif"]["classes"]
        assert [[value, label] for value, label, _ in said] == [[k, text] for k, text in enumerate(words, 1)]
        assert len({colour for _, _, colour in said}) == 3


# LibreOffice: numbers of its options are those of its filter "Text": comma, quote, UTF-8, first line, English
READ = "Text - txt - csv (StarCalc):44,34,76,1,,1033"
WRITE = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true,false,false,false,-1"


def libreoffice(folder, *paths):
    """Have LibreOffice read files and write each sheet as it understood it."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    infilter = [f"--infilter={READ}"] if paths[0].suffix == ".csv" else []
    command = ["soffice", profile, "--headless", *infilter, "--convert-to", WRITE, "--outdir", folder / "read", *paths]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {path.stem.rpartition("-")[2]: read(path) for path in sorted((folder / "read").iterdir())}


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def same_cells(found, expected):
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        for cell, want in zip(row, wanted, strict=False):
            try:
                assert float(cell) == pytest.approx(float(want), rel=1e-12)
            except ValueError:
                assert cell == want
        assert not any(row[len(wanted) :])


def test_the_workbook_says_the_same_in_libreoffice(result, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    outputs.get("xlsx")([result], tmp_path / "a.xlsx", title="Über")
    found = libreoffice(tmp_path, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert set(found) == set(book.sheetnames)
    for sheet in book:
        expected = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
        same_cells(found[sheet.title], expected)
    texts = {cell for row in found["Objects"] for cell in row}
    assert {"""'=HYPERLINK("http://example.org","click")""", "'@x", "Liège", "Öst"} <= texts


def test_the_tables_say_the_same_in_libreoffice(result, tmp_path):
    outputs.get("csv")([result], tmp_path / "tables")
    paths = sorted((tmp_path / "tables").iterdir())
    found = libreoffice(tmp_path, *paths)
    assert set(found) == {path.stem for path in paths}
    for path in paths:
        same_cells(found[path.stem], read(path))
    assert "Öst" in {cell for row in found["zones"] for cell in row}
