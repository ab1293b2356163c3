"""The portal: a study as a folder of pages, files, catalogues and checksums, which needs no server of its own."""

from hazardmap.portal.build import publish
from hazardmap.portal.checksums import verify
from hazardmap.portal.site import Site

__all__ = ["Site", "publish", "verify"]
