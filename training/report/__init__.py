"""Pictures, tables, the page."""
