"""What GDAL may not do here: follow a file to other files, run a pipeline, or use the network.

The guards that count are those at each opening: the first bytes of a file, one named driver, no side files. Keeping
the drivers out of the process is a second wall, which stands where hazardmap is imported before GDAL starts.
"""

import logging
import os

__all__ = ["RASTER_OPTIONS", "close_doors"]

_UNWANTED = (
    "VRT",
    "OGR_VRT",
    "GTI",
    "GDALG",
    "DERIVED",
    "WMS",
    "WMTS",
    "WCS",
    "WFS",
    "OAPIF",
    "OGCAPI",
    "CSW",
    "HTTP",
    "EEDA",
    "EEDAI",
    "DAAS",
    "PLMOSAIC",
    "PLSCENES",
    "NGW",
    "Carto",
    "AmigoCloud",
    "Elasticsearch",
    "STACIT",
    "STACTA",
    "ADBC",
)

RASTER_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no .ovr, .msk or .tfw beside the file
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml, which can name any file or address
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",  # the discard port: GDAL has no switch that turns its network off
    "GDAL_HTTP_TIMEOUT": "1",
}
"""Configuration of GDAL while a raster of ours is open."""


def close_doors() -> None:
    """Keep the drivers that read other files or the network from being registered, if GDAL has not started yet."""
    os.environ.setdefault("GDAL_SKIP", ",".join(_UNWANTED))
    logging.getLogger("rasterio._env").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a message is worth showing: that a driver to be skipped was never there is not."""
    return "GDAL_SKIP" not in record.getMessage()
