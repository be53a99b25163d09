"""Athena: execution parameters, and JSON tables as their SerDe reads them."""
