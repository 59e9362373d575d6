"""Writes into the database what follows from the declarations: each layer's rights, rules and limits, its style in QGIS.

Knows no migration.
"""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Connection, Table, delete, insert, inspect, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.schema import SetConstraintComment

from spatial.layers import Access, Layer
from spatial.qgis_styles import write_styles
from spatial.tables import ColumnRule, VertexLimit

READER_OF = {Access.PUBLIC: "dothi_public", Access.STAFF: "dothi_reader"}


def publish_layers(connection: Connection, layers: Iterable[Layer]) -> None:
    """Grant each layer to its readers and editors, and nobody else, write rules, limits and default styles; as often as wanted.

    Args:
        connection: acts as dothi_owner.
        layers: all published layers.
    """
    published = tuple(layers)
    for layer in published:
        grant_layer(connection, layer)
        write_column_rules(connection, layer)
        write_sentences(connection, layer.table)
        limit_vertices(connection, layer)
    write_styles(connection, published)


def grant_layer(connection: Connection, layer: Layer) -> None:
    """Let the layer's readers read table and history, and editors write where the layer is editable.

    The loader has the table by `ingest.track_table`; it draws ids, and a rollback reads the history.
    """
    quote = connection.dialect.identifier_preparer.quote
    table = f"{quote(layer.table.schema or '')}.{quote(layer.table.name)}"
    history = f"history.{quote(history_name(layer))}"
    reader = READER_OF[layer.access]
    roles = "dothi_public, dothi_reader, dothi_editor"
    connection.execute(text(f"REVOKE ALL ON {table}, {history} FROM {roles}"))
    connection.execute(text(f"GRANT SELECT ON {table}, {history} TO {reader}"))
    connection.execute(text(f"GRANT SELECT ON {history} TO dothi_ingest"))
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table}).scalar_one()
    connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO dothi_ingest"))
    if layer.editable:
        connection.execute(text(f"GRANT INSERT, UPDATE, DELETE ON {table} TO dothi_editor"))
        connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO dothi_editor"))


def write_column_rules(connection: Connection, layer: Layer) -> None:
    """Write which columns hold codes of which table and which the database computes: the editors' trigger holds edits to it."""
    rule = ColumnRule.__table__
    declared = {
        (column.name, _name_of(column.info["codes"]) if "codes" in column.info else None, "derived" in column.info)
        for column in layer.table.columns
        if column.info.keys() & {"codes", "derived"}
    }
    mine = rule.c.table_name == layer.table_name
    there = select(rule.c.column_name, rule.c.code_table, rule.c.is_derived).where(mine)
    stored = {tuple(row) for row in connection.execute(there)}
    if stored != declared:
        connection.execute(delete(ColumnRule).where(mine))
    if declared - stored:
        rows = [dict(zip(("column_name", "code_table", "is_derived"), row, strict=True)) for row in sorted(declared, key=str)]
        connection.execute(insert(ColumnRule), [{"table_name": layer.table_name, **row} for row in rows])


def _name_of(model: type) -> str:
    return str(inspect(model).local_table.fullname)


def write_sentences(connection: Connection, table: Table) -> None:
    """Write beside each rule of a table (CHECK) the words with which an editor is refused."""
    stored = inspect(connection).get_check_constraints(table.name, table.schema)
    comments = {constraint["name"]: constraint.get("comment") for constraint in stored}
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint) and constraint.comment != comments.get(str(constraint.name)):
            connection.execute(SetConstraintComment(constraint))


def limit_vertices(connection: Connection, layer: Layer) -> None:
    """Hold editors to the layer's number of vertices; a limit that is there stays, since an administrator may have set it."""
    if layer.most_vertices is not None:
        limit = insert_or(VertexLimit).values(table_name=layer.table_name, most_vertices=layer.most_vertices)
        connection.execute(limit.on_conflict_do_nothing())
    is_held = text("SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND tgname = 'bound_vertices')")
    if not connection.execute(is_held, {"t": layer.table_name}).scalar_one():
        quote = connection.dialect.identifier_preparer.quote
        table = f"{quote(layer.table.schema or '')}.{quote(layer.table.name)}"
        connection.execute(
            text(
                f"CREATE TRIGGER bound_vertices BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
                " WHEN (current_user <> 'dothi_ingest' AND current_user <> 'dothi_owner')"
                " EXECUTE FUNCTION admin.bound_vertices()"
            )
        )


def history_name(layer: Layer) -> str:
    """Name the layer's table in the schema `history`."""
    return f"{layer.table.schema}__{layer.table.name}"
