"""A private PostgreSQL cluster that dothi starts and stops itself; knows servers and files, nothing of the data in them."""

from spatial.cluster.server import Cluster, Status
from spatial.cluster.watch import read_note, watched

__all__ = ["Cluster", "Status", "read_note", "watched"]
