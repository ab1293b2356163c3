"""Much data: the page stays small and opens soon. scripts/bench/map.py measures; these limits allow for a busy machine."""

import pytest

from scripts.bench.map import write_combined, write_ours
from scripts.bench.mapdata import combined, points, polygons
from scripts.browser import READY

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser, tmp_path):
    """Function that writes a page of at most so many MB, and opens it within so many seconds."""

    def opened(write, data, megabytes, seconds):
        path = tmp_path / "map.html"
        write(data, path)
        assert path.stat().st_size < megabytes * 1e6
        tab = browser.new_page()
        tab.goto(path.as_uri())
        tab.wait_for_function(READY, timeout=60_000)
        assert tab.evaluate("() => hazardmap.ready") < seconds * 1000
        return tab

    yield opened
    for context in list(browser.contexts):
        context.close()


@pytest.mark.parametrize(
    ("make", "count", "megabytes", "seconds"),
    [(polygons, 100_000, 6, 15), (points, 1_000_000, 20, 30)],
    ids=["100k polygons", "1M points"],
)
def test_a_large_layer_is_small_and_quick(opened, make, count, megabytes, seconds):
    tab = opened(write_ours, make(count), megabytes, seconds)
    assert tab.evaluate("() => hazardmap.data.get('hm-hazard-0-assets-0').count") == count


def test_floods_months_of_drought_and_many_polygons_fit_one_small_page(opened):
    """Four layers of 20,000 polygons in all, under six floods and 60 months; the base map of the pack."""
    results = combined()
    tab = opened(write_combined, results, 2.5, 10)
    # what is drawn of the second hazard has the shapes of the first, and its own values
    flood, drought = results
    for number, result in enumerate((flood, drought)):
        rows = result.assets[
            (result.assets["layer"] == "sites") & (result.assets["scenario"] == result.footprint.scenarios.index[-1])
        ]
        wanted = rows["status"].value_counts().to_dict()
        found = tab.evaluate(
            """(h) => {
              const entry = hazardmap.featureLayers.find((e) => e.hazard === h && e.layer.name === 'sites');
              const status = hazardmap.attribute(entry, 'status');
              const last = hazardmap.page.hazards[h].scenarios.length - 1;
              const counts = {};
              for (let f = 0; f < hazardmap.data.get(entry.layer.id).count; f++) {
                const code = ['hit', 'partial', h === 0 ? 'dry' : 'not hit', 'not covered'][hazardmap.value(entry, status, f, last)];
                counts[code] = (counts[code] || 0) + 1;
              }
              return counts;
            }""",
            number,
        )
        assert found == wanted
