"""What leaves the page: pictures, paper, tables; and the theme for those who see badly."""

import base64
import csv
import io
import itertools
import json
import re

import folium
import pytest
from rasterio.io import MemoryFile

from hazardmap.outputs.webmap import map_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),  # a picture has no place
]

LAYER = "hazardmap.featureLayers.find((entry) => entry.layer.name === '{}')"


def picture(tab):
    """The PNG that the page makes, as (band, row, column)."""
    text = tab.evaluate(
        """async () => {
          const bytes = new Uint8Array(await (await hazardmap.png()).arrayBuffer());
          return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
        }"""
    )
    with MemoryFile(base64.b64decode(text)) as file, file.open() as image:
        return image.read()


def has_colour(image, colour):
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return bool((image[:3] == [[[value]] for value in wanted]).all(axis=0).any())


def test_a_picture_has_its_legend_and_its_words(visit, new_page):
    tab = visit(new_page(), "#s=1&lang=en")
    size = tab.evaluate("() => hazardmap.map.getSize()")
    image = picture(tab)
    assert image.shape[1:] == (2 * (size["y"] + 92), 2 * size["x"])
    foot = image[:, 2 * size["y"] :]
    for colour in tab.evaluate("() => hazardmap.page.hazards[0].colours"):
        assert has_colour(foot, colour)
    # title, legend, warning and sources: dark letters in each quarter of the foot
    dark = (foot[:3].max(axis=0) < 90).any(axis=1)
    assert all(part.any() for part in (dark[:40], dark[40:90], dark[110:150], dark[150:]))


def test_ones_own_shapes_and_markers_are_in_the_picture(visit, new_page):
    view = map_of(new_page())
    folium.Rectangle([[51.25, 5.15], [51.35, 5.35]], color="#00ff00", fill=True, fill_opacity=1).add_to(view)
    folium.Marker([51.4, 5.3]).add_to(view)
    tab = visit(view, "#z=10&c=51.3,5.3&l=")
    image = picture(tab)
    assert has_colour(image, "#00ff00")
    found = [axis.mean() for axis in ((image[1] == 255) & (image[0] == 0) & (image[2] == 0)).nonzero()]
    at = tab.evaluate("() => hazardmap.map.latLngToContainerPoint([51.3, 5.25])")
    assert found == pytest.approx([2 * at["y"], 2 * at["x"]], abs=4)
    assert has_colour(image, "#2a81cb")  # Leaflet's blue pin


@pytest.mark.parametrize(("size", "width"), [("A4", 794), ("A3", 1123)])
@pytest.mark.parametrize("landscape", [False, True])
def test_paper_holds_map_legend_and_sources_on_one_page(visit, new_page, size, width, landscape):
    tab = visit(new_page(), "#s=1&lang=de")
    pdf = tab.pdf(format=size, landscape=landscape, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    tab.evaluate("() => hazardmap.preparePaper()")
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(media="print")
    said = tab.locator("#hm-print-legend").inner_text()
    for words in ("HQ100", "0,5 \u2013 1 m", "nicht erfasst: keine Daten", "betroffen", "Orientierende Daten", "Site"):
        assert words in said
    assert tab.locator("#hm-print-map").is_visible()
    assert tab.locator("#hm-print-map").get_attribute("src").startswith("data:image/png")
    assert tab.locator(".folium-map").is_hidden()
    assert tab.locator("#hm-panel").is_hidden()
    assert tab.locator(".hm-head select").first.is_hidden()


def test_a_dark_page_is_printed_in_dark_letters(visit, new_page):
    tab = visit(new_page(), "#theme=dark")
    tab.emulate_media(media="print")
    tab.evaluate("() => hazardmap.fillPrintLegend()")
    assert tab.evaluate("() => getComputedStyle(document.getElementById('hm-print-legend')).color") == "rgb(0, 0, 0)"


def test_with_ones_own_layers_the_map_itself_is_printed(visit, new_page):
    view = map_of(new_page())
    folium.CircleMarker([51.3, 5.3], radius=9).add_to(view)
    tab = visit(view)
    tab.evaluate("() => hazardmap.preparePaper()")
    tab.emulate_media(media="print")
    assert tab.locator(".folium-map").is_visible()
    assert tab.locator("#hm-print-map").is_hidden()


def test_high_contrast_is_black_on_white_with_lines(visit, new_page):
    tab = visit(new_page(), "#theme=contrast&lang=en")
    assert tab.locator("html").get_attribute("data-theme") == "contrast"
    told = tab.evaluate(
        """() => ['--paper', '--ink', '--soft', '--rule', '--banner', '--on-banner'].map((name) =>
          getComputedStyle(document.documentElement).getPropertyValue(name).trim())"""
    )
    assert told == ["#ffffff", "#000000", "#000000", "#000000", "#ffff00", "#000000"]
    assert has_colour(picture(tab), "#000000")


def test_readers_who_ask_for_contrast_get_it(visit, new_page):
    tab = visit(new_page(), contrast="more")
    assert tab.locator("html").get_attribute("data-theme") == "contrast"


@pytest.mark.parametrize("layer", ["sites", "seams"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_cell_of_a_download_is_a_formula(visit, new_page, layer, start):
    tab = visit(new_page(f"{start}cmd|' /C calc'!A0"), "#s=1")
    text = tab.evaluate(f"() => hazardmap.csv({LAYER.format(layer)})")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    for cell in itertools.chain(*rows):
        assert not re.match(r"[=+@\t\r]|-(?![\d.])", cell), cell
    assert any(cell.startswith(f"'{start}") for cell in itertools.chain(*rows))


def test_seams_are_downloaded_with_names_for_their_scenarios(visit, new_page):
    tab = visit(new_page(), "#s=1")
    told = json.loads(tab.evaluate(f"() => hazardmap.geojson({LAYER.format('seams')})"))
    assert [feature["properties"]["scenario"] for feature in told["features"]] == ["T10", "T100", "T100"]
    assert told["features"][0]["geometry"]["type"] == "LineString"
    assert told["features"][1]["properties"]["step_m"] == 1.4
