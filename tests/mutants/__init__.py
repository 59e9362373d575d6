"""Faults put into the code by hand, each of which some test must notice: `make mutants`."""
