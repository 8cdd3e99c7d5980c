"""Any policy on common paths: episodes, metrics, attribution."""
