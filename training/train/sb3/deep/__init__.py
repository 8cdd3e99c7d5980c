"""Deep hedging: the slope of a path's cost along that path."""
