"""A private PostgreSQL cluster that dothi starts and stops itself; knows servers and files, nothing of the data in them."""

from spatial.cluster.server import Cluster, Status

__all__ = ["Cluster", "Status"]
