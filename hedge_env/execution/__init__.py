"""From an order to its fill: what it leads to, what it costs, what can befall it."""
