"""The portal: what it holds, what it refuses, and that it is whole or not there."""

import dataclasses
import errno
import html
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString, box

import hazardmap as hm
from hazardmap import cli, portal
from hazardmap.dates import source_date
from hazardmap.errors import FileError, HazardmapError, OutputError
from hazardmap.outputs.webmap import BaseMap
from hazardmap.outputs.webmap.adapt import page_of
from hazardmap.outputs.webmap.page import encode_page
from hazardmap.portal import folder as folders
from hazardmap.portal.catalogues import dcat, stac
from hazardmap.portal.figures import Figures, neighbours_of, places_of
from hazardmap.portal.pages import pages
from hazardmap.portal.site import Site, slug
from hazardmap.portal.words import LANGUAGES, Words, texts
from hazardmap.study import Study
from tests.commandline import run

ATTACK = "</style><script>window.hit=1</script><img src=x onerror=window.hit=1>{{7*7}}'\""

PUBLISHER = "Veiligheidsregio & <co>"

STUDY = """\
title: { en: "A flood", nl: "Een overstroming" }
note: "Invented."
area: [5.5, 50.7, 6.1, 51.0]
territories: { path: land.gpkg, licence: ODbL-1.0, attribution: "OpenStreetMap contributors", status: synthetic, covers: [5, 50, 7, 52] }
hazards:
  flood:
    depth:
      - { layer: { path: depth.tif, units: m, licence: CC-BY-4.0, status: synthetic }, label: HQ100, class: medium, return_period: 100 }
    levels: [0.5, 2]
assets:
  sites: { path: sites.gpkg, licence: CC0-1.0, status: synthetic, covers: [5, 50, 7, 52] }
outputs:
  csv: tables
  webmap: "maps/my map #1 é%.html"
"""


def write_data(folder, text="Site"):
    """Two territories side by side, water of 1 m and 3 m across the border, one site in each."""
    land = {
        "id": ["NL-LI", "BE-VLI"],
        "name": [f"{text} east", f"{text} west"],
        "name_nl": ["Oost", "West"],
        "country": ["NL", "BE"],
    }
    gpd.GeoDataFrame(land, geometry=[box(5.8, 50.7, 6.1, 51), box(5.5, 50.7, 5.8, 51)], crs=4326).to_file(
        folder / "land.gpkg"
    )
    depth = np.zeros((30, 60), dtype="float32")
    depth[10:20, 20:30], depth[10:20, 30:50] = 1, 3
    with rasterio.open(
        folder / "depth.tif",
        "w",
        driver="GTiff",
        height=30,
        width=60,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=from_origin(5.5, 51, 0.01, 0.01),
    ) as file:
        file.write(depth, 1)
    sites = {"id": ["a", "b"], "name": [f"{text} A", f"{text} B"]}
    gpd.GeoDataFrame(sites, geometry=gpd.points_from_xy([5.75, 5.85], [50.85, 50.85]), crs=4326).to_file(
        folder / "sites.gpkg"
    )
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def published(study, tmp_path_factory):
    """A portal, and what was published."""
    folder = tmp_path_factory.mktemp("public") / "portal"
    return folder, portal.publish(Study.from_yaml(study), folder, made="2026-01-31", publisher=PUBLISHER)


NONE = "\N{EN DASH}"


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.tags, self.language = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        known = dict(attrs)
        self.language = known.get("lang") if tag == "html" else self.language
        self.found += [known[name] for name in ("href", "src") if name in known]


def test_every_link_leads_to_a_file_of_the_portal(published):
    folder, _ = published
    found = sorted(folder.rglob("*.html"))
    pages = [path for path in found if "data" not in path.parts]
    assert len(pages) == 4 * 3
    for page in pages:
        links = Links(page.read_text(encoding="utf-8")).found
        assert len(links) > 4
        for link in links:
            target = (page.parent / unquote(link.partition("#")[0])).resolve() if not link.startswith("#") else page
            assert target.is_file(), (page, link)
            assert target.is_relative_to(folder.resolve())


def test_a_page_says_its_language_and_holds_no_script(published):
    folder, _ = published
    for language in LANGUAGES:
        path = folder / ("" if language == "en" else language) / "territory-NL-LI.html"
        page = html.unescape(path.read_text(encoding="utf-8"))
        read = Links(page)
        assert read.language == language
        assert "script" not in read.tags
        assert "default-src 'none'" in page
        assert "://" not in page


