"""Training, comparison and reports: the only importer of torch and SB3."""
