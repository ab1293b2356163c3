"""The catalogue: cards of data sets (:class:`Layer`), and the only door to their files.

A card is a YAML file. Those of the pack, which is shipped with hazardmap, are known by their names; any other card or
data file is known by its path.
"""

from hazardmap.catalog.card import Area, Layer
from hazardmap.catalog.gdal import close_doors
from hazardmap.catalog.pack import describe, layer, layers
from hazardmap.catalog.tablefile import damage_tables, depth_classes, parameters

__all__ = ["Area", "Layer", "damage_tables", "depth_classes", "describe", "layer", "layers", "parameters"]

close_doors()
