"""Writes into the database what follows from the declarations: each layer's rights and its style in QGIS. Knows no migration."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from spatial.layers import Access, Layer
from spatial.qgis_styles import write_styles

READER_OF = {Access.PUBLIC: "dothi_public", Access.STAFF: "dothi_reader"}


def publish_layers(connection: Connection, layers: Iterable[Layer]) -> None:
    """Grant each layer to its readers and editors, and nobody else, and write its default style; as often as wanted.

    Args:
        connection: acts as dothi_owner.
        layers: all published layers.
    """
    published = tuple(layers)
    for layer in published:
        grant_layer(connection, layer)
    write_styles(connection, published)


def grant_layer(connection: Connection, layer: Layer) -> None:
    """Let the layer's readers read table and history, the loader number rows, and editors write where the layer is editable."""
    quote = connection.dialect.identifier_preparer.quote
    table = f"{quote(layer.table.schema or '')}.{quote(layer.table.name)}"
    history = f"history.{quote(history_name(layer))}"
    reader = READER_OF[layer.access]
    roles = "dothi_public, dothi_reader, dothi_editor"
    connection.execute(text(f"REVOKE ALL ON {table}, {history} FROM {roles}"))
    connection.execute(text(f"GRANT SELECT ON {table}, {history} TO {reader}"))
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table}).scalar_one()
    connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO dothi_ingest"))
    if layer.editable:
        connection.execute(text(f"GRANT INSERT, UPDATE, DELETE ON {table} TO dothi_editor"))
        connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO dothi_editor"))


def history_name(layer: Layer) -> str:
    """Name the layer's table in the schema `history`."""
    return f"{layer.table.schema}__{layer.table.name}"
