"""Values and implied volatilities of options, one model per file."""
