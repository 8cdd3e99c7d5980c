"""A kind of venue is added by its model and its constants: all else follows."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.config import BASIS_POINT
from hedge_env.config.loading import load_config
from hedge_env.config.sections.venues import Venue
from hedge_env.desk.batch import HedgeBatch
from hedge_env.venues.kinds import KINDS, Scale, VenueTerms
from tests.hedge_env.desk.test_accounts import imbalance


class DealerVenue(Venue):
    """A dealer who quotes any size, for a ticket and a spread."""

    kind: Literal["dealer"] = "dealer"
    spread_bp: float = 3.0
    ticket_bp: float = 0.01


def dealer(venue: DealerVenue, scale: Scale) -> VenueTerms:
    return VenueTerms(
        fee=venue.fee_bp * BASIS_POINT,
        half_spread=venue.spread_bp * BASIS_POINT,
        fixed=venue.ticket_bp * BASIS_POINT,
    )


def test_a_dealer_beside_the_other_venues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "dealer", dealer)
    config = load_config("split-venues", settings=["episode.decisions=20"])
    venues = (*config.execution.venues, DealerVenue())
    execution = config.execution.model_copy(update={"venues": venues})
    more = config.model_copy(update={"execution": execution})
    costs = []
    for problem in (config, more):
        batch, rng = HedgeBatch(problem, 100), np.random.default_rng(0)
        batch.reset(np.arange(100))
        start = batch.rows[field.BOOK_VALUE].copy()
        quoted = batch.rows[field.PROPORTIONAL_COST].mean()
        for _ in range(problem.episode.decisions):
            batch.advance(rng.uniform(-1.0, 1.0, (100, 1)))
            assert imbalance(batch, start) < 1e-12
        costs.append((batch.totals.cost.mean(), quoted))
    assert costs[1] < costs[0]
    fixed = COST_COMPONENTS.index("fixed")
    assert (batch.totals.cost_components[fixed] > 0.0).all()
