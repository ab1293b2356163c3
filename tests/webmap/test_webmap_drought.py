"""Rasters of which lower is worse, and coarse ones: what is drawn where, in the browser."""

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from hazardmap.outputs.webmap import page as pages
from hazardmap.outputs.webmap.model import BaseMap, RasterStack

pytestmark = pytest.mark.browser

# Number of pixels by colour on the tiles of the hazard; "" is none.
COLOURS = """() => {
  const counts = {};
  for (const canvas of document.querySelectorAll('.leaflet-hm-raster-pane canvas')) {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < data.length; i += 4) {
      const hex = [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, '0')).join('');
      const key = data[i + 3] === 255 ? `#${hex}` : '';
      counts[key] = (counts[key] || 0) + 1;
    }
  }
  return counts;
}"""
# Whether anything is drawn within 10 pixels of a place, in a pane.
INKED = """([pane, latitude, longitude]) => {
  const at = hazardmap.map.latLngToContainerPoint([latitude, longitude]);
  const frame = hazardmap.map.getContainer().getBoundingClientRect();
  return [...document.querySelectorAll(`.leaflet-hm-${pane}-pane canvas`)].some((canvas) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [frame.left + at.x - box.left - 10, frame.top + at.y - box.top - 10];
    return canvas.getContext('2d').getImageData(x, y, 20, 20).data.some((v) => v > 0);
  });
}"""
AT = "#op=1&theme=light&l=hazard-0&lang=en"


@pytest.fixture
def new_index(new_series, raster):
    """Function that makes two months of an index, (24, 24) cells of 0.05 degrees from 5 E and 51.9 N, with classes
    from -1, -1.5 and -2: -2.5 in one cell (51.35 to 51.4 N, 5.75 to 5.8 E), and ``mild`` everywhere else.
    """  # fmt: skip

    def make(mild=0.5, *, status="official", **changes):
        page = new_series(2)
        values = np.full((2, 24, 24), mild)
        values[:, 10, 15] = -2.5
        cells = raster(values, left=5, top=51.9, cell=0.05, crs="EPSG:4326", units="1")
        shares = pd.DataFrame({"source": [0], "origin": ["none"], "share": [1.0]})
        stack = RasterStack(intensity=cells, source=0, shares=shares)
        hazard = replace(page.hazards[0], status=status, raster=stack)
        return replace(page, **({"hazards": (hazard,), "base": BaseMap()} | changes))

    return make


def worst(tab):
    return tab.evaluate("() => hazardmap.page.hazards[0].colours").pop()


@pytest.mark.parametrize("status", ["official", "indicative"])
def test_only_the_cell_that_is_hit_is_drawn(visit, new_index, status):
    """Of an indicative raster with rounded outlines, too."""
    tab = visit(new_index(status=status), f"{AT}&z=10&c=51.375,5.775")
    found = tab.evaluate(COLOURS)
    # 0.05 degrees are 36.4 pixels wide and, at 51.4 N, 58.3 high; rounded, where (1 - u) (1 - v) is at least a half
    shown = 1 if status == "official" else 2 * (1 - math.log(2))
    assert found[worst(tab)] == pytest.approx(36.4 * 58.3 * shown, rel=0.05)
    assert set(found) == {"", worst(tab)}
    assert not tab.evaluate(INKED, ["hatch", 51.375, 5.775])


def test_zoomed_out_the_lowest_value_shows(visit, new_index):
    tab = visit(new_index(mild=-1.2), f"{AT}&z=4&c=51.4,5.8")
    found = tab.evaluate(COLOURS)
    assert 1 <= found[worst(tab)] <= 4
    assert found[tab.evaluate("() => hazardmap.page.hazards[0].colours[0]")] > 10


def test_a_filter_by_origin_leaves_out_what_comes_from_nowhere(visit, new_index):
    """Dry land has no sender: with water from one country asked for, it is neither drawn nor said to be unknown."""
    tab = visit(new_index(mild=-1.2), f"{AT}&z=8&c=51.4,5.8")
    tab.evaluate("() => hazardmap.setFilter('DE', '')")
    assert set(tab.evaluate(COLOURS)) == {""}
    assert not tab.evaluate(INKED, ["hatch", 51.375, 5.775])


def test_coarse_cells_end_at_the_coast(visit, new_index):
    """Cells of 3.5 x 5.6 km over land in the west, sea in the east, and beyond 6 E nothing that the base map knows."""
    parts = [box(4, 50, 5.6, 53), box(5.8, 50, 6, 53)]
    land = gpd.GeoDataFrame(geometry=parts, crs=4326)
    tab = visit(new_index(mild=-1.2, base=BaseMap(land=land)), f"{AT}&z=9&c=51.3,5.6")
    drawn = [tab.evaluate(INKED, ["raster", 51.3, longitude]) for longitude in (5.3, 5.7, 5.9, 6.1)]
    assert drawn == [True, False, True, True]
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.3, 5.7))")
    assert "\u22121.2" in tab.locator(".leaflet-popup-content").inner_text()


def test_fine_cells_know_the_coast_better_than_the_base_map(visit, new_page):
    page = new_page(base=BaseMap(land=gpd.GeoDataFrame(geometry=[box(4, 50, 5, 53)], crs=4326)))
    hazard = replace(page.hazards[0], status="official")
    tab = visit(replace(page, hazards=(hazard,)), "#s=1&l=hazard-0&op=1&z=10&c=51.3,5.3")
    assert len(tab.evaluate(COLOURS)) > 1


def test_a_series_that_is_too_large_is_drawn_coarser_and_says_so(visit, new_index, monkeypatch):
    monkeypatch.setattr(pages, "_SERIES_BYTES", 200)
    monkeypatch.setattr(pages, "_MONTH_BYTES", 1)
    page = new_index(mild=-1.2)
    rng = np.random.default_rng(1)
    stack = page.hazards[0].raster
    rough = stack.intensity.copy(data=stack.intensity.to_numpy() + rng.uniform(0, 2, (2, 24, 24)).astype("float32"))
    hazard = replace(page.hazards[0], raster=replace(stack, intensity=rough))
    tab = visit(replace(page, hazards=(hazard,)), f"{AT}&z=8")
    told = tab.evaluate("() => hazardmap.page.hazards[0].raster")
    count = told["worst_of"]
    assert count > 1
    assert f"{count**2} cells of the data are drawn as one" in tab.locator("#hm-panel").inner_text()
    block = rough.to_numpy()[1, 10 // count * count :][:count, 15 // count * count :][:, :count]
    read = tab.evaluate(
        "() => hazardmap.cellValue(hazardmap.rasters[0], 1, hazardmap.cellAt(hazardmap.rasters[0], L.latLng(51.375, 5.775)))"
    )
    assert read == pytest.approx(block.min(), abs=told["step"])
