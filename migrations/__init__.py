"""Alembic migrations. They never import live code: what they need stands in `sql/` and `data/`, never changed afterwards."""
