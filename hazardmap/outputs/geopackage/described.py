"""What a GeoPackage says about itself: the run as metadata, the units and meanings of its columns."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from hazardmap.columns import explain, titles
from hazardmap.exposure import Exposure

__all__ = ["add_columns", "add_metadata"]

# As the GeoPackage Encoding Standard 1.3 defines the tables of its extensions "metadata" and "schema".
_METADATA = """
CREATE TABLE IF NOT EXISTS gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
  md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL,
  mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (
  reference_scope TEXT NOT NULL,
  table_name TEXT,
  column_name TEXT,
  row_id_value INTEGER,
  timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  md_file_id INTEGER NOT NULL,
  md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
"""
_COLUMNS = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  name TEXT,
  title TEXT,
  description TEXT,
  mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL,
  constraint_type TEXT NOT NULL,
  value TEXT,
  min NUMERIC,
  min_is_inclusive BOOLEAN,
  max NUMERIC,
  max_is_inclusive BOOLEAN,
  description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_EXTENSION = "INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')"
_PAGE = "http://www.geopackage.org/spec130/#extension_{}"


def add_metadata(base: sqlite3.Connection, about: Mapping[str, Any], date: str) -> None:
    """Write :func:`hazardmap.provenance.provenance` as metadata of the whole file, as JSON."""
    base.executescript(_METADATA)
    for table in ("gpkg_metadata", "gpkg_metadata_reference"):
        base.execute(_EXTENSION, (table, "gpkg_metadata", _PAGE.format("metadata")))
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    standard = "https://www.rfc-editor.org/rfc/rfc8259"
    base.execute("INSERT INTO gpkg_metadata VALUES (1, 'dataset', ?, 'application/json', ?)", (standard, text))
    base.execute("INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, 1, NULL)", (date,))


def add_columns(base: sqlite3.Connection, layers: Mapping[str, Exposure]) -> None:
    """Write unit and meaning of each column of the layers."""
    base.executescript(_COLUMNS)
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        base.execute(_EXTENSION, (table, "gpkg_schema", _PAGE.format("schema")))
    for name, exposure in layers.items():
        columns = [row[0] for row in base.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        title = titles(columns, exposure.footprint.units)
        for column, (_, meaning) in explain(columns, exposure.footprint.units).items():
            base.execute(
                "INSERT INTO gpkg_data_columns VALUES (?, ?, NULL, ?, ?, NULL, NULL)",
                (name, column, title[column], meaning),
            )
