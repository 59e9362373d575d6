"""The model and the questions: tables, layers, queries, lookup, rollups.

Knows no HTTP and no file format; its functions take a connection and neither open nor commit one.
"""
