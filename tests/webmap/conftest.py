"""A small page that shows everything, and a browser to open it in."""

import os
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from shapely import LineString, MultiPolygon, Point, box

from hazardmap.outputs.webmap.model import Attribute, BaseMap, FeatureLayer, Hazard, Page, RasterStack, Scenario
from scripts.browser import OPTIONS, READY, chromium

LEVELS = (0.5, 1.0, 2.0, 4.0)
SCENARIOS = (
    Scenario(id="T10", label="HQ10", likelihood="high", return_period=10),
    Scenario(id="T100", label="HQ100", likelihood="medium", return_period=100),
)


def make_depths(seed=1, *, rows=40, columns=60, left=5.0, top=51.5, cell=1 / 120, crs="EPSG:4326"):
    """Two depth rasters, (2, 40, 60): a river of water, dry land, and a corner of which nothing is known."""
    rng = np.random.default_rng(seed)
    across = np.abs(np.arange(rows)[:, None] - rows / 2 - 6 * np.sin(np.arange(columns) / 8)[None])
    depths = np.stack([np.clip(k - across / 2 + rng.normal(0, 0.3, across.shape), 0, None) for k in (2.5, 5)])
    depths[:, :10, :12] = np.nan
    raster = xr.DataArray(
        depths.astype("float32"),
        dims=("scenario", "y", "x"),
        coords={"y": top - cell * (np.arange(rows) + 0.5), "x": left + cell * (np.arange(columns) + 0.5)},
        attrs={"units": "m"},
    )
    return raster.rio.write_crs(crs).rio.write_transform(Affine(cell, 0, left, 0, -cell, top))


def make_sites(text="Site"):
    """Four points: hit, dry where known, dry, not covered in the first scenario; all hit in the second."""
    frame = gpd.GeoDataFrame(
        {
            "name": [f"{text} {k}" for k in range(4)],
            "country": ["NL", "NL", "DE", "BE"],
            "status@T10": [0, 1, 2, 3],
            "status@T100": [0, 0, 0, 0],
            "maximum@T10": [1.25, 0.0, 0.0, None],
            "maximum@T100": [2.5, 1.5, 0.75, 0.5],
            "mix@T10": pd.array([0, None, None, None], dtype="Int64"),
            "mix@T100": pd.array([0, 1, 0, 0], dtype="Int64"),
        },
        geometry=[Point(5.1 + 0.1 * k, 51.33) for k in range(4)],
        crs=4326,
    )
    attributes = (
        Attribute(name="name"),
        Attribute(name="country", kind="country"),
        Attribute(name="status", kind="code", per_scenario=True),
        Attribute(name="maximum", units="m", digits=1, kind="number", per_scenario=True),
        Attribute(name="mix", kind="mix", per_scenario=True),
    )
    source = {"name": "sites", "attribution": f"{text} list", "licence": "CC0-1.0"}
    return FeatureLayer(
        name="sites",
        title=f"{text} layer",
        frame=frame,
        attributes=attributes,
        status="status",
        mixes=((("DE", 60), ("CH", 40)), (("FR", 100),)),
        source=source,
    )


def make_seams(text="Site"):
    """A step in both scenarios along one line, and water on one side only in the second; side by side at 51.25 N."""
    frame = gpd.GeoDataFrame(
        {
            "scenario": [0, 1, 1],
            "kind": ["step in depth", "wet on one side only", text],
            "length_m": [1200.0, 800.0, 50.0],
            "step_m": [0.8, 1.4, None],
            "country_a": ["NL", "NL", "NL"],
            "label_a": [f"{text} HQ100"] * 3,
        },
        geometry=[LineString([(5.1 + 0.1 * k, 51.25), (5.18 + 0.1 * k, 51.25)]) for k in range(3)],
        crs=4326,
    )
    attributes = (
        Attribute(name="kind", kind="seam"),
        Attribute(name="scenario", kind="scenario"),
        Attribute(name="length_m", units="m", digits=0, kind="number"),
        Attribute(name="step_m", units="m", digits=1, kind="number"),
        Attribute(name="country_a", kind="country"),
        Attribute(name="label_a"),
    )
    return FeatureLayer(name="seams", title="seams", frame=frame, attributes=attributes)


def make_series(months=24):
    """A drought index, ``(months, 6, 6)``, that falls from month to month in the west; the lower the worse."""
    rows, columns, cell, left, top = 6, 6, 0.1, 5.0, 51.5
    index = np.zeros((months, rows, columns), dtype="float32")
    index[:, :, :3] = np.linspace(0, -2.5, months)[:, None, None]
    coords = {"y": top - cell * (np.arange(rows) + 0.5), "x": left + cell * (np.arange(columns) + 0.5)}
    raster = xr.DataArray(index, dims=("scenario", "y", "x"), coords=coords, attrs={"units": "1"})
    raster = raster.rio.write_crs("EPSG:4326").rio.write_transform(Affine(cell, 0, left, 0, -cell, top))
    ids = [f"{2020 + k // 12}-{k % 12 + 1:02d}" for k in range(months)]
    flows = pd.DataFrame(
        [(ids[k], -1.0, "territories", "km2", "none", land, 100.0 * k) for k in range(months) for land in ("NL", "BE")],
        columns=["scenario", "level", "measure", "unit", "origin", "territory", "attributed"],
    )
    hazard = Hazard(
        name="drought",
        title="drought",
        units="1",
        levels=(-1.0, -1.5, -2.0),
        worse="lower",
        palette="heat",
        scenarios=tuple(Scenario(id=name, label=name, month=name) for name in ids),
        raster=RasterStack(intensity=raster),
        flows=flows,
    )
    return Page(title="Drought", hazards=(hazard,), base=make_base())


