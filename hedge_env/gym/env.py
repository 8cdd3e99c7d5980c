"""One hedging episode as a Gymnasium environment, and what it is exactly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, SupportsFloat

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from hedge_env.base.types import Float32Array
from hedge_env.gym.arguments import ConfigLike, RiskAversion
from hedge_env.gym.infos import Infos, single
from hedge_env.gym.inputs import action_array
from hedge_env.gym.rendering import RENDER_MODES
from hedge_env.gym.vector_env import HedgeVectorEnv


class HedgeEnv(gymnasium.Env[Float32Array, NDArray[Any] | int]):
    """Hedge a book of options with the underlying when trading costs money.

    ## Description
    A desk is short (or long) European options and holds some of the underlying, or a
    perpetual on it, against them. At each of `decisions` evenly spaced times it may
    change its holdings. Every trade costs a fee, half a spread, impact, and a fixed
    amount such as the gas of a blockchain transaction; not trading lets the book and
    the hedge drift apart. The policy decides when, and how far, to rebalance.

    The agent sees the market and the holdings before the trade; its action is decoded
    into target holdings, and the market moves one decision interval (several market
    steps), which nothing decided here changes. A range of liquidity that the policy
    moves is moved before that, at the present price. Then the step runs, in this order:

    1. `fill_orders`: the target becomes holdings, within bounds and in whole lots;
    2. `charge_trade`: the trade is charged at the present spot;
    3. `charge_recentring`: what moving the range cost is charged as it was quoted;
    4. `trade_ahead`: somebody who has learned when the desk trades takes a part;
    5. `hold`: what is held earns over the interval, and a perpetual pays funding;
    6. `charge_own_move`: what its own order moved the price that holdings are marked at;
    7. `book_options`: listed options are traded, marked, and paid out at expiry;
    8. `mark_book`: the book is marked, and drifts from the hedge;
    9. `pay`: cash pays for what was bought;
    10. `call_margin`: what its margin account no longer carries is closed by force;
    11. `liquidate`: after the last interval, at which there is no decision and options
       pay off, what is held is sold;
    12. `add_up`: cost, profit and turnover are added to the episode's;
    13. `observe`: the next decision sees where the holdings stand.

    `desk/step.py` has these sentences as functions, for every way of hedging alike.

    An order below `execution.least_order` is none: nothing is charged, the position
    stays. What can go wrong with an order is off by default, see docs/execution.md: with
    `execution.latency_steps` a trade fills that many market steps later, at the price
    of that time, and the old holdings are kept until then; with `slicing` it fills in
    parts, a market step apart, at the mean of their prices; with `failure` it may fail,
    which costs its gas; with `sandwich` a share of its value may be lost; during a
    `halt` targets are ignored; a `margin` account, of the perpetual or of book
    and hedge together (docs/margin.md), cuts orders down to what it carries and is
    liquidated when its equity falls below maintenance; `permanent_impact` moves
    spot, or the perpetual alone (`impact_on`). `market.basis` parts a perpetual's price
    from spot; `market.crowd` amplifies returns by the rebalancing of others, and those of
    `market.contagion` set each other off (docs/contagion.md). With `execution.venues` an
    order is split over several venues, at least cost or by shares that the policy gives
    (`split`); a part that nobody fills stays undone. With `execution.rollup` the
    underlying is held on two chains, and inventory is moved between them over bridges
    (`docs/chains.md`).

    Amounts are fractions of notional, which is `spot_0 * contracts`. Holdings are
    units per contract, positive where they hedge a short call, and bounded by what
    the book can come to need: [0, 1] for a short call, [-1, 1] for a short straddle.
    Target holdings equal to the present ones are no trade, and cost nothing.

    With `execution.option` a listed option is a second hedge instrument, listed once or
    anew every few decisions; what is held of an earlier one is carried to its expiry.
    Delta, gamma and vega are then those of the book and of all options held. With
    `book.arrivals` clients bring orders while the book is hedged. `docs/options.md`
    has the details.

    This is a `HedgeVectorEnv` of one: the same numbers, bit for bit.

    The market's processes are described in `docs/market.md`: volatility with a season
    over hours and weekdays, jumps that may excite each other, two regimes, an implied
    surface, gas, funding, liquidity.

    ## Action Space
    `action_mode` chooses how an action becomes target holdings:

    | Mode | Space | Num | Action | Min | Max | Unit |
    |---|---|---|---|---|---|---|
    | `band` | Box(3,) | 0 | offset of the band's centre from delta | -1 | 1 | `action.offset_range` analytic half-widths |
    | | | 1 | log of the width below over the analytic one | -1 | 1 | `action.log_width_range` |
    | | | 2 | log of the width above over the analytic one | -1 | 1 | `action.log_width_range` |
    | `band_free` | Box(3,) | 0 | offset of the centre from delta | -1 | 1 | half the largest holdings |
    | | | 1 | log of the width below | -1 | 1 | from .01 to .6 of the largest holdings |
    | | | 2 | log of the width above | -1 | 1 | from .01 to .6 of the largest holdings |
    | `band_edges` | Box(6,) | 0 | offset of the centre from delta | -1 | 1 | `action.offset_range` half-widths, the deadline's included |
    | | | 1, 2 | log of the width below, and above | -1 | 1 | `action.log_width_range` |
    | | | 3, 4 | log odds of the share of it that is traded to, below and above | -1 | 1 | 3 |
    | | | 5 | log of the holdings that are too small to keep | -1 | 1 | 2 |
    | `target` | Box(1,) | 0 | the holdings, lowest to highest | -1 | 1 | half their range |
    | `ratio` | Box(1,) | 0 | share of the neutral trade in options, then delta | -1 | 1 | from 0 to 1 |
    | `discrete` | Discrete(n) | | the holdings on a grid of n; for n = 2 hold or go to delta | 0 | n - 1 | grid points |

    Bands stand around delta, or around what `action.centre_vega` and
    `action.centre_smile` make of it (`hedge_env.pricing.least_variance`) and
    `action.centre_funding` (`hedge_env.pricing.funding_lean`).

    With a listed option the box of the bands and of `target` has one number
    more, the last: a share from 0 to 1 of the trade that leaves no gamma
    (`action.neutral`: or vega), and for `target` the units of it, in their limit; the
    underlying is hedged for what is left. `ratio` needs one, `discrete` allows none.
    On two chains it has two numbers more: the log of how many times as dear the rollup
    may be, and that of the share of its treasury at which inventory is moved, over a
    tenth, each from -2 to 2; `discrete` trades on the first chain alone.
    Where the policy moves a range of liquidity (`recentre.by: policy` of a leg of kind
    `amm`, `docs/liquidity.md`) it has one number more, the last: the range is put around
    the present price where it is positive, and the hedge is for the range as it then is.
    `discrete` allows no such range.
    Where the policy splits orders (`execution.split: policy`, `docs/several-venues.md`)
    it has one number more for each venue, the last ones: an order is shared out by the
    shares nearest to them, numbers of at least 0 that add up to 1
    (`hedge_env.agent.venue_shares`). They are no order: where the holdings stay,
    nothing is traded. `discrete` allows no such split.

    In the band modes holdings inside the band stay as they are. `band` is the default
    and its zero action a strong classical rule; see `actions.py`. Numbers beyond
    their bounds are clipped; an action that is not finite, or not of this shape and
    type, is an `ActionError`, and nothing moves.

    ## Observation Space
    A float32 Box of named features, clipped affine functions of what can be seen.
    The config's `observation.features` chooses them; by default those that carry
    information in the market, for which `default` stands in a list:

    | Feature | Min | Max | Unit | Present by default |
    |---|---|---|---|---|
    | `time_fraction` | 0 | 1 | share of the episode left | always |
    | `moneyness` | -4 | 4 | log spot over strike, in standard deviations of the horizon | always |
    | `delta` | -2 | 2 | neutral holdings over largest holdings | always |
    | `gamma` | -4 | 4 | gamma over that of an at-the-money option at the start | always |
    | `holdings` | -2 | 2 | holdings over largest holdings | always |
    | `hedge_error` | -4 | 4 | holdings minus delta, in quarters of the largest holdings | always |
    | `band_position` | -2 | 2 | holdings minus delta, in pairs of analytic half-widths | always |
    | `band_half_width` | 0 | 4 | analytic half-width, in quarters of the largest holdings | always |
    | `worth` | -0.25 | 2 | risk left over the fixed cost of a trade, minus one, over four | always |
    | `implied_volatility` | -1 | 4 | over the market's median, minus one | volatility moves |
    | `realised_volatility` | -1 | 4 | estimate over the market's median, minus one | volatility moves |
    | `implied_over_mean` | -1 | 4 | over the mean of calm and stress, minus one | if named |
    | `realised_over_mean` | -1 | 4 | estimate over the mean of calm and stress, minus one | if named |
    | `skew` | -4 | 4 | fifths of the slope of the smile | the surface smiles |
    | `log_gas` | -4 | 4 | log gas price over its median | gas |
    | `volatility_forecast` | -1 | 4 | over the mean of calm and stress, minus one | if named |
    | `gas_forecast` | -4 | 4 | log gas price ahead over its median | if named |
    | `hour_sin` | -1 | 1 | sine of the hour of day | gas or season of volatility |
    | `hour_cos` | -1 | 1 | cosine of the hour of day | gas or season of volatility |
    | `funding_rate` | -4 | 4 | 10 bp per period | perpetual with funding |
    | `proportional_cost` | 0 | 4 | 20 bp of traded value | spread moves, or several venues |
    | `basis` | -4 | 4 | log of the perpetual over spot, in standard deviations | perpetual with basis |
    | `halted` | 0 | 1 | 1 while no orders are taken | trading can halt |
    | `keeper_away` | 0 | 1 | 1 where the keeper does not run | keeper |
    | `margin_use` | 0 | 1 | maintenance margin of what the account holds, over equity | margin account |
    | `vega` | -4 | 4 | vega over that of at-the-money options at the start | listed option |
    | `option_delta` | -1 | 1 | delta of the listed option | listed option |
    | `option_gamma` | 0 | 4 | its gamma over that of an at-the-money option at the start | listed option |
    | `option_vega` | 0 | 4 | its vega over that of an at-the-money option at the start | listed option |
    | `option_half_spread` | 0 | 4 | cost of trading one, in sixteenths of an at-the-money option's value | listed option |
    | `option_holdings` | -1 | 1 | units of it held over their limit | listed option |
    | `rollup_stock` | 0 | 1 | units that can be sold on the rollup, over what its treasury can hold | two chains |
    | `rollup_room` | 0 | 1 | units that can be bought there, over the same | two chains |
    | `in_bridge` | 0 | 1 | units in bridges, over the same | two chains |
    | `range_place` | -4 | 4 | way of log price from the centre of the range, over that to its end | policy moves a range |
    | `recentring_cost` | 0 | 4 | 10 bp, what moving the range now would cost | policy moves a range |
    | `risk_aversion` | -4 | 4 | log over the middle of its range | risk aversion is drawn |
    | `net_loss` | -4 | 4 | tenths of spot's standard deviation over the horizon | if named |
    | `true_volatility` | -1 | 4 | over the market's median, minus one | `observation.true_volatility` |

    ## Rewards
    In basis points of notional; `reward.name` or the argument `reward` chooses. What
    is reported of an episode does not depend on it. The tracking increment is the
    change of hedge and book over a step before cost. Every reward has its formula
    and source in `hedge_env.agent.rewards`. Where risk aversion is drawn from a range,
    `reward.balanced` multiplies the first three by a factor of the episode's, so that
    low ones weigh as much as high ones (`docs/frontier.md`).

    | Reward | Minus what | What it is for |
    |---|---|---|
    | `objective` | cost + risk aversion x squared increment | default; returns add up to -J |
    | `expected` | cost + risk aversion x A (y - y*)^2 | learning: the same optimum, far less noise |
    | `controlled` | cost + risk aversion x (squared increment - that of y*) | learning: exactly the same optimum, less noise |
    | `kolm_ritter` | kappa / 2 x squared profit - profit after cost | comparison with Kolm and Ritter |
    | `accounting` | rise of L + K / (2 s) (L - m)^2 | mean + K standard deviations of the net loss L |
    | `cash_flow` | the same of L and what all that is held is worth | the same, paid as cash moves |
    | `mean_std` | the same, at the end alone | the same |
    | `entropic` | rise of (e^(g L) - 1) / g, g = 2 x risk aversion | exponential utility of L |
    | `cvar` | rise of (L - z)^+ / (1 - q) | mean of the worst 1 - q of L |

    y are the holdings after the decision, y* those of least risk and A the mean square
    of the price's move, regressions on simulated paths of their own that the first
    reset fits once a process, in some seconds. `docs/rewards.md` has the argument. Both
    are refused where nothing can be drawn from a present state: on recorded days, with
    `execution.permanent_impact`, with a range that the policy moves and with listed
    options; `expected` also where orders fill late.

    ## Starting State
    Spot at its start, no holdings; volatility, surface, gas and funding drawn from
    their stationary distributions (SABR and Heston volatility start at their level),
    hour of day and weekday as configured. A path is a pure function of seed, stream and
    path id. `reset(seed=s)` begins with path 0 of that
    seed and each further `reset()` goes on to the next; options are `path_ids`, the
    path to replay, and `risk_aversion` of the episode [1/notional]. With a section
    `replay` in the config a path is a window of recorded days instead, see `replay.py`.

    ## Episode End
    `terminated` after the last decision interval, at the end of the horizon; the last
    reward includes payoff and liquidation. Never `truncated`: maturity is part of the
    problem, and there is no time limit.

    ## Information
    `path_id`, `holdings` after the decision [-] (and `option_holdings`, where an option
    is listed, `rollup_holdings` on two chains), `cost` and `tracking_increment` of
    the step [notional]; at the end also `hedge`: `objective_bp`, `cost_bp` and each
    `cost_<component>_bp`, `tracking_bp` (sum of the increments), `tracking_rms_bp`
    (root of the sum of their squares), `net_loss_bp`, `trades`, `turnover`
    [notional], `risk_aversion`.

    ## Arguments
    Those of `HedgeVectorEnv` that make sense for one environment: `preset` (name or
    YAML file), `config` (mapping or file merged over it), `action_mode`, `reward`,
    `risk_aversion` (number, or a pair to draw it log-uniformly between), `stream` and
    `render_mode`. `import hedge_env` registers one id per preset and `Hedge-v0`:

        env = gymnasium.make("Hedge-v0", preset="ethereum-l1", risk_aversion=50.0)

    ## Version History
    * v0: first version.
    """  # noqa: E501 (a row of a table is a line)

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # as in Gymnasium
        "render_modes": list(RENDER_MODES),
        "render_fps": 6,
    }

    def __init__(
        self,
        *,
        preset: str | Path | None = None,
        config: ConfigLike | None = None,
        action_mode: str | None = None,
        reward: str | None = None,
        risk_aversion: RiskAversion | None = None,
        stream: str = "training",
        render_mode: str | None = None,
    ) -> None:
        self._vector = HedgeVectorEnv(
            1,
            preset=preset,
            config=config,
            action_mode=action_mode,
            reward=reward,
            risk_aversion=risk_aversion,
            autoreset_mode=AutoresetMode.DISABLED,
            stream=stream,
            render_mode=render_mode,
        )
        self.config = self._vector.config
        self.render_mode = render_mode
        self.observation_space = self._vector.single_observation_space
        self.action_space = self._vector.single_action_space
        self._started = False

    @property
    def path_id(self) -> int:
        """Present path."""
        return int(self._vector.path_ids[0])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, Infos]:
        """Start an episode; see the class.

        Raises:
            ResetError: If an option is wrong.
        """
        super().reset(seed=seed)
        if seed is None and not self._started:
            seed = self.np_random_seed  # chosen by Gymnasium, recorded there
        observations, infos = self._vector.reset(seed=seed, options=options)
        self._started = True
        return observations[0], single(infos)

    def step(
        self, action: NDArray[Any] | int
    ) -> tuple[Float32Array, SupportsFloat, bool, bool, Infos]:
        """Take one decision; see the class.

        Raises:
            ActionError: If the action is not finite, or of another shape or type.
            ResetError: If the episode has ended.
        """
        array = action_array(action, self._vector.decoder.shape)
        observations, rewards, terminated, _, infos = self._vector.step(array[None])
        return (
            observations[0],
            float(rewards[0]),
            bool(terminated[0]),
            False,
            single(infos),
        )

    def render(self) -> Any:
        """Text or an RGB array (height, width, 3), by `render_mode`."""
        frames = self._vector.render()
        return None if frames is None else frames[0]

    def close(self) -> None:
        """Nothing is held open; may be called twice."""
        self._vector.close()

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Arrays that `load_state_dict` resumes from, bit for bit."""
        return self._vector.state_dict()

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Resume where `state_dict` was taken; see `HedgeVectorEnv`."""
        self._vector.load_state_dict(state)
        self._np_random_seed = self._vector.np_random_seed
        self._np_random = np.random.default_rng(self._np_random_seed)
        self._started = True
