"""The portal in a real browser, from a file, with the network cut: no error, no request, the map inside, axe finds nothing."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

import hazardmap as hm
from hazardmap.outputs.webmap import map_of, save
from hazardmap.portal.pages import pages
from hazardmap.portal.site import Download, Site
from hazardmap.risks import Inventory

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ATTACK = "</style><script>window.hit=1</script><img src=x onerror=window.hit=1>'\""
SIZES = {"desktop": (1200, 900), "phone": (390, 844)}


@pytest.fixture
def site(tmp_path, raster, new_page):
    """Pages of a small result with hostile names, and a map, in a folder."""
    land = gpd.GeoDataFrame(
        {"id": ["NL-1", "NL-2", "BE-1"], "country": ["NL", "NL", "BE"], "name": [ATTACK, "Long" * 20, "B"]},
        geometry=[box(4_000_000 + 10_000 * k, 3_090_000, 4_010_000 + 10_000 * k, 3_100_000) for k in range(3)],
        crs=3035,
    )
    footprint = hm.Footprint(
        hazard="flood",
        intensity=raster([[[1.0, 3.0, 1.0]]], left=4_000_000, top=3_100_000, cell=10_000),
        source=raster([[1, 2, 1]], left=4_000_000, top=3_100_000, cell=10_000).astype("int32"),
        units="m",
        levels=(0.5, 2.0),
        scenarios=hm.scenario_table([{"label": "HQ100", "return_period": 100}]),
        shares=pd.DataFrame(
            {"source": [0, 1, 1, 2], "origin": ["unknown", "BE", "NL", "DE"], "share": [1.0, 0.75, 0.25, 1.0]}
        ),
        status="synthetic",
        notes=(ATTACK,),
    )
    sites = gpd.GeoDataFrame(
        {"id": ["a"], "name": [ATTACK]}, geometry=gpd.points_from_xy([4_005_000], [3_095_000]), crs=3035
    )
    frequency = {"min": 0.001, "max": 0.02, "source": "set by hand"}
    risks = Inventory.model_validate(
        {
            "title": "Risks",
            "risks": [
                {
                    "id": "f",
                    "name": ATTACK,
                    "category": ATTACK,
                    "frequency": frequency,
                    "impacts": {"deaths": {"min": 0, "max": 20, "unit": "people", "source": "x"}},
                }
            ],
        }
    )
    site = Site(
        exposures=[hm.overlay(footprint, land, {"sites": sites})],
        study={"title": ATTACK, "note": {"en": "A note", "nl": "Een noot"}, "area": [4, 50, 5, 51]},
        map="data/map.html",
        downloads=(Download("data/a b.csv", 12, "0" * 64), Download("data/map.html", 999, "1" * 64)),
        contacts=[{"territory": "NL", "organisation": ATTACK, "phone": "+31"}],
        risks=risks,
    )
    (tmp_path / "data").mkdir()
    save(map_of(new_page()), tmp_path / "data" / "map.html")
    for name, text in pages(site):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def look(browser, site):
    """Function that opens a page of the portal and fails on any request, error or refused style."""
    troubles, contexts = [], []

    def watched(route):
        if not route.request.url.startswith(("file:", "data:", "blob:")):
            troubles.append(route.request.url)
        route.continue_()

    def open_page(name, size="desktop", **options):
        width, height = SIZES[size]
        # axe is put into the page, which allows no script of its own
        context = browser.new_context(
            viewport={"width": width, "height": height}, bypass_csp=options.pop("bypass", False), **options
        )
        contexts.append(context)
        context.route("**/*", watched)
        tab = context.new_page()
        tab.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.goto((site / name).as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


PAGES = ("index.html", "nl/index.html", "territory-NL-1.html", "fr/country-NL.html", "de/territory-BE-1.html")


@pytest.mark.parametrize("name", PAGES)
def test_pages_open_without_a_request_and_run_nothing(look, name):
    tab = look(name)
    assert tab.evaluate("() => [window.hit ?? null, document.querySelectorAll('img, script').length]") == [None, 0]
    # the style sheet passed the policy: its font size holds
    assert tab.evaluate("() => getComputedStyle(document.body).fontSize") == "15px"


def test_the_map_lies_inside_in_the_language_of_the_page(look):
    tab = look("nl/index.html")
    frame = next(frame for frame in tab.frames if "map.html" in frame.url)
    frame.wait_for_function("() => window.hazardmap && window.hazardmap.ready", timeout=20_000)
    assert frame.evaluate("() => document.documentElement.lang") == "nl"


def test_languages_and_neighbours_are_reached_by_links(look):
    tab = look("index.html")
    tab.get_by_role("link", name="Deutsch").click()
    assert tab.evaluate("() => document.documentElement.lang") == "de"
    tab.locator("ul.plain a", has_text="Niederlande").click()
    tab.locator("ul.plain a", has_text="Long").click()
    tab.locator("table a", has_text="B").first.click()
    assert tab.url.endswith("/de/territory-BE-1.html")
    assert tab.locator("h1").inner_text() == "B"


@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_the_screen(look, size):
    for name in PAGES:
        assert look(name, size).evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name


def test_a_territory_prints_on_a4(look):
    paper = look("territory-NL-1.html").pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594.95996 841.91998]" in paper


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is absent: python scripts/vendor_map_assets.py --axe")
@pytest.mark.parametrize(
    ("name", "scheme"), [*((name, "light") for name in PAGES), ("index.html", "dark"), ("fr/country-NL.html", "dark")]
)
def test_axe_finds_nothing(look, name, scheme):
    tab = look(name, color_scheme=scheme, bypass=True)
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.evaluate(
        "async () => (await axe.run({iframes: false})).violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))])"
    )
    assert found == []