def test_figures_are_those_of_the_tables(published):
    """10 x 10 cells of 0.01 degrees are west of the border, 20 x 10 east of it."""
    folder, site = published
    place = next(place for place in site.places if place.id == "NL-LI")
    figures = site.figures[0]
    flows = pd.read_csv(folder / "data" / "tables" / "flows.csv")
    own = flows[(flows["territory"] == "NL-LI") & (flows["measure"] == "territories")]
    row = next(row for row in figures.reached(place) if row["measure"] == "territories")
    assert row["totals"][0]["value"] == pytest.approx(own["attributed"].sum(), rel=1e-12)
    other = next(place for place in site.places if place.id == "BE-VLI")
    compared = figures.compared([place, other])
    k = figures.measures.index(("territories", "km2"))
    values = [row["totals"][k]["value"] for row in compared]
    assert values[0] / values[1] == pytest.approx(2, rel=1e-9)
    assert [row["values"][k] > 0 for row in figures.classes(place)] == [False, True]
    assert [item["name"] for item in figures.worst(place)] == ["Site B"]
    assert figures.worst(place)[0]["intensity"] == 3
    assert figures.coverage(place) == pytest.approx(1)


def test_shares_from_abroad_and_what_is_sent(hand_made):
    """Of 100 km2 in NL 75 come from BE and 25 from NL; BE is all its own; 'unknown' is no country."""
    figures = Figures(hand_made)
    nl, be = (next(p for p in places_of(hand_made.territories) if p.id == name) for name in ("NL-1", "BE-1"))
    pair = ("territories", "km2")
    assert figures.summary(nl)["pair"] == pair
    totals = {place.id: figures._total(place, figures.scenario, pair) for place in (nl, be)}
    assert totals["NL-1"]["abroad"] == pytest.approx(0.75)
    assert totals["BE-1"]["abroad"] == 0
    assert [(row["origin"], round(row["share"], 6)) for row in figures.origins(nl)] == [("BE", 0.75), ("NL", 0.25)]
    assert [row["country"] for row in figures.sends("BE")] == ["NL"]
    sent = figures.sends("BE")[0]["values"][figures.measures.index(pair)]
    assert sent == pytest.approx(0.75 * totals["NL-1"]["value"])
    assert figures.sends("NL") == []


@pytest.fixture
def hand_made(raster):
    """Two territories of one row each, all wet; the water in NL is three quarters from BE."""
    depth = raster([[[1.0, 1.0]]], left=4_000_000, top=3_100_000, cell=10_000)
    source = raster([[1, 2]], left=4_000_000, top=3_100_000, cell=10_000).astype("int32")
    land = gpd.GeoDataFrame(
        {"id": ["NL-1", "BE-1"], "country": ["NL", "BE"], "name": ["N", "B"]},
        geometry=[box(4_000_000, 3_090_000, 4_010_000, 3_100_000), box(4_010_000, 3_090_000, 4_020_000, 3_100_000)],
        crs=3035,
    )
    footprint = hm.Footprint(
        hazard="flood",
        intensity=depth,
        units="m",
        levels=(0.5,),
        scenarios=hm.scenario_table([{"label": "HQ100", "return_period": 100}]),
        shares=pd.DataFrame(
            {"source": [0, 1, 1, 2], "origin": ["unknown", "BE", "NL", "BE"], "share": [1.0, 0.75, 0.25, 1.0]}
        ),
        source=source,
    )
    return hm.overlay(footprint, land)


def test_the_folder_verifies_and_so_does_sha256sum(published):
    folder, site = published
    assert portal.verify(folder) == []
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    listed = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {file.path: file.sum for file in site.downloads}.items() <= listed.items()


def test_two_runs_give_the_same_bytes(study, published, tmp_path):
    folder, _ = published
    portal.publish(Study.from_yaml(study), tmp_path / "again", made="2026-01-31", publisher=PUBLISHER)
    assert (tmp_path / "again" / "SHA256SUMS").read_bytes() == (folder / "SHA256SUMS").read_bytes()


def test_the_stac_catalogue_is_valid_and_whole(published):
    pystac = pytest.importorskip("pystac")
    validation = pytest.importorskip("pystac.validation", reason="jsonschema is not installed")
    folder, site = published
    catalogue = pystac.Catalog.from_file(str(folder / "stac" / "catalog.json"))
    validator = validation.JsonSchemaSTACValidator()
    found = [catalogue, *catalogue.get_children(), *catalogue.get_items(recursive=True)]
    assert [type(each).__name__ for each in found] == ["Catalog", "Collection", "Item"]
    for each in found:
        # the schemas of the specification come with pystac; that of the extension 'file' lies on the network
        validator.validate_core(each.to_dict(include_self_link=False), each.STAC_OBJECT_TYPE, "1.1.0")
    for name, asset in found[2].assets.items():
        path = folder / "stac" / unquote(asset.href)
        assert path.stat().st_size == asset.extra_fields["file:size"], name
        assert asset.extra_fields["file:checksum"] == f"1220{portal.checksums.sha256(path)}"
    assert len(found[2].assets) == len(site.downloads) >= 7