def make_base():
    """A country of land with a lake, a river, a border and two towns."""
    land = gpd.GeoDataFrame(geometry=[box(4, 50, 7, 52.5)], crs=4326)
    places = {
        "name": ["Maastricht", "Liège"],
        "name_nl": [None, "Luik"],
        "name_de": [None, "Lüttich"],
        "population": [120000, 197000],
    }
    towns = gpd.GeoDataFrame(places, geometry=[Point(5.69, 50.85), Point(5.57, 50.63)], crs=4326)
    countries = gpd.GeoDataFrame(
        {"country": ["BE", "NL"]}, geometry=[box(4, 50, 7, 51.2), box(4, 51.2, 7, 52.5)], crs=4326
    )
    return BaseMap(
        land=land,
        lakes=gpd.GeoDataFrame(geometry=[box(5.2, 52, 5.5, 52.3)], crs=4326),
        rivers=gpd.GeoDataFrame({"rank": [4]}, geometry=[LineString([(4, 51.3), (7, 51.4)])], crs=4326),
        borders=countries,
        places=towns,
        sources=({"name": "base", "attribution": "Base makers", "licence": "PDDL-1.0"},),
    )


def make_page(text="Site", **changes):
    """A page with everything on it. ``text`` goes wherever a text can go."""
    territories = gpd.GeoDataFrame(
        {"id": ["NL-1", "BE-1"], "name": [f"{text} north", f"{text} south"], "country": ["NL", "BE"]},
        geometry=[box(4.8, 51.2, 5.6, 51.6), MultiPolygon([box(4.8, 51, 5.6, 51.2)])],
        crs=4326,
    )
    depths = make_depths()
    source = xr.DataArray(np.where(np.indices((40, 60))[1] > 30, 7, 3), dims=("y", "x"))
    shares = pd.DataFrame({"source": [3, 7, 7], "origin": ["DE", "DE", "CH"], "share": [1.0, 0.6, 0.4]})
    flows = pd.DataFrame(
        [
            ("T10", 0.5, text, "km2", "DE", "NL", 12.0),
            ("T100", 0.5, text, "km2", "DE", "NL", 20.0),
            ("T100", 0.5, text, "km2", "CH", "BE", 3.4),
            ("T100", 1.0, text, "km2", "CH", "BE", 1.0),
        ],
        columns=["scenario", "level", "measure", "unit", "origin", "territory", "attributed"],
    )
    hazard = Hazard(
        name="flood",
        title=text,
        units="m",
        levels=LEVELS,
        scenarios=SCENARIOS,
        status="indicative",
        meaning=text,
        raster=RasterStack(intensity=depths, source=source, shares=shares),
        assets=(make_sites(text),),
        seams=make_seams(text),
        flows=flows,
        notes=(f"{text}: rounded",),
    )
    page = {
        "title": {"en": f"{text} map", "nl": f"{text} kaart"},
        "hazards": (hazard,),
        "territories": territories,
        "base": make_base(),
        "note": text,
        "notes": (f"{text} is doubtful",),
        "made": date(2026, 1, 31),
        "sources": (
            {"name": text, "title": {"en": text}, "attribution": text, "licence": text, "status": "indicative"},
        ),
        "record": {"version": text},
        "contacts": (
            dict.fromkeys(("organisation", "phone", "email", "languages"), text) | {"territory": "NL-1"},
            dict.fromkeys(("organisation", "phone", "email", "languages"), "+32 2 000 00 00") | {"territory": "BE"},
        ),
    }
    return Page(**(page | changes))


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; tests that need it skip where there is none."""
    program = chromium()
    if program is None and os.environ.get("HAZARDMAP_BROWSER") == "required":
        pytest.fail("HAZARDMAP_BROWSER=required, and no Chromium is installed; apt-get install chromium")
    if program is None:
        pytest.skip("no Chromium is installed")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Function that saves a page, opens it from its file with the network cut, and fails on any error there."""
    from hazardmap.outputs.webmap import map_of, save

    troubles, contexts = [], []

    def open_page(page, fragment="", **options):
        path = tmp_path / "map.html"
        save(map_of(page) if isinstance(page, Page) else page, path)
        context = browser.new_context(viewport={"width": 1100, "height": 750}, locale="en-GB", **options)
        contexts.append(context)
        context.route("**/*", _only_local(troubles))
        tab = context.new_page()
        tab.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.goto(path.as_uri() + fragment)
        tab.wait_for_function(READY, timeout=20_000)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def _only_local(troubles):
    def decide(route):
        if route.request.url.split(":")[0] in ("file", "data", "blob"):
            route.continue_()
            return
        troubles.append(f"request to {route.request.url}")
        route.abort()

    return decide


@pytest.fixture
def new_series():
    """Function that makes a page with a series of months."""
    return make_series


@pytest.fixture
def new_page():
    """Function that makes a page with everything on it."""
    return make_page
