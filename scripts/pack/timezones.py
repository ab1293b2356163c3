"""Country polygons from the time zones of ``timezonefinder-data``: OpenStreetMap's boundaries, unsimplified.

The package stores rings as 32-bit integers (degrees x 1e7, all x then all y) in a FlatBuffers file; holes are either
stored beside them or refer to the outer ring of another polygon.
"""

import io
import json
import struct
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scripts.pack.sources import Source

ZONES: Final = {
    "AT": ("Europe/Vienna",),
    "BE": ("Europe/Brussels",),
    "CH": ("Europe/Zurich",),
    "DE": ("Europe/Berlin", "Europe/Busingen"),
    "FR": ("Europe/Paris",),
    "IT": ("Europe/Rome",),
    "LI": ("Europe/Vaduz",),
    "LU": ("Europe/Luxembourg",),
    "NL": ("Europe/Amsterdam",),
}
"""Countries that the Rhine and the Meuse drain, each with the zones that make it up."""


def countries(source: Source) -> dict[str, BaseGeometry]:
    """Polygon of each country in EPSG:4326, territorial sea included, as the source has it (neighbours may overlap)."""
    names = source.read("data/timezone_names.txt").decode().split("\n")
    zone_of = np.load(io.BytesIO(source.read("data/zone_ids.npy")))
    holes_of = {int(k): v for k, v in json.loads(source.read("data/hole_registry.json")).items()}
    copied = np.load(io.BytesIO(source.read("data/holes/poly_ref.npy")))
    outer = _rings(source.read("data/boundaries/coordinates.bin"))
    inner = _rings(source.read("data/holes/coordinates.bin"))

    def polygon(index: int) -> BaseGeometry:
        amount, first = holes_of.get(index, (0, 0))
        references = copied[first : first + amount]
        return shapely.Polygon(outer[index], [outer[k] if k >= 0 else inner[-k - 1] for k in references])

    return {
        country: shapely.union_all(
            [polygon(int(k)) for zone in zones for k in np.flatnonzero(zone_of == names.index(zone))]
        )
        for country, zones in ZONES.items()
    }


def _rings(buffer: bytes) -> list[NDArray[np.float64]]:
    """Rings (n, 2) of a FlatBuffers file: a root table, its vector of tables, and in each one a vector of int32."""

    def uint(at: int) -> int:
        return int(struct.unpack_from("<I", buffer, at)[0])

    def first_vector(table: int) -> int:
        vtable = table - int(struct.unpack_from("<i", buffer, table)[0])
        at = table + int(struct.unpack_from("<H", buffer, vtable + 4)[0])
        return at + uint(at)

    vector = first_vector(uint(0))
    tables = [at + uint(at) for at in range(vector + 4, vector + 4 + 4 * uint(vector), 4)]
    starts = [first_vector(table) for table in tables]
    return [np.frombuffer(buffer, "<i4", uint(at), at + 4).reshape(2, -1).T / 1e7 for at in starts]
