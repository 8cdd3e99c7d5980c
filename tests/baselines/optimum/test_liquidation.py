"""The best way out of a perpetual: published numbers, the equations, episodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.optimum.liquidation import (
    Liquidation,
    LiquidationPolicy,
    Orders,
    best_orders,
    best_rate,
    liquidation_of,
    liquidation_policy,
    why_no_liquidation,
)
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate

PAPER = Liquidation(
    impact=0.1, permanent=0.1, funding=5.0, risk=0.5, closing=100.0, horizon=1.0
)
OTHER = Liquidation(
    impact=0.03, permanent=0.2, funding=2.0, risk=0.1, closing=1.5, horizon=2.0
)
CONFIG = load_config("perp-liquidation")


def test_the_coefficients_are_the_published_ones() -> None:
    own, gap = best_rate(PAPER, 1.0)
    assert own == pytest.approx(-2.44700506, abs=5e-9)
    assert gap == pytest.approx(-7.26553304, abs=5e-9)


@pytest.mark.parametrize("p", [PAPER, OTHER])
def test_the_form_solves_the_riccati_equations(p: Liquidation) -> None:
    def forward(tau, z):
        xi, pi = z
        speed = p.permanent * p.funding + p.risk
        return [
            xi**2 / (2.0 * p.impact) - 2.0 * speed,
            xi * pi / (2.0 * p.impact) - 2.0 * p.risk,
        ]

    end = p.permanent - 2.0 * p.closing
    lefts = np.linspace(0.0, p.horizon, 7)
    solved = solve_ivp(
        forward,
        (0.0, p.horizon),
        [end, end],
        t_eval=lefts,
        rtol=1e-11,
        atol=1e-11,
        method="Radau",
    )
    for left, xi, pi in zip(lefts, *solved.y, strict=True):
        own, gap = best_rate(p, left)
        assert own == pytest.approx((xi + pi) / (4.0 * p.impact), rel=2e-6)
        expected = (xi - pi) / (4.0 * p.impact * p.permanent)
        assert gap == pytest.approx(expected, rel=2e-5, abs=1e-9)


def test_the_rate_is_the_best_by_the_equation_of_the_cost_to_go() -> None:
    # J(q, y) of the best rate is quadratic: from differences of costs along it, the
    # equation min over nu of running cost + dJ = 0 is met by the rate and by no other.
    p, steps = OTHER, 4000

    def cost(q: float, y: float, start: float) -> float:
        total, dt = 0.0, (p.horizon - start) / steps
        for i in range(steps):
            own, gap = best_rate(p, p.horizon - start - (i + 0.5) * dt)
            nu = own * q + gap * y
            for half in (0.5,):  # the middle of the step
                q_mid, y_mid = q + half * dt * nu, y + half * dt * p.permanent * nu
                nu = own * q_mid + gap * y_mid
            running = p.impact * nu**2 - p.permanent * nu * q_mid
            running += p.funding * q_mid * y_mid + p.risk * q_mid**2
            total += running * dt
            q, y = q + dt * nu, y + dt * p.permanent * nu
        return total + p.closing * q * q

    q, y, h = 1.0, 0.05, 1e-3
    slope_q = (cost(q + h, y, 0.0) - cost(q - h, y, 0.0)) / (2 * h)
    slope_y = (cost(q, y + h, 0.0) - cost(q, y - h, 0.0)) / (2 * h)
    # d/dnu of k nu^2 - b nu q + J_q nu + J_y b nu = 0
    best = (p.permanent * q - slope_q - p.permanent * slope_y) / (2.0 * p.impact)
    own, gap = best_rate(p, p.horizon)
    assert own * q + gap * y == pytest.approx(best, rel=1e-3)


def test_orders_in_steps_become_the_rate() -> None:
    errors = []
    for decisions in (200, 2000):
        step = OTHER.horizon / decisions
        gains = best_orders(OTHER, decisions).gains / step
        middle = decisions // 2  # far from the last order, which is another one
        left = OTHER.horizon - middle * step
        closed = OTHER._replace(closing=OTHER.impact / step)
        errors.append(np.abs(gains[middle] - best_rate(closed, left)).max())
    assert errors[1] < 0.15 * errors[0]
    assert errors[1] < 0.01


def test_without_hurry_it_is_sold_evenly() -> None:
    calm = Liquidation(
        impact=0.1, permanent=0.0, funding=0.0, risk=0.0, closing=1e9, horizon=2.0
    )
    own, gap = best_rate(calm, 0.5)
    assert (own, gap) == (pytest.approx(-2.0, rel=1e-8), 0.0)
    held, shares = 1.0, []
    for gain in best_orders(calm, 9).gains:
        held += gain[0] * held
        shares.append(held)
    # The last sale, of what is left, is one more of the same size.
    np.testing.assert_allclose(shares, 1.0 - np.arange(1, 10) / 10.0, atol=1e-12)


def test_it_is_almgren_and_chriss_without_funding() -> None:
    p = OTHER._replace(funding=0.0, permanent=1e-12, closing=1e9)
    own, _ = best_rate(p, 0.7)
    kappa = np.sqrt(p.risk / p.impact)
    assert own == pytest.approx(-kappa / np.tanh(kappa * 0.7), rel=1e-6)


@dataclass
class Shifted:
    """A policy whose gains are a little different."""

    orders: Orders
    scale: tuple[float, float]
    name: str = "shifted"
    kind: str = "baseline"
    inputs: tuple[str, ...] = LiquidationPolicy.inputs

    def reset(self, n_paths: int) -> None:
        pass

    def target(self, observables):
        gains = self.orders.gains * np.array(self.scale)
        return LiquidationPolicy(Orders(gains, self.orders.value)).target(observables)


def test_episodes_cost_what_the_recursion_says_and_neighbours_cost_more() -> None:
    policy = liquidation_policy(CONFIG, 10.0)
    scales = ((1.05, 1.0), (0.95, 1.0), (1.0, 1.05), (1.0, 0.95), (1.02, 1.02))
    others = [Shifted(policy.orders, scale) for scale in scales]
    entries = [(each, 10.0) for each in (policy, *others)]
    own, *rest = evaluate(entries, CONFIG, n_episodes=20_000)
    value = policy.orders.value[0, 0]
    error = own.objective.std(ddof=1) / np.sqrt(20_000)
    assert abs(own.objective.mean() - value) < 4.0 * error
    assert 4.0 * error < 0.02 * value
    for other in rest:
        assert (other.objective - own.objective).mean() > 0.0


def test_more_or_less_of_any_order_costs_more() -> None:
    # The cost of given orders, written out from the definition.
    p, n = OTHER, 12
    step, cost = p.horizon / n, p.impact / (p.horizon / n)

    def total(orders: np.ndarray) -> float:
        q, y, paid = 1.0, 0.1, 0.0
        for order in orders:
            paid += cost * order**2 - p.permanent * (q + order) * order
            q, y = q + order, y + p.permanent * order
            paid += p.funding * step * q * y + p.risk * step * q * q
        return paid + cost * q * q

    found, q, y, best = best_orders(p, n), 1.0, 0.1, []
    for gain in found.gains:
        best.append(gain @ [q, y])
        q, y = q + best[-1], y + p.permanent * best[-1]
    least, start = total(np.array(best)), np.array([1.0, 0.1])
    assert least == pytest.approx(start @ found.value @ start, rel=1e-12)
    for place in range(n):
        for change in (-0.01, 0.01):
            moved = np.array(best)
            moved[place] += change
            assert total(moved) > least


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["holdings.start=0"], "nothing is held at the start"),
        (["market.basis.half_life_hours=10"], "its basis moves by itself"),
        (["market.funding.premium=process"], "funding is not in proportion"),
        (["market.funding.rule=binance"], "funding is not in proportion"),
        (["execution.fee_bp=1"], r"it uses execution\.fee_bp"),
        (["execution.latency_steps=1"], r"it uses execution\.latency_steps"),
        (["execution.depth=null"], "its orders cost nothing"),
        (["book.legs.0.quantity=1"], "its book is not empty"),
        (["execution.impact_on=spot"], "orders do not move the perpetual alone"),
        (["market.jumps={per_year: 10}"], r"it uses market\.jumps"),
    ],
)
def test_another_problem_is_refused(settings: list[str], said: str) -> None:
    with pytest.raises(HedgeError, match=said):
        liquidation_of(load_config(CONFIG, settings=settings), 10.0)


def test_the_preset_has_one_and_others_have_none() -> None:
    assert why_no_liquidation(CONFIG) is None
    assert why_no_liquidation(load_config("deribit")) == "nothing is held at the start"


def test_orders_that_pay_for_themselves_are_refused() -> None:
    with pytest.raises(HedgeError, match="have no optimum"):
        best_orders(OTHER._replace(impact=1e-6, permanent=5.0, risk=0.0), 4)