@pytest.mark.filterwarnings(
    "ignore:ConjunctiveGraph:DeprecationWarning", "ignore:Dataset:DeprecationWarning"
)  # rdflib's own
def test_dcat_is_read_as_rdf_without_a_network(published):
    rdflib = pytest.importorskip("rdflib")
    folder, site = published
    graph = rdflib.Graph().parse(
        data=(folder / "dcat.jsonld").read_text(encoding="utf-8"),
        format="json-ld",
        base="https://example.org/portal/dcat.jsonld",
    )
    dcat, dct = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://purl.org/dc/terms/")
    assert len(list(graph.subjects(rdflib.RDF.type, dcat.Distribution))) == len(site.downloads)
    [data_set] = graph.subjects(rdflib.RDF.type, dcat.Dataset)
    assert {title.language for title in graph.objects(data_set, dct.title)} == {"en", "nl"}
    assert [str(each) for each in graph.objects(data_set, dct.license)] == [
        "https://opendatacommons.org/licenses/odbl/1-0/"
    ]
    assert "https://example.org/portal/data/run.json" in {str(each) for each in graph.objects(None, dcat.downloadURL)}
    assert {int(size) for size in graph.objects(None, dcat.byteSize)} == {file.size for file in site.downloads}
    for name, kinds in DCAT_AP.items():
        nodes = list(graph.subjects(rdflib.RDF.type, rdflib.URIRef(name)))
        assert nodes, name
        for node in nodes:
            for path, (least, most, kind) in kinds.items():
                values = list(graph.objects(node, rdflib.URIRef(path)))
                assert least <= len(values) <= most, (name, path, values)
                assert all(is_of(graph, value, kind) for value in values), (name, path, values)
    assert {str(each) for each in graph.objects(None, rdflib.URIRef(f"{FOAF}name"))} == {PUBLISHER}


DCAT, DCT, FOAF = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/", "http://xmlns.com/foaf/0.1/"
SPDX, XSD, SKOS = (
    "http://spdx.org/rdf/terms#",
    "http://www.w3.org/2001/XMLSchema#",
    "http://www.w3.org/2004/02/skos/core#",
)
MANY = 99
DATES = {f"{XSD}{name}" for name in ("date", "dateTime", "gYear", "gYearMonth")}
# How often each property stands, and what it points to: DCAT-AP 3.0.0 (SEMIC), its shapes for the classes used here;
# recommended ones are asked for too where something is known of them.
DCAT_AP = {
    f"{DCAT}Catalog": {
        f"{DCT}title": (1, MANY, "text"),
        f"{DCT}description": (1, MANY, "text"),
        f"{DCT}publisher": (1, 1, f"{FOAF}Agent"),
        f"{DCT}language": (1, MANY, f"{DCT}LinguisticSystem"),
        f"{DCT}issued": (0, 1, "date"),
        f"{DCT}spatial": (1, MANY, f"{DCT}Location"),
        f"{FOAF}homepage": (1, 1, f"{FOAF}Document"),
        f"{DCAT}dataset": (1, MANY, f"{DCAT}Dataset"),
    },
    f"{FOAF}Agent": {f"{FOAF}name": (1, MANY, "text")},
    f"{DCAT}Dataset": {
        f"{DCT}title": (1, MANY, "text"),
        f"{DCT}description": (1, MANY, "text"),
        f"{DCT}publisher": (1, 1, f"{FOAF}Agent"),
        f"{DCT}identifier": (1, MANY, "text"),
        f"{DCT}language": (1, MANY, f"{DCT}LinguisticSystem"),
        f"{DCT}issued": (0, 1, "date"),
        f"{DCT}spatial": (1, MANY, f"{DCT}Location"),
        f"{DCT}provenance": (1, MANY, f"{DCT}ProvenanceStatement"),
        f"{DCAT}keyword": (1, MANY, "text"),
        f"{DCAT}theme": (1, MANY, f"{SKOS}Concept"),
        f"{DCAT}distribution": (1, MANY, f"{DCAT}Distribution"),
    },
    f"{SKOS}Concept": {f"{SKOS}prefLabel": (1, MANY, "text")},
    f"{DCT}Location": {f"{DCAT}bbox": (1, 1, "text")},
    f"{DCAT}Distribution": {
        f"{DCAT}accessURL": (1, MANY, "address"),
        f"{DCAT}downloadURL": (1, MANY, "address"),
        f"{DCAT}mediaType": (1, 1, f"{DCT}MediaType"),
        f"{DCAT}byteSize": (1, 1, f"{XSD}nonNegativeInteger"),
        f"{DCT}format": (1, 1, f"{DCT}MediaTypeOrExtent"),
        f"{DCT}license": (1, 1, f"{DCT}LicenseDocument"),
        f"{DCT}issued": (0, 1, "date"),
        f"{DCT}title": (1, MANY, "text"),
        f"{SPDX}checksum": (1, 1, f"{SPDX}Checksum"),
    },
    f"{SPDX}Checksum": {
        f"{SPDX}algorithm": (1, 1, f"{SPDX}ChecksumAlgorithm"),
        f"{SPDX}checksumValue": (1, 1, f"{XSD}hexBinary"),
    },
}


