"""Questions asked of a file before any library opens it."""

import hashlib
import os

import pytest

from hazardmap.errors import FileError
from hazardmap.files import format_of, limit, require_below, require_file, sha256_of


def test_a_link_to_a_regular_file_is_followed(tmp_path):
    (tmp_path / "a.csv").write_text("lon,lat\n5,52\n")
    (tmp_path / "b.csv").symlink_to("a.csv")
    assert require_file(tmp_path / "b.csv") == (tmp_path / "a.csv").resolve()


def test_refused_before_opening(tmp_path):
    os.mkfifo(tmp_path / "pipe.tif")
    (tmp_path / "to_pipe.tif").symlink_to("pipe.tif")
    (tmp_path / "empty.tif").touch()
    (tmp_path / "loop.tif").symlink_to("loop.tif")
    cases = {
        "pipe.tif": "pipe",
        "to_pipe.tif": "pipe",
        "empty.tif": "0 bytes",
        "loop.tif": "cannot be reached",
        "absent.tif": "not there",
        ".": "a folder",
        "/dev/zero": "no regular file",
        "nul\0byte": "cannot be reached",
    }
    for name, found in cases.items():
        with pytest.raises(FileError, match=found):
            require_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.tif", b"II*\0", "GTiff"),
        ("a.TIFF", b"MM\0+", "GTiff"),
        ("a.nc", b"\x89HDF\r\n\x1a\n", "NetCDF"),
        ("a.nc", b"CDF\x01", "NetCDF"),
        ("a.fgb", b"fgb\x03fgb\x00", "FlatGeobuf"),
        ("a.shp", b"\x00\x00\x27\x0a", "ESRI Shapefile"),
        ("a.geojson", b"\xef\xbb\xbf  {", "GeoJSON"),
        ("a.csv", b"id;x;y", "CSV"),
    ],
)
def test_format_needs_ending_and_first_bytes(tmp_path, name, head, kind):
    path = tmp_path / name
    path.write_bytes(head + b" " * 100)
    assert format_of(path) == kind
    path.write_bytes(b"<VRTDataset>\0" + b" " * 100)
    with pytest.raises(FileError, match=r"begins with b'<VRTData'"):
        format_of(path)


def test_an_unknown_ending_and_a_bare_sqlite_file(tmp_path):
    (tmp_path / "a.vrt").write_text("<OGRVRTDataSource/>")
    with pytest.raises(FileError, match=r"ends in '\.vrt'; expected one of \.tif"):
        format_of(tmp_path / "a.vrt")
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\0" + bytes(200))
    with pytest.raises(FileError, match=r"GPKG"):
        format_of(tmp_path / "a.gpkg")


def test_a_limit_says_how_to_raise_it(monkeypatch):
    monkeypatch.setenv("HAZARDMAP_MAX_CELLS", "1e3")
    assert limit("CELLS") == 1000
    require_below(1000, "CELLS", what="cells of a")
    with pytest.raises(FileError, match=r"cells of a: 1,001; expected at most 1,000; .*HAZARDMAP_MAX_CELLS=1001"):
        require_below(1001, "CELLS", what="cells of a")
    monkeypatch.setenv("HAZARDMAP_MAX_CELLS", "many")
    with pytest.raises(FileError, match=r"'many'; expected a number"):
        limit("CELLS")


def test_digest_is_that_of_the_bytes_and_follows_a_change(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert sha256_of(path) == hashlib.sha256(b"abc").hexdigest()
    path.write_bytes(b"abcd")
    assert sha256_of(path) == hashlib.sha256(b"abcd").hexdigest()
