"""The figure: nothing from elsewhere, nothing that runs from data, the same bytes each time."""

import base64
import gzip
import hashlib
import json
import re
from importlib.resources import files

import folium
import pytest
from branca.element import Element, JavascriptLink
from folium.plugins import MarkerCluster

from hazardmap.errors import OutputError
from hazardmap.outputs.webmap import BaseMap, Page, map_of, save
from hazardmap.outputs.webmap.figure import asset

ATTACK = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>{{7*7}}${window.hit=1}"
ASSETS = files("hazardmap.outputs.webmap").joinpath("assets")


def render(page):
    return map_of(page).get_root().render()


def test_vendored_files_are_those_of_the_manifest():
    manifest = json.loads(asset("MANIFEST.json"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(ASSETS.joinpath(*name.split("/")).read_bytes()).hexdigest() == digest, name
    assert "BSD 2-Clause" in asset("leaflet/LICENSE")


def test_folium_still_asks_for_the_leaflet_that_is_carried():
    version = json.loads(asset("MANIFEST.json"))["version"]
    wanted = dict(folium.Map.default_js)["leaflet"]
    assert f"leaflet@{version}/" in wanted


def test_the_page_names_no_other_place(new_page):
    html = render(new_page())
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=.?(https?:)?//", html)
    assert "connect-src 'none'" in html


def test_an_empty_map_is_small():
    assert len(render(Page(title="Nothing", base=BaseMap()))) <= 200_000


def test_two_builds_give_the_same_bytes(new_page):
    assert render(new_page()) == render(new_page())


def test_two_builds_with_ones_own_layers_give_the_same_bytes(new_page):
    def once():
        view = map_of(new_page())
        folium.CircleMarker([51, 5.5], popup="here").add_to(view)
        return view.get_root().render()

    assert once() == once()


def test_every_script_that_may_run_is_listed_with_its_checksum(new_page):
    html = render(new_page())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "unsafe-eval" not in policy
    assert "script-src 'sha256-" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    packed = re.findall(r'id="hm-script-\d+">([^<]+)<', html)
    texts = [gzip.decompress(base64.b64decode(text)).decode() for text in packed]
    texts += re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(texts) >= 6
    for text in texts:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_attacks_stay_data(new_page):
    html = render(new_page(ATTACK))
    assert "<script>window.hit" not in html
    assert "<img src=x" not in html
    assert "49${" not in html
    told = json.loads(re.search(r'id="hm-page">(.*?)</script>', html, re.DOTALL)[1])
    assert told["title"]["en"] == f"{ATTACK} map"


def test_the_checksum_is_that_of_the_payloads(new_page):
    html = render(new_page())
    told = json.loads(re.search(r'id="hm-page">(.*?)</script>', html, re.DOTALL)[1])
    found = re.findall(r'<script type="application/octet-stream" id="(hm-(?!script)[^"]+)">([^<]+)<', html)
    digest = hashlib.sha256(b"".join(base64.b64decode(text) for _, text in found))
    assert told["sha256"] == digest.hexdigest()


def test_tiles_from_elsewhere_are_refused(new_page):
    view = map_of(new_page())
    folium.TileLayer("OpenStreetMap").add_to(view)
    with pytest.raises(OutputError, match=r"tile layer 'openstreetmap'.*leave it out"):
        view.get_root().render()


def test_scripts_from_elsewhere_are_refused(new_page):
    view = map_of(new_page())
    MarkerCluster([[51, 5]]).add_to(view)
    with pytest.raises(OutputError, match="must open without a network"):
        view.get_root().render()
    view = map_of(new_page())
    view.get_root().header.add_child(JavascriptLink("local/other.js"), name="other")
    with pytest.raises(OutputError, match=r"'other.js' \(other\)"):
        view.get_root().render()


def test_markup_from_elsewhere_is_refused(new_page):
    view = map_of(new_page())
    view.get_root().html.add_child(Element('<img src="//example.org/x.png">'))
    with pytest.raises(OutputError, match=r"refers to '//example.org/x.png'"):
        view.get_root().render()


def test_icons_from_elsewhere_are_refused(new_page):
    view = map_of(new_page())
    folium.Marker([51, 5], icon=folium.Icon(color="red")).add_to(view)
    with pytest.raises(OutputError, match=r"use folium.CircleMarker"):
        view.get_root().render()


def test_an_unknown_language_is_refused(new_page):
    with pytest.raises(OutputError, match="language of the map is 'es'"):
        map_of(new_page(language="es"))


def test_a_huge_page_is_refused_unless_forced(new_page, tmp_path, monkeypatch):
    monkeypatch.setattr("hazardmap.outputs.webmap._LARGEST_MB", 0.01)
    with pytest.raises(OutputError, match="forced_size=True"):
        save(map_of(new_page()), tmp_path / "map.html")
    assert list(tmp_path.iterdir()) == []
    save(map_of(new_page()), tmp_path / "map.html", forced_size=True)
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


def test_a_notebook_shows_the_map_in_a_frame_of_its_own(new_page):
    shown = map_of(new_page())._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "Content-Security-Policy" in shown