def is_of(graph, value, kind):
    """Whether a value of RDF is a literal of a kind, an address, or a node of a class."""
    from rdflib import RDF, Literal, URIRef

    if kind == "address":
        return isinstance(value, URIRef)
    if kind == "text":
        return isinstance(value, Literal)
    if kind == "date":
        return str(value.datatype) in DATES
    if kind.startswith(XSD):
        return isinstance(value, Literal) and str(value.datatype) == kind
    return (value, RDF.type, URIRef(kind)) in graph


DAMAGE = {
    "changed: index.html": lambda folder: (folder / "index.html").write_text("other"),
    "missing: dcat.jsonld": lambda folder: (folder / "dcat.jsonld").unlink(),
    "added: notes.txt": lambda folder: (folder / "notes.txt").write_text("mine"),
    "added: nl/link": lambda folder: (folder / "nl" / "link").symlink_to("/etc/passwd"),
    "link: index.html": lambda folder: (
        (folder / "index.html").unlink(),
        (folder / "index.html").symlink_to("/etc/passwd"),
    ),
    "link: nl/index.html": lambda folder: (
        (folder / "nl").rename(folder.parent / "elsewhere"),
        (folder / "nl").symlink_to(folder.parent / "elsewhere"),
    ),
    "not in the folder: ../secret": lambda folder: append(folder, "../secret"),
    "not in the folder: /etc/passwd": lambda folder: append(folder, "/etc/passwd"),
    "twice in the list: index.html": lambda folder: append(folder, "index.html"),
}


def append(folder, name):
    with (folder / "SHA256SUMS").open("a") as stream:
        stream.write(f"{'0' * 64}  {name}\n")


@pytest.mark.parametrize("finding", DAMAGE)
def test_verify_finds_what_became_of_a_folder(published, tmp_path, finding):
    copy = tmp_path / "copy"
    shutil.copytree(published[0], copy)
    DAMAGE[finding](copy)
    assert finding in portal.verify(copy)
    # a damaged portal is never replaced: what is in it may be somebody's work
    if not finding.startswith("missing"):
        with pytest.raises(OutputError, match="changed since"):
            small(copy)


@pytest.mark.parametrize("text", ["", "no sum\n", f"{'0' * 63}  name\n", f"{'0' * 64}  \n"])
def test_a_list_that_is_none_is_one_error(tmp_path, text):
    (tmp_path / "SHA256SUMS").write_text(text)
    with pytest.raises(FileError, match="expected"):
        portal.verify(tmp_path)


def test_a_folder_without_a_list_is_one_error(tmp_path):
    with pytest.raises(FileError, match="SHA256SUMS"):
        portal.verify(tmp_path)


def small(folder, content="new", error=None, name="index.html", late=None):
    """Publish one page; write a file into the old folder, or fail, in the middle of it."""
    with folders.replaced(folder) as new:
        (new / name).write_text(content)
        if late is not None:
            (folder / late).write_text("mine")
        if error is not None:
            raise error


