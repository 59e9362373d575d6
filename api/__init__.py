"""HTTP: OGC API, lookup, rollups, the web page. Never imports `ingest`."""
