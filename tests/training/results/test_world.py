import json

import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.compare import compare
from hedge_env.training.results.world import require_readable, strangeness, trained_on
from tests.training.helpers.saved_policy import save_random_policy
from tests.training.test_evaluate import run

HOME = load_config("reference")
SMALL = ("--episodes", "20", "--no-progress")
STRANGLE = (
    "book.legs=[{kind: call, moneyness: 1.1}, {kind: put, moneyness: 0.9, "
    "maturity_days: 14}]"
)


@pytest.fixture
def saved(tmp_path):
    return save_random_policy(tmp_path / "first" / "policy.safetensors")


def test_at_home_nothing_is_strange(saved):
    policy = load_policy(saved)
    assert strangeness(policy, HOME, 10.0) == ()
    assert trained_on(policy, HOME) == {
        "preset": "reference",
        "risk_aversion": 10.0,
        "differs": [],
    }


@pytest.fixture
def replayed(tmp_path):
    """The market at home on recorded days."""
    hours, start = range(24 * 90), 1_577_836_800
    rows = [f"{start + 3600 * hour},{100.0 + hour % 7}" for hour in hours]
    file = tmp_path / "spot.csv"
    file.write_text("timestamp,close\n" + "\n".join(rows) + "\n")
    return load_config(
        "reference",
        {
            "replay": {
                "spot": str(file),
                "validation_from": "2020-02-01",
                "test_from": "2020-02-20",
                "stride_hours": 48,
            },
            "episode": {"decisions": 18},
        },
    )


def test_recorded_days_are_another_world_than_simulated_ones(tmp_path, replayed):
    home = load_config("reference", {"episode": {"decisions": 18}})
    settings = ("episode.decisions=18",)
    simulated = load_policy(save_random_policy(tmp_path / "s", settings=settings))
    assert strangeness(simulated, home, 10.0) == ()
    (note,) = strangeness(simulated, replayed, 10.0)
    assert note == "trained on simulated days, measured on recorded days (spot)"
    assert trained_on(simulated, replayed)["differs"] == ["replay"]
    recorded = load_policy(tmp_path / "s")
    recorded.metadata = simulated.metadata.model_copy(update={"recorded": ("spot",)})
    assert strangeness(recorded, replayed, 10.0) == ()
    (note,) = strangeness(recorded, home, 10.0)
    assert note == "trained on recorded days (spot), measured on simulated days"


def test_a_comparison_on_recorded_days_marks_what_was_trained_in_simulation(
    tmp_path, replayed
):
    path = save_random_policy(tmp_path / "s", settings=("episode.decisions=18",))
    summary = compare(
        replayed, ["delta", str(path)], [10.0], n_episodes=8, validation_episodes=8
    ).summary
    by_name = {row.name: row for row in summary.policies}
    (agent,) = (row for row in summary.policies if row.kind == "agent")
    assert agent.notes == (
        "trained on simulated days, measured on recorded days (spot)",
    )
    assert by_name["delta"].notes == ()
    assert summary.simulated is not None
    (alone,) = (row for row in summary.simulated.policies if row.kind == "agent")
    assert alone.notes == ()
    assert alone.trained_on["differs"] == []


def test_names_and_rewards_are_no_other_world(saved):
    other = load_config(
        "reference",
        {"name": "mine", "description": "x", "action": {"mode": "target"}},
        settings=("reward.name=kolm_ritter",),
    )
    assert strangeness(load_policy(saved), other, 10.0) == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            ("execution.fee_bp=3",),
            "another market, in reference: differs in execution.fee_bp",
        ),
        (("market.volatility.level=1.5",), "market.volatility.level"),
        ((STRANGLE,), "another book"),
        (("holdings.high=2",), "another book"),
        (("episode.decisions=90",), "another episode"),
        (("execution.fee_bp=3", STRANGLE), "another market and book"),
    ],
)
def test_another_market_book_or_episode_is_said(saved, settings, said):
    config = load_config("reference", settings=settings)
    (note,) = strangeness(load_policy(saved), config, 10.0)
    assert said in note


def test_a_risk_aversion_outside_its_training_is_said(tmp_path, saved):
    (note,) = strangeness(load_policy(saved), HOME, 50.0)
    assert note == "trained for risk aversion 10, measured at 50"
    wide = load_policy(
        save_random_policy(tmp_path / "w", risk_aversion={"low": 2.0, "high": 50.0})
    )
    assert strangeness(wide, HOME, 2.0) == strangeness(wide, HOME, 50.0) == ()
    (note,) = strangeness(wide, HOME, 90.0)
    assert note == "trained for risk aversion 2 to 50, measured at 90"


def test_features_that_the_market_does_not_have_are_refused(tmp_path):
    path = save_random_policy(
        tmp_path / "p",
        settings=(
            "observation.true_volatility=true",
            "observation.features=[delta, holdings, true_volatility]",
        ),
    )
    policy = load_policy(path)
    with pytest.raises(ConfigError, match="does not have: true_volatility") as caught:
        require_readable("p", policy, HOME)
    assert "\n" not in str(caught.value)
    result = run(str(path), "--preset", "reference", "--json", *SMALL)
    assert (result.code, result.out) == (2, "")
    assert result.error.count("\n") == 1


def test_holdings_that_the_policy_cannot_reach_are_said(saved):
    config = load_config("reference", settings=(STRANGLE,))
    (note,) = strangeness(load_policy(saved), config, 10.0)
    assert "it holds 0 to 1, and the book's hedge goes from -1 to 1" in note
    wider = load_config("reference", settings=("book.legs.0.moneyness=1.2",))
    (note,) = strangeness(load_policy(saved), wider, 10.0)
    assert "holds" not in note


def test_a_book_beyond_what_its_features_show_is_refused(saved):
    policy = load_policy(saved)
    twice = load_config("reference", settings=("book.legs.0.quantity=-2",))
    require_readable("p", policy, twice)
    more = load_config("reference", settings=("book.legs.0.quantity=-3",))
    with pytest.raises(ConfigError, match=r"p sees delta up to 2, .* needs up to 3"):
        require_readable("p", policy, more)


def test_a_name_out_of_a_file_is_printed_as_plain_text(saved):
    policy = load_policy(saved)
    name = "\x1b[31m" + "x" * 1000
    object.__setattr__(policy.metadata.config, "name", name)
    other = load_config("reference", settings=("execution.fee_bp=3",))
    (note,) = strangeness(policy, other, 10.0)
    assert note.isprintable()
    assert len(note) < 200
    assert trained_on(policy, other)["preset"].isprintable()


def test_the_terminal_and_the_document_mark_a_stranger(saved):
    options = ("--preset", "ethereum-l1", *SMALL)
    result = run(str(saved), *options)
    assert result.code == 0
    assert "first *" in result.out
    assert "* first: trained for another market, book and episode, in reference" in (
        " ".join(result.out.split())
    )
    document = json.loads(run(str(saved), *options, "--json").out)
    (row,) = document["policies"]
    assert row["trained_on"]["preset"] == "reference"
    assert any(key.startswith("book.legs") for key in row["trained_on"]["differs"])
    assert len(row["notes"]) == 1


def test_at_home_there_is_no_mark(saved):
    result = run(str(saved), *SMALL)
    assert "*" not in result.out