def test_a_published_folder_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    small(tmp_path / "a", "one")
    small(tmp_path / "a", "two")
    assert (tmp_path / "a" / "index.html").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_foreign_files_are_refused_and_kept(tmp_path):
    mine = tmp_path / "a" / "thesis.doc"
    mine.parent.mkdir()
    mine.write_text("years of work")
    with pytest.raises(OutputError, match="was not published"):
        small(tmp_path / "a")
    assert mine.read_text() == "years of work"
    small(tmp_path / "b")
    (tmp_path / "b" / "robots.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"added: robots\.txt"):
        small(tmp_path / "b", "newer")
    assert (tmp_path / "b" / "index.html").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_folder_with_a_list_of_sums_of_somebody_else_is_no_portal(tmp_path):
    """Many keep a list of the same name beside their own files."""
    small(tmp_path / "a")
    (tmp_path / "a" / "hazardmap.txt").unlink()
    with pytest.raises(OutputError, match=r"no hazardmap\.txt"):
        small(tmp_path / "a", "newer")
    folders.write_sums(tmp_path / "a")
    assert portal.verify(tmp_path / "a") == []
    with pytest.raises(OutputError, match=r"no hazardmap\.txt"):
        small(tmp_path / "a", "newer")
    assert (tmp_path / "a" / "index.html").read_text() == "new"


def test_a_whole_disk_is_refused():
    with pytest.raises(OutputError, match="is a whole disk"):
        small(Path("/"))


def test_names_that_no_disk_or_terminal_takes_are_findings(tmp_path):
    small(tmp_path / "a")
    append(tmp_path / "a", "n" * 300)
    (tmp_path / "a" / "\x1b[31mred").write_text("")
    assert portal.verify(tmp_path / "a") == ["added: '\\x1b[31mred'", f"not readable: {'n' * 300}"]


def test_a_foreign_file_that_comes_while_publishing_is_kept(tmp_path):
    small(tmp_path / "a", "old")
    with pytest.raises(OutputError, match="added: late"):
        small(tmp_path / "a", "new", late="late")
    assert (tmp_path / "a" / "late").read_text() == "mine"
    assert (tmp_path / "a" / "index.html").read_text() == "old"


def test_a_failure_leaves_the_old_folder(tmp_path):
    small(tmp_path / "a", "old")
    with pytest.raises(ZeroDivisionError):
        small(tmp_path / "a", "half", ZeroDivisionError())
    assert portal.verify(tmp_path / "a") == []
    assert (tmp_path / "a" / "index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_killed_between_the_two_steps_of_the_exchange_the_next_one_puts_the_old_back(tmp_path):
    small(tmp_path / "a", "old")
    (tmp_path / "a").rename(tmp_path / ".a.hazardmap-old")
    with pytest.raises(ZeroDivisionError):
        small(tmp_path / "a", "half", ZeroDivisionError())
    assert (tmp_path / "a" / "index.html").read_text() == "old"
    small(tmp_path / "a", "new")
    assert (tmp_path / "a" / "index.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_killed_publish_leaves_the_old_portal_and_the_next_one_clears_up(tmp_path):
    small(tmp_path / "a", "old")
    code = (
        "import sys, time; from pathlib import Path; from hazardmap.portal.folder import replaced\n"
        "with replaced(Path(sys.argv[1])) as new:\n"
        "    (new / 'index.html').write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert portal.verify(tmp_path / "a") == []
    assert (tmp_path / "a" / "index.html").read_text() == "old"
    small(tmp_path / "a", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_one_error_and_leaves_the_old_folder(tmp_path):
    small(tmp_path / "a", "old")
    with pytest.raises(OutputError, match="No space left"):
        small(tmp_path / "a", "half", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert portal.verify(tmp_path / "a") == []
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_hazard_without_origins_says_nothing_of_them(hand_made):
    footprint = dataclasses.replace(
        hand_made.footprint, shares=pd.DataFrame({"source": [0, 1, 2], "origin": "none", "share": 1.0})
    )
    site = Site(
        exposures=[hm.overlay(footprint, hand_made.territories)],
        study={"title": "t", "area": [4, 50, 5, 51]},
        map="m.html",
    )
    page = dict(pages(site))["territory-NL-1.html"]
    assert re.search(r"HQ100: [0-9.]+ km²\.", page)
    assert "nothing is reached" not in page
    assert "Where it comes from" not in page
    assert "none" not in page.partition("<main")[2]


def test_an_unknown_origin_is_not_told_as_nothing_from_abroad(hand_made):
    """All of NL has no known origin: no share from abroad, rather than 0 %; half of BE has one."""
    shares = pd.DataFrame(
        {"source": [0, 1, 2, 2], "origin": ["unknown", "unknown", "NL", "unknown"], "share": [1.0, 1.0, 0.5, 0.5]}
    )
    exposure = hm.overlay(dataclasses.replace(hand_made.footprint, shares=shares), hand_made.territories)
    site = Site(exposures=[exposure], study={"title": "t", "area": [4, 50, 5, 51]}, map="m.html")
    found = dict(pages(site))
    nl, be = (re.search('<p class="summary">(.*)</p>', found[f"territory-{name}-1.html"])[1] for name in ("NL", "BE"))
    assert re.fullmatch(r"HQ100: [0-9.]+ km²\. The origin of 100% is not known\.", nl)
    assert ", 50% of it attributed to other countries; most to: " in be
    assert be.endswith("The origin of 50% is not known.")


def test_each_scenario_says_what_it_covers(raster):
    """T100 is known and wet in NL; T1000 is not known there: no dash without its reason."""
    nothing = float("nan")
    depth = raster([[[1.0, 0.0]], [[nothing, 0.0]]], left=4_000_000, top=3_100_000, cell=10_000)
    land = gpd.GeoDataFrame(
        {"id": ["NL-1", "BE-1"], "country": ["NL", "BE"], "name": ["N", "B"]},
        geometry=[box(4_000_000, 3_090_000, 4_010_000, 3_100_000), box(4_010_000, 3_090_000, 4_020_000, 3_100_000)],
        crs=3035,
    )
    maps = [{"label": "HQ100", "return_period": 100}, {"label": "HQ1000", "return_period": 1000}]
    footprint = hm.Footprint(
        hazard="flood",
        intensity=depth,
        units="m",
        levels=(0.5,),
        scenarios=hm.scenario_table(maps),
        shares=pd.DataFrame({"source": [0], "origin": ["unknown"], "share": [1.0]}),
    )
    exposure = hm.overlay(footprint, land)
    nl = next(place for place in places_of(land) if place.id == "NL-1")
    figures = Figures(exposure)
    assert [figures.coverage(nl, name) for name in figures.scenarios] == [pytest.approx(1), 0]
    found = dict(pages(Site(exposures=[exposure], study={"title": "t", "area": [4, 50, 5, 51]}, map="m.html")))
    page = found["territory-NL-1.html"]
    assert "HQ1000: there are no data here, so nothing is known." in page
    assert '<td class="number">100%</td><td class="number">0%</td>' in page
    assert "HQ1000: as far as is known, nothing is reached here." in found["territory-BE-1.html"]


def test_a_licence_that_could_not_be_checked_is_not_told_as_free(hand_made):
    inputs = ({"name": "a", "licence": "ODbL-1.0"}, {"name": "b", "licence": "house rules"})
    study = {"title": "t", "area": [4, 50, 5, 51]}
    for known, told in ((inputs[:1], "may be passed on under ODbL-1.0"), (inputs, "Not all of them could be checked")):
        exposure = dataclasses.replace(hand_made, inputs=known)
        found = dict(pages(Site(exposures=[exposure], study=study, map="m.html")))
        assert all(told in found[name] for name in ("index.html", "territory-NL-1.html"))
        assert ("may be passed on" in found["index.html"]) == (len(known) == 1)


def test_a_name_that_cannot_be_listed_is_refused(tmp_path):
    with pytest.raises(OutputError, match="printable name"):
        small(tmp_path / "a", name="two\nlines")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_computed(study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        portal.publish(Study.from_yaml(study), tmp_path / "file" / "portal", say=pytest.fail)
    with pytest.raises(OutputError, match="is a file"):
        portal.publish(Study.from_yaml(study), tmp_path / "file", say=pytest.fail)
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(OutputError, match="cannot be written"):
            portal.publish(Study.from_yaml(study), tmp_path / "closed" / "portal", say=pytest.fail)


def nothing_computed(step):
    assert step == "running the study"  # and no step of it


CHANGES = {
    "a layer that must not be passed on": (
        ("licence: CC0-1.0", "licence: CC0-1.0, redistribute: false"),
        "'sites' must not be redistributed",
    ),
    "licences that cannot be combined": (
        ("licence: CC0-1.0", "licence: CC-BY-NC-4.0"),
        r"'sites' is under CC-BY-NC-4.0.*ODbL-1.0",
    ),
    "a licence without derivatives": (
        ("licence: CC0-1.0", "licence: CC-BY-ND-4.0"),
        "'sites' is under CC-BY-ND-4.0, which allows no derivatives",
    ),
    "an output of one's own": (("csv: tables", "csv: { path: tables, restricted: true }"), "outputs.csv is restricted"),
    "a path that leaves": (("csv: tables", "csv: ../../tables"), "leaves the output folder"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_cannot_be_published_is_one_error_and_writes_nothing(study, tmp_path, case):
    change, message = CHANGES[case]
    assert change[0] in STUDY
    path = study.with_name(f"{list(CHANGES).index(case)}.yaml")
    path.write_text(STUDY.replace(*change), encoding="utf-8")
    with pytest.raises(HazardmapError, match=message):
        portal.publish(Study.from_yaml(path), tmp_path / "portal", say=nothing_computed)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("made", ["31/01/2026", "2026-02-30", "2026", "last summer", "2026-01-31T12:00:00"])
def test_a_date_that_is_none_is_refused_before_anything_is_computed(study, tmp_path, made):
    with pytest.raises(OutputError, match=r"made is .*; expected a date such as 2026-01-31"):
        portal.publish(Study.from_yaml(study), tmp_path / "a", made=made, say=pytest.fail)
    with pytest.raises(OutputError, match=r"made is .*; expected a date such as 2026-01-31"):
        Study.from_yaml(study).run(tmp_path / "a", made=made, say=pytest.fail)
    assert list(tmp_path.iterdir()) == []


def test_the_time_of_a_catalogue_is_that_of_the_run_in_utc(hand_made):
    def times(**how):
        site = Site(exposures=[hand_made], study={"title": "A", "area": [5, 50, 6, 51]}, map="map.html", **how)
        found = dict(stac(site))
        item = next((json.loads(text) for path, text in found.items() if path.endswith("flood.json")), None)
        return item and item["properties"]["datetime"], json.loads(dcat(site)).get("dct:issued")

    assert times(made="2026-01-31T01:30:00+02:00") == (
        "2026-01-30T23:30:00Z",
        {"@type": "xsd:dateTime", "@value": "2026-01-30T23:30:00Z"},
    )
    assert times(made="2026-01-31")[1] == {"@type": "xsd:date", "@value": "2026-01-31"}
    assert times()[1] is None


def test_an_epoch_that_is_none_is_one_line(monkeypatch):
    for text in ("yesterday", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
        with pytest.raises(OutputError, match="expected seconds since 1970"):
            source_date()


def test_an_unknown_language_is_refused(study, tmp_path):
    with pytest.raises(OutputError, match="'xx'; expected one of nl, fr, de, en"):
        portal.publish(Study.from_yaml(study), tmp_path / "a", language="xx")


def test_texts_of_others_are_escaped_everywhere(hand_made):
    land = hand_made.territories.assign(id=[f"../{ATTACK}", "BE-1"], name=[ATTACK, "B"])
    exposure = dataclasses.replace(
        hand_made,
        territories=land,
        assets=hand_made.assets.replace({"NL-1": f"../{ATTACK}"}),
        notes=(ATTACK,),
        inputs=(
            {
                "name": ATTACK,
                "title": ATTACK,
                "licence": ATTACK,
                "attribution": ATTACK,
                "source": ATTACK,
                "status": "indicative",
            },
        ),
    )
    contacts = [{"territory": "NL", "organisation": ATTACK, "phone": ATTACK}]
    site = Site(
        exposures=[exposure],
        study={"title": ATTACK, "note": ATTACK, "area": [4, 50, 5, 51]},
        map="data/map.html",
        made=ATTACK,
        contacts=contacts,
    )
    found = dict(pages(site))
    assert len(found) == 12
    assert all(re.fullmatch(r"((nl|fr|de)/)?(index|territory-[A-Z0-9a-f-]+)\.html", name) for name in found)
    for text in found.values():
        assert "<script" not in text
        assert "<img" not in text
        assert "49'" not in text
        assert text.count("</style>") == 1


def test_slugs_are_stable_and_differ_on_any_disk():
    assert slug("NL-LI") == "NL-LI"
    names = [slug(text) for text in ("nl-li", "NL-LI", "Nl-Li", "..", "../x", "", "é" * 300, "a/b", "a\\b", "CON")]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(re.fullmatch("[A-Za-z0-9-]{1,40}", name) for name in names)


def test_neighbours_touch_and_places_have_their_countries():
    land = gpd.GeoDataFrame(
        {"id": ["A", "B", "C", "D"], "country": ["NL", "NL", "BE", "DE"]},
        geometry=[box(0, 0, 1, 1), box(1.0005, 0, 2, 1), box(2, 1, 3, 2), box(9, 9, 10, 10)],
        crs=4326,
    )
    assert neighbours_of(land) == {"A": ["B"], "B": ["A", "C"], "C": ["B"], "D": []}
    assert [(place.id, place.whole) for place in places_of(land)] == [
        ("C", False),
        ("D", False),
        ("NL", True),
        ("A", False),
        ("B", False),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_texts(language):
    read = lambda name: json.loads((Path(portal.__file__).parent / "i18n" / f"{name}.json").read_text(encoding="utf-8"))  # noqa: E731
    found, english = read(language), read("en")
    assert list(found) == list(english)
    for key, text in english.items():
        assert found[key].strip() or key == "thousands"
        assert set(re.findall(r"{(\w+)}", found[key])) == set(re.findall(r"{(\w+)}", text)), key


def test_every_text_that_a_template_asks_for_exists_and_none_is_idle():
    sources = [
        path.read_text(encoding="utf-8")
        for path in Path(portal.__file__).parent.rglob("*")
        if path.suffix in (".html", ".py")
    ]
    asked = {key for text in sources for key in re.findall(r"""words\(f?["']([^"'{]+)["']""", text)}
    assert {key for key in asked if not key.endswith(".")} <= set(texts("en"))
    own = json.loads((Path(portal.__file__).parent / "i18n" / "en.json").read_text(encoding="utf-8"))
    asked |= {"portal.plain"}  # named in a condition
    assert {key for key in own if key.startswith("portal.") and not key.startswith("portal.class.from")} <= asked


def test_numbers_in_four_languages():
    assert [Words(language).number(1234.5, 5) for language in LANGUAGES] == [
        "1.234,5",
        "1\u202f234,5",
        "1.234,5",
        "1,234.5",
    ]
    en = Words("en")
    assert [en.number(value) for value in (0, 5, 0.0123, 987654, float("nan"), None)] == [
        "0",
        "5",
        "0.0123",
        "988,000",
        NONE,
        NONE,
    ]
    assert [en.percent(value) for value in (0, 0.001, 0.005, 0.5, 0.995, 0.9999, 1 - 1e-12, 1, None)] == [
        "0%",
        "< 1%",
        "< 1%",
        "50%",
        "> 99%",
        "> 99%",
        "100%",
        "100%",
        NONE,
    ]
    assert (en.amount(0.01, "km2"), en.country("BE"), en.country("unknown"), en.country("XX")) == (
        NONE,
        "Belgium",
        "unknown",
        "XX",
    )


def test_people_are_whole():
    nl = Words("nl")
    people = [nl.amount(value, "people") for value in (0.0, 0.79, 1 - 1e-12, 1, 36.3, 12345.6, None)]
    assert people == [NONE, "< 1", "1", "1", "36", "12.300", NONE]
    assert nl.amount(0.79, "count") == nl.amount(0.79, "people in places hit") == "< 1"
    assert (nl.amount(0.79, "km2"), nl.quantity(0.01, "people"), nl.quantity(0.01, "km2")) == ("0,79", "< 1", "0,01")


def test_map_pages_and_command_line_open_on_one_scenario(raster, capsys):
    """HQ100 is the medium one of three; without classes it is the last, the rarest; of months the one that reaches most."""
    depth = raster([[[0.0, 1.0]], [[1.0, 1.0]], [[0.0, 1.0]]], left=4_000_000, top=3_100_000, cell=10_000)
    land = gpd.GeoDataFrame(
        {"id": ["NL"], "country": ["NL"]}, geometry=[box(4e6, 3_090_000, 4_020_000, 3.1e6)], crs=3035
    )
    labels = ["HQ10", "HQ100", "HQ1000"]
    with_classes = [
        {"label": label, "return_period": 10 * 10**k, "class": each}
        for k, (label, each) in enumerate(zip(labels, ("high", "medium", "low"), strict=True))
    ]
    without = [{key: value for key, value in item.items() if key != "class"} for item in with_classes]
    months = [{"id": f"2018-0{k}"} for k in (1, 2, 3)]
    shares = pd.DataFrame({"source": [0], "origin": ["NL"], "share": [1.0]})
    for scenarios, page, shown in ((with_classes, 1, 1), (without, 2, 2), (months, 2, 1)):
        table = hm.scenario_table(scenarios)
        footprint = hm.Footprint(
            hazard="flood", intensity=depth, units="m", levels=(0.5,), scenarios=table, shares=shares
        )
        exposure = hm.overlay(footprint, land)
        described = encode_page(page_of([exposure], title="t", base=BaseMap(), made=None)).description
        assert described["hazards"][0]["first"] == page
        assert Figures(exposure).scenario == table.index[shown]
        cli._print_flows(exposure)
        assert capsys.readouterr().out.startswith(f"flood, {table['label'].iloc[shown]};")


def test_what_counts_twice_in_a_country_is_told(raster):
    """A line across two territories of the Netherlands."""
    depth = raster([[1.0, 1.0]], left=4_000_000, top=3_100_000, cell=10_000)
    land = gpd.GeoDataFrame(
        {"id": ["NL-1", "NL-2"], "country": ["NL", "NL"]},
        geometry=[box(4_000_000, 3_090_000, 4_010_000, 3_100_000), box(4_010_000, 3_090_000, 4_020_000, 3_100_000)],
        crs=3035,
    )
    dike = gpd.GeoDataFrame(
        {"id": ["a"]}, geometry=[LineString([(4_005_000, 3_095_000), (4_015_000, 3_095_000)])], crs=3035
    )
    exposure = hm.overlay(hm.flood(depth, levels=[0.5]), land, {"dikes": dike})
    figures = Figures(exposure)
    whole = next(place for place in places_of(land) if place.whole)
    assert figures._total(whole, figures.scenario, ("dikes", "count"))["value"] == 2
    found = dict(pages(Site(exposures=[exposure], study={"title": "t", "area": [4, 50, 5, 51]}, map="m.html")))
    assert Words("en")("portal.counted") in found["country-NL.html"]
    assert Words("en")("portal.counted") not in found["territory-NL-1.html"]


def test_the_command_line(study, tmp_path):
    done = run("publish", study, "portal", "--language", "nl", cwd=tmp_path)
    count = sum(path.is_file() for path in (tmp_path / "portal" / "data").rglob("*"))
    assert (done.returncode, done.stdout) == (0, f"published {count} files and 2 territories: portal/index.html\n"), (
        done.stderr
    )
    assert '<html lang="nl">' in (tmp_path / "portal" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "portal" / "data" / "run.json").write_text("{}")
    done = run("verify", "portal", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "changed: data/run.json\n")
    done = run("publish", study, "portal", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "changed: data/run.json" in done.stderr.splitlines()[-1]
