"""Writes docs/reference from the code it describes: `make docs`. A test compares the pages with the code."""
