"""Slow, obvious oracle: one path at a time, in plain Python and scipy.

Written from the models' documentation and not from the kernels. It shares no code
with the package but the config, whose units it converts itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import comb, cos, exp, floor, log, pi, sin, sqrt, tanh

import numpy as np
from scipy.integrate import simpson
from scipy.linalg import expm
from scipy.stats import norm

from hedge_env.config import EnvConfig, MeanReverting

BP = 1e-4
START = 2**32 - 1  # market step of the initial draws
STREAMS = ("training", "validation", "test")


def philox(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """Ten rounds of Philox4x32 in unbounded integers."""
    (x0, x1, x2, x3), (k0, k1) = counter, key
    for _ in range(10):
        high_0, low_0 = divmod(0xD2511F53 * x0, 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * x2, 2**32)
        x0, x1, x2, x3 = high_1 ^ x1 ^ k0, low_1, high_0 ^ x3 ^ k1, low_0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return x0, x1, x2, x3


@dataclass(frozen=True)
class Noise:
    """Random numbers of one path."""

    seed: int
    stream: str
    path_id: int

    def uniforms(self, step: int, block: int) -> list[float]:
        spawn = (STREAMS.index(self.stream),)
        words = np.random.SeedSequence(self.seed, spawn_key=spawn).generate_state(2)
        counter = (self.path_id % 2**32, self.path_id >> 32, step, block)
        key = (int(words[0]), int(words[1]))
        return [(word + 0.5) / 2**32 for word in philox(counter, key)]

    def normals(self, step: int, block: int) -> list[float]:
        u1, v1, u2, v2 = self.uniforms(step, block)
        first, second = sqrt(-2.0 * log(u1)), sqrt(-2.0 * log(u2))
        return [
            first * cos(2.0 * pi * v1),
            first * sin(2.0 * pi * v1),
            second * cos(2.0 * pi * v2),
            second * sin(2.0 * pi * v2),
        ]


def mean_revert(x: float, z: float, factor: MeanReverting, days: float) -> float:
    """Exact transition of an Ornstein-Uhlenbeck factor."""
    left = 0.5 ** (days / factor.half_life_days)
    return left * x + factor.sd * sqrt(1.0 - left**2) * z


def binomial(n: int, p: float) -> list[float]:
    """Chances of 0, 1, ... n successes."""
    return [comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(n + 1)]


@dataclass
class World:
    """State of one path; everything that is off stays at zero."""

    config: EnvConfig
    noise: Noise
    steps: int = 0  # market steps taken
    log_spot: float = 0.0
    factors: dict[str, float] = field(default_factory=dict)
    burst: float = 0.0
    trailing: float = 0.0
    accrued: float = 0.0
    variance: float = 0.0
    start_hour: float = 0.0
    start_weekday: int = 0
    stressed: bool = False
    excitation: float = 0.0
    square: float = 0.0  # Heston's variance
    basis: float = 0.0  # less its mean
    crowd: float = 0.0  # relative amplification of returns

    def __post_init__(self) -> None:
        market, z = self.config.market, []
        self.square = market.volatility.level**2
        for block in range(3):
            z += self.noise.normals(START, block)
        self.factors = {name: 0.0 for name in self._names()}
        for name, (process, number) in self._names().items():
            if process is not None:
                self.factors[name] = process.sd * z[number]
        if market.volatility.model == "log_ou":
            self.factors["fast"] = self.fast_sd * z[1]
        if market.gas is not None and market.gas.fast_states is not None:
            chances = binomial(market.gas.fast_states - 1, 0.5)
            self._draw_gas_state(chances, self.noise.uniforms(START, 7)[0])
        if market.funding is not None:
            self.factors["premium"] = market.funding.premium_sd_bp * BP * z[8]
        if market.basis is not None:
            shock = self._basis_shock(z[8], START)
            self.basis = market.basis.sd_bp * BP * shock
        if market.regime is not None:
            starts = {"stationary": self.stress_share, "calm": 0.0, "stress": 1.0}
            drawn = self.noise.uniforms(START, 4)[0]
            self.stressed = drawn < starts[market.regime.start]
        if market.jumps is not None:
            self.excitation = market.jumps.excitation * self.usual_probability
        self.variance = self.calm_volatility**2 * self.in_stress("volatility") ** 2
        self.variance += self.jump_probability * self.jump_square / self.dt
        hour, day = self.config.episode.start_hour, self.config.episode.start_weekday
        drawn, rest = divmod(24.0 * self.noise.uniforms(START, 3)[3], 1.0)
        self.start_hour = drawn if hour is None else hour
        self.start_weekday = floor(7.0 * rest) if day is None else day

    def _names(self) -> dict[str, tuple[MeanReverting | None, int]]:
        market = self.config.market
        moves = market.volatility.model == "log_ou"
        smiles = market.surface.model == "ssvi"
        volatility, surface, gas = market.volatility, market.surface, market.gas
        return {
            "fast": (volatility.fast if moves else None, 1),
            "slow": (volatility.slow if moves else None, 2),
            "level": (surface.level if smiles else None, 3),
            "skew": (surface.skew if smiles else None, 4),
            "curvature": (surface.curvature if smiles else None, 5),
            "gas_slow": (gas.slow if gas is not None else None, 6),
            "gas_fast": (gas.fast if gas is not None else None, 7),
            "premium": (None, 8),
            "intraday": (volatility.intraday if moves else None, 9),
        }

    @property
    def hours_per_step(self) -> float:
        episode = self.config.episode
        return episode.decision_interval_hours / episode.market_steps

    @property
    def days(self) -> float:
        return self.hours_per_step / 24.0

    @property
    def dt(self) -> float:
        return self.days / self.config.episode.days_per_year

    @property
    def hour(self) -> float:
        return self.start_hour + self.steps * self.hours_per_step

    @property
    def is_weekend(self) -> bool:
        return (self.start_weekday + floor(self.hour / 24.0)) % 7 >= 5

    @property
    def calm_volatility(self) -> float:
        level, f = self.config.market.volatility.level, self.factors
        if self.config.market.volatility.model == "heston":
            return sqrt(self.square)
        return level * exp(f["fast"] + f["slow"] + f["intraday"])

    @property
    def volatility(self) -> float:
        return self.calm_volatility * self.in_stress("volatility") * self.season()

    def season(self) -> float:
        """Root mean square of the season over the next step, by Gauss's rule."""
        season = self.config.market.season
        if season is None:
            return 1.0
        begin = self.hour / 24.0
        edges = [begin, *range(floor(begin) + 1, 99), begin + self.days]
        edges = [edge for edge in edges if begin <= edge <= begin + self.days]
        nodes, weights = np.polynomial.legendre.leggauss(24)
        total = 0.0
        for low, high in pairwise(edges):
            day = (self.start_weekday + floor((low + high) / 2.0)) % 7
            weight = season.weekend**2 if day >= 5 else 1.0
            time = low + (high - low) * (nodes + 1.0) / 2.0
            angle = 2.0 * pi * (time - season.peak_hour / 24.0)
            value = weight * (1.0 + season.daily_amplitude * np.cos(angle))
            total += (high - low) / 2.0 * float(weights @ value)
        mean = (5.0 + 2.0 * season.weekend**2) / 7.0
        return sqrt(total / self.days / mean)

    def in_stress(self, key: str) -> float:
        """What the regime multiplies by at present."""
        regime = self.config.market.regime
        return getattr(regime, key) if self.stressed else 1.0

    @property
    def stress_share(self) -> float:
        regime = self.config.market.regime
        if regime is None:
            return 0.0
        return regime.stress_days / (regime.calm_days + regime.stress_days)

    def probability_in(self, multiple: float) -> float:
        """Probability of a jump in one step without excitation."""
        jumps = self.config.market.jumps
        if jumps is None:
            return 0.0
        return 1.0 - exp(-jumps.per_year * multiple * self.dt)

    @property
    def usual_probability(self) -> float:
        regime, share = self.config.market.regime, self.stress_share
        stress = 0.0 if regime is None else self.probability_in(regime.jumps)
        return (1.0 - share) * self.probability_in(1.0) + share * stress

    @property
    def jump_probability(self) -> float:
        """Probability of a jump in the present step."""
        jumps = self.config.market.jumps
        own = self.probability_in(self.in_stress("jumps"))
        excited = 0.0 if jumps is None else jumps.excitation
        return (1.0 - excited) * own + self.excitation

    @property
    def fast_sd(self) -> float:
        """Stationary deviation of the fast factor, shifts at jumps included."""
        fast, jumps = self.config.market.volatility.fast, self.config.market.jumps
        shift = 0.0 if jumps is None else jumps.volatility_jump
        p, left = self.usual_probability, 0.5 ** (self.days / fast.half_life_days)
        return sqrt(fast.sd**2 + shift**2 * p * (1.0 - p) / (1.0 - left**2))

    @property
    def jump_square(self) -> float:
        jumps = self.config.market.jumps
        if jumps is None:
            return 0.0
        up, down = jumps.probability_up, 1.0 - jumps.probability_up
        return 2.0 * (up * jumps.mean_up**2 + down * jumps.mean_down**2)

    def move(self) -> None:
        """Take one market step; every process reads the state before it."""
        market, step = self.config.market, self.steps
        z = [z for block in range(3) for z in self.noise.normals(step, block)]
        u = self.noise.uniforms(step, 3)
        volatility, jump = self.volatility, self._jump(u[0], u[1])
        scale = 1.0 + self.crowd
        log_return = (market.drift - (scale * volatility) ** 2 / 2.0) * self.dt
        log_return += scale * (volatility * sqrt(self.dt) * z[0] + jump)
        log_return += self._compensator(scale)
        if market.regime is not None and self.stressed:
            log_return += market.regime.drift * self.dt
        following = self.square
        if market.volatility.model == "heston":
            following, log_return = self._heston(z)
        half_life = self.config.observation.realised_half_life_days
        left = 0.5 ** (self.days / half_life)
        self.variance = left * self.variance + (1.0 - left) * log_return**2 / self.dt
        deviation = volatility * sqrt(self.dt) + 1e-12  # may be 0 but for this
        self._move_gas(z, u[2], abs(log_return) / deviation)
        self.log_spot += log_return
        self._move_funding(z[8], log_return)
        self._move_basis(z[8])
        self._move_surface(z)
        self._move_volatility(z, jump)
        self._move_clusters(jump)
        self.square = following
        self.steps += 1

    def _move_clusters(self, jump: float) -> None:
        jumps, regime = self.config.market.jumps, self.config.market.regime
        if jumps is not None:
            left = 0.5 ** (self.hours_per_step / jumps.excitation_half_life_hours)
            self.excitation *= left
            self.excitation += jumps.excitation * (1.0 - left) * (jump != 0.0)
        if regime is not None:
            rate = 1.0 / regime.calm_days + 1.0 / regime.stress_days
            moves = 1.0 - exp(-rate * self.days)
            share = 1.0 - self.stress_share if self.stressed else self.stress_share
            if self.noise.uniforms(self.steps, 4)[0] < share * moves:
                self.stressed = not self.stressed

    def _heston(self, z: list[float]) -> tuple[float, float]:
        """Andersen (2008): the QE-M scheme, psi_c = 3/2, gamma_1 = gamma_2 = 1/2."""
        model, dt, v = self.config.market.volatility, self.dt, self.square
        kappa, theta = model.mean_reversion, model.long_run_level**2
        xi, rho = model.volatility_of_variance, model.correlation
        left = exp(-kappa * dt)
        m = theta + (v - theta) * left
        s2 = v * xi**2 * left * (1.0 - left) / kappa
        s2 += theta * xi**2 * (1.0 - left) ** 2 / (2.0 * kappa)
        k1 = dt / 2.0 * (kappa * rho / xi - 0.5) - rho / xi
        k2 = dt / 2.0 * (kappa * rho / xi - 0.5) + rho / xi
        k3 = dt / 2.0 * (1.0 - rho**2)
        tilt, psi = k2 + k3 / 2.0, s2 / m**2
        if psi <= 1.5:
            b2 = 2.0 / psi - 1.0 + sqrt(2.0 / psi) * sqrt(2.0 / psi - 1.0)
            a = m / (1.0 + b2)
            following = a * (sqrt(b2) + z[1]) ** 2
            k0 = -tilt * b2 * a / (1.0 - 2.0 * tilt * a)
            k0 += log(1.0 - 2.0 * tilt * a) / 2.0
        else:
            p, u = (psi - 1.0) / (psi + 1.0), float(norm.cdf(z[1]))
            beta = (1.0 - p) / m
            following = 0.0 if u <= p else log((1.0 - p) / (1.0 - u)) / beta
            k0 = -log(p + beta * (1.0 - p) / (beta - tilt))
        k0 -= (k1 + k3 / 2.0) * v
        noise = sqrt(k3 * (v + following)) * z[0]
        drift = self.config.market.drift * dt
        return following, drift + k0 + k1 * v + k2 * following + noise

    def _jump(self, u: float, u_sign: float) -> float:
        jumps = self.config.market.jumps
        if jumps is None or u >= self.jump_probability:
            return 0.0
        size = -log(u / self.jump_probability)
        up = u_sign < jumps.probability_up
        return size * jumps.mean_up if up else -size * jumps.mean_down

    def _compensator(self, scale: float) -> float:
        jumps = self.config.market.jumps
        if jumps is None:
            return 0.0
        growth = jumps.probability_up / (1.0 - scale * jumps.mean_up)
        growth += (1.0 - jumps.probability_up) / (1.0 + scale * jumps.mean_down)
        return -log(1.0 + self.jump_probability * (growth - 1.0))

    def _move_volatility(self, z: list[float], jump: float) -> None:
        volatility, jumps = self.config.market.volatility, self.config.market.jumps
        if volatility.model == "sabr":
            nu, rho = volatility.volatility_of_volatility, volatility.correlation
            shock = rho * z[0] + sqrt(1.0 - rho**2) * z[1]
            move = nu * sqrt(self.dt) * shock - nu**2 * self.dt / 2.0
            self.factors["fast"] += move
        if volatility.model != "log_ou":
            return
        shock = volatility.leverage * z[0] + sqrt(1.0 - volatility.leverage**2) * z[1]
        fast = mean_revert(self.factors["fast"], shock, volatility.fast, self.days)
        if jumps is not None:
            fast += jumps.volatility_jump * ((jump != 0.0) - self.jump_probability)
        self.factors["fast"] = fast
        slow = mean_revert(self.factors["slow"], z[2], volatility.slow, self.days)
        self.factors["slow"] = slow
        if volatility.intraday is not None:
            before = self.factors["intraday"]
            shock += sqrt(1.0 - volatility.leverage**2) * (z[9] - z[1])
            hours = mean_revert(before, shock, volatility.intraday, self.days)
            self.factors["intraday"] = hours

    def _move_surface(self, z: list[float]) -> None:
        surface, f = self.config.market.surface, self.factors
        if surface.model != "ssvi":
            return
        for name, process, own in (
            ("level", surface.level, z[3]),
            ("skew", surface.skew, z[4]),
        ):
            r = process.return_correlation
            shock = r * z[0] + sqrt(1.0 - r**2) * own
            f[name] = mean_revert(f[name], shock, process, self.days)
        f["curvature"] = mean_revert(f["curvature"], z[5], surface.curvature, self.days)

    def _move_gas(self, z: list[float], u: float, sigmas: float) -> None:
        gas, f = self.config.market.gas, self.factors
        if gas is None:
            return
        f["gas_slow"] = mean_revert(f["gas_slow"], z[6], gas.slow, self.days)
        if gas.fast_states is None:
            f["gas_fast"] = mean_revert(f["gas_fast"], z[7], gas.fast, self.days)
        else:
            self._move_gas_state()
        self.burst *= 0.5 ** (self.hours_per_step / gas.burst_half_life_hours)
        self.burst += gas.return_response * (min(sigmas, 6.0) - sqrt(2.0 / pi))
        probability = 1.0 - exp(-gas.spikes.per_year * self.dt)
        if u < probability:
            self.burst += gas.spikes.mean_size * -log(u / probability)

    def _move_gas_state(self) -> None:
        """The ups that stay and the downs that turn, of independent switches."""
        gas = self.config.market.gas
        n = gas.fast_states - 1
        stay = 0.5 + 0.5 * 0.5 ** (self.days / gas.fast.half_life_days)
        up = round(self.factors["gas_fast"] / gas.fast.sd / sqrt(n) * n / 2 + n / 2)
        stays, turns = binomial(up, stay), binomial(n - up, 1.0 - stay)
        chances = [
            sum(stays[i] * turns[k - i] for i in range(up + 1) if 0 <= k - i <= n - up)
            for k in range(n + 1)
        ]
        self._draw_gas_state(chances, self.noise.uniforms(self.steps, 7)[0])

    def _draw_gas_state(self, chances: list[float], u: float) -> None:
        """The factor at the first state whose cumulative chance reaches u."""
        state = next(k for k in range(len(chances)) if u <= sum(chances[: k + 1]))
        gas, n = self.config.market.gas, len(chances) - 1
        self.factors["gas_fast"] = gas.fast.sd * sqrt(n) * (2 * state / n - 1)

    def _move_funding(self, z: float, log_return: float) -> None:
        funding = self.config.market.funding
        if funding is None:
            return
        process = MeanReverting(
            half_life_days=funding.premium_half_life_hours / 24.0,
            sd=funding.premium_sd_bp * BP,
        )
        self.factors["premium"] = mean_revert(
            self.factors["premium"], z, process, self.days
        )
        self.trailing *= exp(-self.days / funding.trailing_days)
        self.trailing += log_return
        hour = funding.settlement_hours * (floor(self.hour / funding.settlement_hours))
        while hour <= self.hour + self.hours_per_step + 1e-9:
            if hour > self.hour + 1e-9:
                self.accrued += self.funding_rate() * exp(self.log_spot)
            hour += funding.settlement_hours

    def _basis_shock(self, premium_shock: float, step: int) -> float:
        r = self.config.market.basis.premium_correlation
        return r * premium_shock + sqrt(1.0 - r**2) * self.noise.normals(step, 6)[2]

    def _move_basis(self, premium_shock: float) -> None:
        basis = self.config.market.basis
        if basis is not None:
            shock = self._basis_shock(premium_shock, self.steps)
            process = MeanReverting(
                half_life_days=basis.half_life_hours / 24.0, sd=basis.sd_bp * BP
            )
            self.basis = mean_revert(self.basis, shock, process, self.days)

    @property
    def log_basis(self) -> float:
        """Log of the hedge instrument's price over spot."""
        basis = self.config.market.basis
        return 0.0 if basis is None else basis.mean_bp * BP + self.basis

    @property
    def hedge_price(self) -> float:
        return exp(self.log_spot + self.log_basis)

    def mishaps(self) -> tuple[bool, float]:
        """Whether an order fails now, and the share of its value that is lost."""
        execution, u = self.config.execution, self.noise.uniforms(self.steps, 6)
        fails, rate = False, 0.0
        if execution.failure is not None:
            p = execution.failure.probability
            odds = p / (1.0 - p) * exp(execution.failure.congestion * self.log_gas())
            fails = u[0] < odds / (1.0 + odds)
        if execution.sandwich is not None and u[1] < execution.sandwich.probability:
            rate = execution.sandwich.loss_bp * BP
        return fails, rate

    def funding_rate(self) -> float:
        """Premium through the clamp."""
        funding = self.config.market.funding
        if funding is None:
            return 0.0
        premium = self.factors["premium"] + funding.premium_mean_bp * BP
        premium += funding.return_response_bp * BP * self.trailing
        clamp = funding.clamp_bp * BP
        return premium + max(-clamp, min(clamp, funding.interest_bp * BP - premium))

    def log_gas(self) -> float:
        """Log gas price over its median."""
        gas, f = self.config.market.gas, self.factors
        if gas is None:
            return 0.0
        season = cos(2.0 * pi * (self.hour - gas.season_peak_hour) / 24.0)
        week = log(gas.weekend) * (5.0 / 7.0 if self.is_weekend else -2.0 / 7.0)
        shift = week + log(self.in_stress("gas"))
        return f["gas_slow"] + f["gas_fast"] + self.burst + gas.season * season + shift

    @property
    def skew_factor(self) -> float:
        """Argument of the correlation of the surface."""
        regime, mean = self.config.market.regime, self.config.market.surface.skew.mean
        shift = regime.skew if regime is not None and self.stressed else 0.0
        return mean + self.factors["skew"] + shift

    def smile(self, log_strike: float, days: float) -> float:
        """Implied volatility at log strike over spot and time left."""
        market = self.config.market
        surface, f = market.surface, self.factors
        if surface.model == "flat":
            level = surface.volatility
            return market.volatility.level if level is None else level
        years = days / self.config.episode.days_per_year
        if surface.model == "sabr":
            return self.hagan(log_strike, years)
        theta = surface.variance_premium * exp(2.0 * f["level"])
        theta = min(theta * self.fair_variance(days) * years, 2.0)
        rho = 0.95 * tanh(self.skew_factor / 0.95)
        eta = min(surface.curvature.mean * exp(f["curvature"]), 1.4)
        x = eta * log_strike / sqrt(theta)
        w = 0.5 * theta * (1.0 + rho * x + sqrt((x + rho) ** 2 + 1.0 - rho**2))
        return sqrt(w / years)

    def hagan(self, log_strike: float, years: float) -> float:
        """SABR's implied volatility as Hagan and others (2002) print it, beta 1."""
        alpha, model = self.volatility, self.config.market.volatility
        nu, rho = model.volatility_of_volatility, model.correlation
        z = -nu / alpha * log_strike
        root = sqrt(1.0 - 2.0 * rho * z + z**2)
        ratio = 1.0 if z == 0.0 else z / log((root + z - rho) / (1.0 - rho))
        rate = rho * nu * alpha / 4.0 + (2.0 - 3.0 * rho**2) * nu**2 / 24.0
        return alpha * ratio * (1.0 + rate * years)

    def fair_variance(self, days: float) -> float:
        """Expected mean variance until `days` from now, log-linear in the factors."""
        volatility, f = self.config.market.volatility, self.factors
        jump_variance, multiple = self.expected_clusters(days)
        if volatility.model == "constant":
            return jump_variance + multiple * volatility.level**2
        time = np.linspace(0.0, days, 65)
        fast_left = 0.5 ** (time / volatility.fast.half_life_days)
        slow_left = 0.5 ** (time / volatility.slow.half_life_days)
        gone = self.fast_sd**2 * (1.0 - fast_left**2)
        gone += volatility.slow.sd**2 * (1.0 - slow_left**2)
        hours_left = np.zeros(time.size)
        if volatility.intraday is not None:
            hours_left = 0.5 ** (time / volatility.intraday.half_life_days)
            gone += volatility.intraday.sd**2 * (1.0 - hours_left**2)
        weight = np.exp(2.0 * gone)
        total = simpson(weight, x=time)
        hours = simpson(weight * hours_left, x=time) / total * f["intraday"]
        fast = simpson(weight * fast_left, x=time) / total * f["fast"]
        slow = simpson(weight * slow_left, x=time) / total * f["slow"]
        level = volatility.level**2 * total / days
        level *= multiple
        return jump_variance + float(level * exp(2.0 * (fast + slow + hours)))

    def expected_clusters(self, days: float) -> tuple[float, float]:
        """Expected variance of jumps per year and multiple of diffusive variance.

        Linear equations for what regime and excitation are expected to be, solved
        and averaged over the time by one matrix exponential.
        """
        jumps, regime = self.config.market.jumps, self.config.market.regime
        share, calm = self.stress_share, self.probability_in(1.0)
        stress = calm if regime is None else self.probability_in(regime.jumps)
        rate, square = 0.0, 1.0
        if regime is not None:
            rate = 1.0 / regime.calm_days + 1.0 / regime.stress_days
            square = regime.volatility**2
        excited, forgets = 0.0, 0.0
        if jumps is not None:
            excited = jumps.excitation
            left = 0.5 ** (self.hours_per_step / jumps.excitation_half_life_hours)
            forgets = -log(left + excited * (1.0 - left)) / self.days
        flow = np.zeros((5, 5))  # stress, excitation, 1, and two integrals
        flow[0, [0, 2]] = -rate, rate * share
        flow[1, [0, 1]] = forgets * excited * (stress - calm), -forgets
        flow[1, 2] = forgets * excited * calm
        flow[3, 0] = 1.0
        flow[4, [0, 1]] = (1.0 - excited) * (stress - calm), 1.0
        flow[4, 2] = (1.0 - excited) * calm
        now = np.array([float(self.stressed), self.excitation, 1.0, 0.0, 0.0])
        later = expm(flow * days) @ now / days
        probability = float(later[4])
        multiple = 1.0 + (square - 1.0) * float(later[3])
        return probability * self.jump_square / self.dt, multiple
