"""Batches and data versions: what every writing transaction opens, and what readers compare.

A version is given at commit by the database (`ingest.close_batch`), so versions follow the order of commits.
"""

from datetime import date, datetime

from sqlalchemy import Connection, func, select, text

from spatial.layers import Layer
from spatial.tables import Batch, LayerVersion


def open_batch(connection: Connection, kind: str) -> int:
    """Open the batch of this transaction and give its id; rows written then carry it in `batch_id`.

    Args:
        connection: in a transaction, as dothi_ingest or dothi_owner.
        kind: load, edit, api, rollback or migration.
    """
    batch_id = connection.execute(text("SELECT ingest.open_batch(:kind)"), {"kind": kind}).scalar_one()
    assert isinstance(batch_id, int)
    return batch_id


def take_turn(connection: Connection, table_name: str, *, patience_s: float, scope: str = "") -> bool:
    """Wait until no other transaction has the turn of a table; give whether it came. It is kept to the end of this transaction.

    Args:
        connection: in a transaction, as dothi_ingest or dothi_owner.
        table_name: `schema.table`, or another word that those who must wait for each other share.
        patience_s: seconds; 0: not at all.
        scope: the part of the table; parts do not wait for each other, nor for the whole.
    """
    took = text("SELECT ingest.take_load_turn(:name, :scope, make_interval(secs => :patience))")
    return bool(connection.scalar(took, {"name": table_name, "scope": scope, "patience": patience_s}))


def today_vn(connection: Connection) -> date:
    """Give today's date in Asia/Ho_Chi_Minh: the legal date of every door."""
    today = connection.execute(select(func.admin.today_vn())).scalar_one()
    assert isinstance(today, date)
    return today


def data_version(connection: Connection) -> int:
    """Give the newest committed data version, 0 where nothing was ever written."""
    return connection.execute(select(func.max(Batch.data_version))).scalar() or 0


def layer_version(connection: Connection, layer: Layer) -> int:
    """Give the data version at which the layer last changed, 0 where it never did."""
    statement = select(LayerVersion.data_version).where(LayerVersion.table_name == layer.table_name)
    return connection.execute(statement).scalar() or 0


def version_known_at(connection: Connection, moment: datetime) -> int:
    """Give the newest version that was committed at `moment` or before, 0 where there was none."""
    statement = select(func.max(Batch.data_version)).where(Batch.committed_at <= moment)
    return connection.execute(statement).scalar() or 0
