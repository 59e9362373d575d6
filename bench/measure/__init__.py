"""One module per line of the table: each takes the store and the effort, and yields findings."""
