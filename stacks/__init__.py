"""One module per deploy unit, split by lifetime, and the settings they are built from."""
