"""`hedge study --years`: each year of recorded days by what the others tell.

For every year a market is fitted to all other days of the history (`fold`). Agents are
trained and rules tuned in it, and both are then played on the recorded days of the year
that none of them has seen (`measure`). `page` has tables a year and all years together.
"""
