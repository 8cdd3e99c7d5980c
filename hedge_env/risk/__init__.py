"""What the next interval may bring: conditional moments, and the risk nobody avoids."""
