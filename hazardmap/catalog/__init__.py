"""The catalogue: cards of data sets (:class:`Layer`), and the only door to their files.

A card is a YAML file. Those of the pack, which is shipped with hazardmap, are known by their names; any other card or
data file is known by its path.
"""

from hazardmap.catalog.card import Area, Layer
from hazardmap.catalog.fetch import Progress, whereabouts
from hazardmap.catalog.gdal import close_doors
from hazardmap.catalog.pack import describe, layer, layers
from hazardmap.catalog.tablefile import damage_tables, depth_classes, hazard_rating, parameters

__all__ = [
    "Area",
    "Layer",
    "Progress",
    "damage_tables",
    "depth_classes",
    "describe",
    "hazard_rating",
    "layer",
    "layers",
    "parameters",
    "whereabouts",
]

close_doors()
