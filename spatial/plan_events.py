"""The legal state of plans as days pass; what follows from an event when it is written is the database's own work."""

from sqlalchemy import Connection, func, select


def apply_due_events(connection: Connection) -> int:
    """Bring the status of plans up to today's events (in Asia/Ho_Chi_Minh) and give how many changed.

    Args:
        connection: in a transaction, as dothi_ingest.
    """
    changed = connection.execute(select(func.planning.apply_due_events())).scalar_one()
    assert isinstance(changed, int)
    return changed
