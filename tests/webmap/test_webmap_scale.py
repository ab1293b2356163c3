"""Many features: the page stays small and opens soon. scripts/map_bench.py measures; these limits allow for a busy machine."""

import pytest

from scripts.map_bench import points, polygons, write_ours

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("make", "count", "megabytes", "seconds"),
    [(polygons, 100_000, 6, 15), (points, 1_000_000, 20, 30)],
    ids=["100k polygons", "1M points"],
)
def test_a_large_layer_is_small_and_quick(browser, tmp_path, make, count, megabytes, seconds):
    path = tmp_path / "map.html"
    write_ours(make(count), path)
    assert path.stat().st_size < megabytes * 1e6
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.wait_for_function("() => window.hazardmap && window.hazardmap.ready", timeout=60_000)
    assert tab.evaluate("() => hazardmap.ready") < seconds * 1000
    assert tab.evaluate("() => hazardmap.data.get('hm-hazard-0-assets-0').count") == count
    tab.close()
