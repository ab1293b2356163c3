"""Series of months and charts: the slider, playing, month names, and the figures behind the lines."""

import itertools
import re

import pytest

pytestmark = pytest.mark.browser


def chart_figures(tab):
    """Rows of the table under the chart: title of the scenario, then one figure per country."""
    tab.evaluate("() => { document.querySelector('#hm-chart-0 details').open = true; }")
    return [
        row.inner_text().split("\t")
        for row in tab.locator("#hm-chart-0 tbody tr").all()
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "first", "title"),
    [
        ("nl", "januari 2020", "Maand"),
        ("fr", "janvier 2020", "Mois"),
        ("de", "Januar 2020", "Monat"),
        ("en", "January 2020", "Month"),
    ],
)
def test_months_have_names(visit, new_series, language, first, title):
    tab = visit(new_series(), f"#s=0&lang={language}")
    assert tab.locator("#hm-scenario-name-0").inner_text() == first
    assert tab.locator("label[for=hm-scenario-0]").inner_text() == title
    assert tab.locator("#hm-scenario-0").get_attribute("aria-valuetext") == first


def test_the_last_month_is_shown_first_and_arrows_go_back(visit, new_series):
    tab = visit(new_series(), "#lang=en")
    assert tab.locator("#hm-scenario-name-0").inner_text() == "December 2021"
    tab.focus("#hm-scenario-0")
    tab.keyboard.press("ArrowLeft")
    assert tab.locator("#hm-scenario-name-0").inner_text() == "November 2021"
    tab.keyboard.press("Home")
    assert tab.locator("#hm-scenario-name-0").inner_text() == "January 2020"
    assert tab.evaluate("() => document.activeElement.id") == "hm-scenario-0"


def test_a_series_is_played_and_paused_by_keyboard(visit, new_series):
    tab = visit(new_series(), "#s=21&lang=en")
    tab.focus("#hm-play-0")
    tab.keyboard.press("Space")
    assert tab.locator("#hm-play-0").get_attribute("aria-label") == "Pause"
    assert tab.evaluate("() => document.activeElement.id") == "hm-play-0"
    tab.wait_for_function("() => hazardmap.state.scenarios[0] === 22", timeout=5000)
    tab.keyboard.press("Space")
    assert tab.locator("#hm-play-0").get_attribute("aria-label") == "Play"
    tab.wait_for_timeout(1100)
    assert tab.evaluate("() => hazardmap.state.scenarios[0]") == 22


def test_playing_stops_at_the_end_and_starts_again_from_the_first(visit, new_series):
    tab = visit(new_series(4), "#s=3&lang=en")
    tab.click("#hm-play-0")
    assert tab.evaluate("() => hazardmap.state.scenarios[0]") == 0
    tab.wait_for_function(
        "() => document.getElementById('hm-play-0').getAttribute('aria-pressed') === 'false'", timeout=9000
    )
    assert tab.evaluate("() => hazardmap.state.scenarios[0]") == 3


def test_the_chart_shows_the_area_of_each_country(visit, new_series):
    tab = visit(new_series(), "#lang=en")
    assert tab.locator("#hm-chart-0 summary").first.inner_text() == "Territories (km²) by country"
    assert tab.locator("#hm-chart-0 path.hm-line").count() == 4  # two lines, and two samples in the legend
    rows = chart_figures(tab)
    assert rows[0] == ["January 2020", "0", "0"]
    assert rows[23] == ["December 2021", "2,300", "2,300"]
    ends = [float(number) for number in re.findall(r"[ML][\d.]+ ([\d.]+)", tab.locator("#hm-chart-0 path").first.get_attribute("d"))]  # fmt: skip
    assert len(ends) == 24
    assert all(earlier > later for earlier, later in itertools.pairwise(ends))  # up is less on the screen


def test_the_chart_follows_measure_and_filter(visit, new_page):
    tab = visit(new_page(), "#lang=en&s=0")
    rows = chart_figures(tab)
    assert rows == [["HQ10 (once in 10 years)", "12", "0"], ["HQ100 (once in 100 years)", "20", "4.4"]]
    tab.evaluate("() => hazardmap.setFilter('CH', '')")
    assert [row[1] for row in chart_figures(tab)] == ["0", "4.4"]


def test_a_click_tells_the_month_that_is_shown_and_folds_the_others(visit, new_series):
    tab = visit(new_series(), "#s=23&lang=en")
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.25, 5.05))")
    popup = tab.locator(".leaflet-popup-content")
    assert "December 2021" in popup.inner_text()
    assert "\u22122.5" in popup.inner_text()
    assert "January 2020" not in popup.inner_text()
    popup.locator("summary").click()
    assert "January 2020" in popup.inner_text()


def test_people_of_places_do_not_come_first(visit, new_page):
    """A raster of people, then the area of the territories, then counts; the people of places are no people hit."""
    from dataclasses import replace

    import pandas as pd

    page = new_page()
    hazard = page.hazards[0]

    def first_measure(measures):
        rows = [("T10", 0.5, name, unit, "DE", "NL", 1.0) for name, unit in measures]
        flows = pd.DataFrame(rows, columns=hazard.flows.columns)
        tab = visit(replace(page, hazards=(replace(hazard, flows=flows),)))
        return tab.locator("#hm-measure-0 option").all_inner_texts()[0]

    towns = ("sites", "people")  # a layer of points on this page
    assert first_measure([towns, ("sites", "count"), ("territories", "km2")]) == "Territories (km²)"
    assert first_measure([towns, ("sites", "count")]) == "Site layer (number)"
    assert first_measure([towns, ("population", "people"), ("territories", "km2")]) == "People (people)"


def test_an_index_has_no_unit_and_no_sender(visit, new_series):
    tab = visit(new_series(), "#s=23&lang=en")
    panel = tab.locator("#hm-panel").inner_text()
    assert "\u22121 to \u22121.5\n" in panel
    assert "≤ \u22122\n" in panel
    assert "Who sends what to whom" not in panel
    tab.evaluate("() => hazardmap.tellAt(L.latLng(51.25, 5.05))")
    assert "\u22122.5" in tab.locator(".leaflet-popup-content tr.hm-current").first.inner_text().split("\t")


def test_only_what_has_an_origin_is_in_the_matrix(visit, new_page):
    """Territories short of rain come from nowhere; sites that live from a river do not."""
    from dataclasses import replace

    import pandas as pd

    page = new_page()
    hazard = page.hazards[0]
    rows = [
        ("T10", 0.5, "territories", "km2", "none", "NL", 12.0),
        ("T10", 0.5, "sites", "count", "none", "NL", 3.0),
        ("T10", 0.5, "sites", "count", "DE", "NL", 2.0),
    ]
    flows = pd.DataFrame(rows, columns=hazard.flows.columns)
    tab = visit(replace(page, hazards=(replace(hazard, flows=flows),)), "#lang=en&s=0")
    assert tab.locator("#hm-flows-0 table").count() == 0
    assert "comes from nowhere" in tab.locator("#hm-flows-0").inner_text()
    assert chart_figures(tab)[0][1:] == ["12"]
    tab.select_option("#hm-measure-0", label="Site layer (number)")
    assert tab.locator("#hm-flows-0 tbody th").all_inner_texts() == ["Germany"]
    assert chart_figures(tab)[0][1:] == ["5"]
