"""Downloads against a server that fails, breaks off and lies; and files read in place over HTTP range requests."""

import hashlib
import http.server
import io
import re
import threading
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from hazardmap import cli
from hazardmap.catalog import fetch as fetching
from hazardmap.catalog import layer, layers, remote, whereabouts
from hazardmap.errors import FileError, HazardmapError, LayerError, MissingExtraError


class Server:
    """A web server on this machine: files, and troubles that it makes once each."""

    def __init__(self):
        self.files, self.troubles, self.asked, self.tag = {}, [], [], '"one"'
        self.ranges = True
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, request):
        self.asked.append((request.path, request.headers.get("Range"), request.headers.get("If-Range")))
        trouble = self.troubles.pop(0) if self.troubles else None
        if isinstance(trouble, int):
            request.send_response(trouble)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        if isinstance(trouble, str) and trouble != "cut":
            request.send_response(302)
            request.send_header("Location", trouble)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = self.files.get(request.path)
        if body is None:
            request.send_error(404)
            return
        start, stop = 0, len(body)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range") or "")
        known = request.headers.get("If-Range") in (None, self.tag)
        part = bool(asked and known and self.ranges)
        if part:
            start, stop = int(asked[1]), min(int(asked[2] or len(body) - 1) + 1, len(body))
        request.send_response(206 if part else 200)
        if part:
            request.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
        request.send_header("ETag", self.tag)
        request.send_header("Content-Length", str(stop - start))
        request.end_headers()
        if trouble == "cut":
            request.wfile.write(body[start : start + (stop - start) // 2])
            request.wfile.flush()
            request.close_connection = True
            return
        request.wfile.write(body[start:stop])


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("HAZARDMAP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)
    remote.Remote.at.cache_clear()
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


PLACES = "id,lon,lat\n" + "".join(f"p{k},{5 + k / 1e4},{50 + k / 1e4}\n" for k in range(5000))


@pytest.fixture
def card(server):
    """Function that makes the card of a CSV on the server."""
    server.files["/places.csv"] = PLACES.encode()

    def make(**keys):
        given = {"url": f"{server.url}/places.csv", "crs": "EPSG:4326", "columns": {"lon": "lon", "lat": "lat"}}
        return layer({"name": "places", **given, **keys})

    return make


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_a_file_is_fetched_once_and_then_used_offline(server, card):
    places = card(sha256=digest(PLACES.encode()))
    with pytest.raises(FileError, match=r"not on this machine; expected .*places.csv; run: hazardmap layers fetch pla"):
        places.open()
    assert whereabouts(places) == "to fetch"
    seen = []
    path = places.fetch(lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == PLACES.encode()
    assert seen[-1] == (len(PLACES), len(PLACES))
    assert path.is_relative_to(fetching.cache_folder())
    asked = len(server.asked)
    server.http.shutdown()
    assert places.fetch() == path
    assert len(places.open()) == 5000
    assert places.provenance()["sha256"] == digest(PLACES.encode())
    assert (len(server.asked), whereabouts(places)) == (asked, "fetched")


def test_a_busy_server_is_asked_again_and_a_cut_download_goes_on_where_it_broke_off(server, card):
    server.troubles = [503, "cut", 500, "cut"]
    assert card().fetch().read_bytes() == PLACES.encode()
    ranges = [asked[1] for asked in server.asked]
    kept = len(PLACES) // 2 // fetching.CHUNK * fetching.CHUNK
    assert kept > 0
    assert ranges[:4] == [None, None, f"bytes={kept}-", f"bytes={kept}-"]
    assert int(ranges[4][6:-1]) > kept
    assert [path.name for path in fetching.place_of(card()).parent.iterdir()] == ["places.csv"]


def test_what_broke_off_is_carried_on_by_the_next_run(server, card):
    server.troubles = ["cut"] + [503] * (fetching.ATTEMPTS - 1)
    with pytest.raises(FileError, match=r"cannot be fetched \(the server says 503 .* what there is, is kept"):
        card().fetch()
    server.asked.clear()
    assert card().fetch().read_bytes() == PLACES.encode()
    assert server.asked == [("/places.csv", f"bytes={len(PLACES) // 2 // fetching.CHUNK * fetching.CHUNK}-", '"one"')]


def test_a_file_that_changed_meanwhile_is_begun_anew(server, card):
    server.troubles = ["cut"] + [503] * (fetching.ATTEMPTS - 1)
    with pytest.raises(FileError):
        card().fetch()
    server.tag, server.files["/places.csv"] = '"two"', PLACES.upper().encode()
    assert card(columns={"lon": "LON", "lat": "LAT"}).fetch().read_bytes() == PLACES.upper().encode()


def test_a_server_that_gives_no_parts_is_asked_for_the_whole(server, card):
    server.ranges, server.troubles = False, ["cut"]
    assert card().fetch().read_bytes() == PLACES.encode()


def test_a_wrong_digest_leaves_nothing(card):
    places = card(sha256="0" * 64)
    with pytest.raises(FileError, match=r"has not the SHA-256 000000000000\.\.\. of its card; nothing was kept"):
        places.fetch()
    assert list(fetching.place_of(places).parent.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_refused_and_fetched_again(card):
    places = card(sha256=digest(PLACES.encode()))
    path = places.fetch()
    path.write_text("id,lon,lat\nx,5,50\n")
    with pytest.raises(FileError, match="has the SHA-256"):
        places.open()
    assert places.fetch().read_bytes() == PLACES.encode()


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_one_line(server, card, status):
    server.troubles = [status]
    with pytest.raises(FileError, match=rf"answers {status} .*; expected the file"):
        card().fetch()


@pytest.mark.parametrize("where", ["file:///etc/passwd", "https://127.0.0.1:1/x", "http://10.0.0.1/x", "ftp://h/x"])
def test_a_redirect_leads_nowhere_else(server, card, where):
    server.troubles = [where]
    with pytest.raises(FileError, match=r"is not https|redirects to"):
        card().fetch()
    assert not fetching.place_of(card()).exists()


def test_a_redirect_on_the_same_server_is_followed_but_not_for_ever(server, card):
    server.troubles = [f"{server.url}/places.csv"]
    assert card().fetch().read_bytes() == PLACES.encode()
    server.troubles = ["/places.csv"] * 10
    with pytest.raises(FileError, match="redirects more than 5 times"):
        card(url=f"{server.url}/places.csv?again").fetch()


@pytest.mark.parametrize(
    "url",
    ["http://example.org/a.csv", "file:///etc/passwd", "ftp://example.org/a.csv", "https://u:p@example.org/a.csv"],
)
@pytest.mark.usefixtures("server")
def test_addresses_that_are_not_asked(url):
    with pytest.raises(FileError, match=r"is not https|carries a name or password"):
        layer({"name": "a", "url": url, "path": "a.csv"}).fetch()


@pytest.mark.parametrize("path", ["../a.csv", "/etc/a.csv", "a/b.csv", ".hidden.csv", "a\\b.csv", "", "x" * 200])
def test_names_that_leave_the_cache_are_refused(path):
    with pytest.raises(LayerError, match="expected a plain name"):
        layer({"name": "a", "url": "https://example.org/", "path": path})
    with pytest.raises(LayerError, match="expected a plain name"):
        layer({"name": path or "..", "url": "https://example.org/a.csv"})


def test_a_name_from_the_address_is_no_path():
    assert layer({"name": "a", "url": "https://example.org/..%2F..%2Fpasswd"}).path == "passwd"
    with pytest.raises(LayerError, match="expected a plain name"):
        layer({"name": "a", "url": "https://example.org/%2E%2E"})
    assert layer({"name": "a", "url": "https://example.org/b/depth.tif?x=/../y"}).path == "depth.tif"


def test_two_cards_of_one_name_share_no_file(server, card):
    server.files["/other.csv"] = b"id,lon,lat\nz,6,51\n"
    card().fetch()
    other = card(url=f"{server.url}/other.csv", path="places.csv")
    assert whereabouts(other) == "to fetch"
    assert len(other.fetch().read_bytes()) < len(PLACES)


def test_too_large_is_refused_before_it_comes(card, monkeypatch):
    monkeypatch.setenv("HAZARDMAP_MAX_FILE_BYTES", "1000")
    with pytest.raises(FileError, match="HAZARDMAP_MAX_FILE_BYTES"):
        card().fetch()


def test_a_cache_that_cannot_be_written_is_one_line(card, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HAZARDMAP_CACHE", str(tmp_path / "file"))
    with pytest.raises(FileError, match=r"cannot be written .* set HAZARDMAP_CACHE"):
        card().fetch()


# Archives


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return packed.getvalue()


def test_one_file_of_an_archive(server, card):
    server.files["/all.zip"] = zipped(**{"../evil.csv": "x", "data/places.csv": PLACES})
    places = card(url=f"{server.url}/all.zip", member="data/places.csv", sha256=digest(PLACES.encode()))
    assert places.fetch().read_bytes() == PLACES.encode()
    assert [path.name for path in fetching.place_of(places).parent.iterdir()] == ["places.csv"]
    server.http.shutdown()
    assert len(places.open()) == 5000


def test_a_member_that_climbs_is_only_ever_a_plain_name(server, card):
    server.files["/all.zip"] = zipped(**{"../../evil.csv": PLACES})
    path = card(url=f"{server.url}/all.zip", member="../../evil.csv").fetch()
    assert (path.name, path.parent.parent) == ("evil.csv", fetching.cache_folder())


@pytest.mark.parametrize(("content", "message"), [(b"no archive at all", "no zip archive"), (None, "has no file")])
def test_an_archive_that_is_none_or_lacks_the_file(server, card, content, message):
    server.files["/all.zip"] = content or zipped(**{"b.csv": "x"})
    with pytest.raises(FileError, match=message):
        card(url=f"{server.url}/all.zip", member="a.csv").fetch()


# The cards that come with hazardmap


def test_cards_of_open_data_say_where_it_is_published_and_that_nobody_tried():
    cards = [each for each in layers() if each.kept]
    assert {"jrc-flood-depth-rp100", "hydrosheds-flow-directions", "eobs-precipitation", "gisco-lau"} <= {
        each.name for each in cards
    }
    for each in cards:
        assert each.page.startswith("https://")
        assert each.url is None or each.url.startswith("https://")
        assert each.licence
        assert each.attribution
        assert each.note
        assert set(each.title) == {"en", "nl", "fr", "de"}
        assert not each.address_tried
        assert each.sha256 is None


@pytest.mark.usefixtures("server")
def test_what_has_no_address_is_downloaded_by_hand():
    rain = layer("eobs-precipitation")
    for ask in (rain.open, rain.fetch):
        with pytest.raises(FileError, match=r"download it by hand from https://\S+ and save it as \S+\.nc"):
            ask()


def test_the_command_lists_and_fetches(server, tmp_path, capsys, monkeypatch):
    server.files["/places.csv"] = PLACES.encode()
    path = tmp_path / "mine.yaml"
    path.write_text(f"url: {server.url}/places.csv\nkind: vector\ncrs: EPSG:4326\ncolumns: {{lon: lon, lat: lat}}\n")
    monkeypatch.setattr("sys.argv", ["hazardmap", "layers", "fetch", str(path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert f"its SHA-256 is {digest(PLACES.encode())}" in out
    monkeypatch.setattr("sys.argv", ["hazardmap", "layers"])
    with pytest.raises(SystemExit):
        cli.main()
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(layers())
    assert any(line.startswith("jrc-flood-depth-rp100") and "to fetch, address not tried" in line for line in listed)
    monkeypatch.setattr("sys.argv", ["hazardmap", "layers", "fetch", "jrc-flood-depth-rp1000"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    assert "did you mean 'jrc-flood-depth-rp100'?" in capsys.readouterr().err


# In place, over HTTP range requests


def cog(size=1500):
    values = np.arange(size * size, dtype="float32").reshape(size, size)
    profile = {"height": size, "width": size, "count": 1, "dtype": "float32", "crs": 3035}
    grid = {"transform": from_origin(4_000_000, 3_000_000, 10, 10), "tiled": True, "blockxsize": 256, "blockysize": 256}
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", **profile, **grid) as file:
            file.write(values, 1)
        return memory.read(), values


def test_a_geotiff_is_read_in_place_and_only_in_part(server):
    server.files["/depth.tif"], values = cog()
    depth = layer({"path": f"{server.url}/depth.tif", "units": "m", "licence": "CC0-1.0"})
    raster = depth.open()
    assert raster.shape == values.shape
    assert (raster[700:710, 300:320].to_numpy() == values[700:710, 300:320]).all()
    assert all(each[1] for each in server.asked)
    read = len({each[1] for each in server.asked}) * remote.BLOCK
    assert read < len(server.files["/depth.tif"]) / 5
    assert any("read in place" in note for note in raster.attrs["notes"])
    assert raster.attrs["layer"]["sha256"] is None


def test_a_raster_in_place_can_be_read_by_threads(server):
    pytest.importorskip("dask.array")
    server.files["/depth.tif"], values = cog()
    raster = layer({"path": f"{server.url}/depth.tif", "units": "m"}).open().chunk({"y": 256, "x": 256})
    assert float(raster.sum().compute(scheduler="threads")) == pytest.approx(values.sum(dtype="float64"), rel=1e-6)


def test_a_server_without_ranges_is_refused_in_one_line(server):
    server.files["/depth.tif"], _ = cog()
    server.ranges = False
    with pytest.raises(FileError, match=r"the whole file instead of a part; expected HTTP range requests"):
        layer({"path": f"{server.url}/depth.tif", "units": "m"}).open()


def test_a_file_that_changes_or_vanishes_while_it_is_read(server):
    server.files["/depth.tif"], _ = cog()
    raster = layer({"path": f"{server.url}/depth.tif", "units": "m"}).open()
    server.tag = '"two"'
    with pytest.raises(FileError, match="changed while it was read"):
        raster[700:710].to_numpy()
    server.tag = '"one"'
    del server.files["/depth.tif"]
    with pytest.raises(FileError, match="answers with status 404"):
        raster[1200:1210].to_numpy()


def test_what_is_no_geotiff_is_refused(server):
    server.files |= {"/a.tif": b"<html>not found</html>" * 100, "/a.gpkg": b"SQLite format 3\0" + bytes(600)}
    with pytest.raises(FileError, match="not how a GTiff file begins"):
        layer({"path": f"{server.url}/a.tif", "units": "m"}).open()
    with pytest.raises(HazardmapError):
        layer({"path": f"{server.url}/a.gpkg"}).open()
    with pytest.raises(FileError, match="is not https"):
        layer({"path": "http://example.org/a.tif", "units": "m"}).open()


# GeoParquet


@pytest.fixture
def squares():
    boxes = [shapely.box(x, y, x + 0.1, y + 0.1) for y in np.arange(50, 52, 0.1) for x in np.arange(4, 6, 0.1)]
    return gpd.GeoDataFrame(
        {"id": [f"s{k}" for k in range(len(boxes))], "people": range(len(boxes))}, geometry=boxes, crs=4326
    )


def write(squares, path, **options):
    pytest.importorskip("pyarrow")
    squares.to_parquet(path, write_covering_bbox=True, schema_version="1.1.0", **options)
    return path


def test_geoparquet_on_disk(squares, tmp_path):
    path = write(squares, tmp_path / "squares.parquet")
    found = layer({"path": str(path), "units": {"people": "people"}}).open()
    assert found["people"].tolist() == squares["people"].tolist()
    assert shapely.equals(found.geometry.to_numpy(), squares.geometry.to_numpy()).all()
    assert found.crs == "EPSG:4326"


def test_geoparquet_in_place_reads_the_row_groups_of_an_area(server, squares, tmp_path):
    server.files["/squares.parquet"] = write(squares, tmp_path / "a.parquet", row_group_size=40).read_bytes()
    found = layer({"path": f"{server.url}/squares.parquet"}).open(area=(4.55, 50.05, 4.65, 50.15))
    expected = squares[squares.intersects(shapely.box(4.55, 50.05, 4.65, 50.15))]
    assert sorted(found["id"]) == sorted(expected["id"])
    assert any("row groups that touch the area" in note for note in found.attrs["notes"])


def test_hostile_geoparquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def save(wkb, geo):
        table = pa.table({"id": ["a"], "geometry": pa.array([wkb], pa.binary())})
        parquet.write_table(table.replace_schema_metadata({"geo": geo} if geo else None), tmp_path / "a.parquet")
        return layer({"path": str(tmp_path / "a.parquet")})

    good = (
        '{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[]}}}'
    )
    point = shapely.to_wkb(shapely.Point(5, 50))
    assert len(save(point, good).open()) == 1
    with pytest.raises(FileError, match="says nothing about its shapes"):
        save(point, None).open()
    with pytest.raises(FileError, match="says nothing about its shapes"):
        save(point, "[1, 2").open()
    with pytest.raises(FileError, match="encodes shapes as 'point'"):
        save(point, good.replace("WKB", "point")).open()
    deep = b"\x01\x07\0\0\0\x01\0\0\0" * 200_000 + point
    with pytest.raises(FileError, match="nests more than 1,000 collections"):
        save(deep, good).open()
    with pytest.raises(LayerError):
        save(b"\x01\x02", good).open()
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(FileError, match="cannot be read as GeoParquet"):
        layer({"path": str(tmp_path / "a.parquet")}).open()


def test_without_the_extra_the_error_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(MissingExtraError, match=r"hazardmap\[parquet\]"):
        layer({"path": str(tmp_path / "a.parquet")}).open()
