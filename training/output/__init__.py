"""Progress, folders, provenance."""
