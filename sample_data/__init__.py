"""Sample data: a generator and its output. One made-up city in detail and the nation in outline; see README.md."""
