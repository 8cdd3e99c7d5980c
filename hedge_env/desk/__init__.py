"""One step: orders, charges, settlement, margin, accounts."""
