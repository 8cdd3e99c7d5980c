"""Presets, config files and overrides."""

from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config import ConstantVolatility, EnvConfig, RiskAversionRange
from hedge_env.config.documents import MAX_FILE_BYTES
from hedge_env.config.loading import PRESETS, load_config, preset_names, preset_text

SSVI = [
    "market.surface.level={half_life_days: 5, sd: 0.1}",
    "market.surface.skew={half_life_days: 5, sd: 0.1}",
    "market.surface.curvature={half_life_days: 5, sd: 0.1}",
]


def message_of(*args: object, **kwargs: object) -> str:
    """The error of `load_config`, which must be one line."""
    with pytest.raises(ConfigError) as caught:
        load_config(*args, **kwargs)  # type: ignore[arg-type]  # wrong on purpose
    message = str(caught.value)
    assert "\n" not in message
    return message


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_describes_itself(name):
    config = load_config(name)
    assert config.name == name
    assert config.description


@pytest.mark.parametrize("name", PRESETS)
def test_a_resolved_config_loads_to_itself(name):
    config = load_config(name)
    assert load_config(None, config.model_dump(mode="json")) == config
    assert load_config(config) == config


def test_the_presets_are_those_that_ids_and_documents_name():
    assert preset_names() == PRESETS
    named = {"reference", "ethereum-l1", "ethereum-l2", "deribit"}
    stress = {"crash", "calm", "short-squeeze"}
    eras = {"ethereum-l1-2021", "ethereum-l1-2026"}
    wide = {"ethereum-l1-wide", "deribit-wide"}
    published = {"cao-gbm-1m", "cao-gbm-3m", "derman-kamal"}
    assert named | eras | wide | published | stress <= set(PRESETS)
    assert preset_text("reference").startswith("#")


def test_the_reference_market_is_the_one_whose_optimum_is_known():
    config = load_config("reference")
    assert config.market.volatility == ConstantVolatility(level=0.8)
    assert config.market.surface.volatility == 0.8
    assert config.market.jumps is None
    assert config.market.gas is None
    assert config.episode.decisions == 180
    assert config.episode.horizon_days == 30.0
    assert config.execution.fee_bp == 5.0
    assert config.execution.fixed_cost_bp == 2.0
    assert config.holdings_bounds == (0.0, 1.0)
    assert config.risk_aversion == 10.0


def test_eras_differ_from_the_default_by_gas_alone():
    base = load_config("ethereum-l1")
    for era in ("ethereum-l1-2021", "ethereum-l1-2026"):
        changed = load_config(era)
        assert changed.market.gas != base.market.gas
        same_gas = changed.market.model_copy(update={"gas": base.market.gas})
        assert same_gas == base.market
        assert changed.execution == base.execution


def test_without_a_preset_the_models_defaults_are_the_start():
    assert load_config() == EnvConfig()
    assert load_config(None, settings=["market.volatility.level=0.5"]) == EnvConfig(
        market={"volatility": {"model": "constant", "level": 0.5}}
    )


def test_overrides_merge_mapping_by_mapping_and_settings_come_last():
    config = load_config(
        "reference",
        {"execution": {"fee_bp": 3.0, "half_spread_bp": 1.0}},
        ["execution.fee_bp=7", "risk_aversion=50"],
    )
    assert config.execution.fee_bp == 7.0
    assert config.execution.half_spread_bp == 1.0
    assert config.execution.fixed_cost_bp == 2.0
    assert config.risk_aversion == 50.0


def test_another_model_replaces_the_keys_of_the_old_one():
    config = load_config(
        "ethereum-l1", settings=["market.volatility={model: constant}"]
    )
    assert config.market.volatility == ConstantVolatility()


def test_the_order_of_settings_within_one_model_does_not_matter():
    settings = ["market.volatility.level=0.5", "market.volatility.model=constant"]
    for order in (settings, settings[::-1]):
        config = load_config("ethereum-l1", settings=order)
        assert config.market.volatility == ConstantVolatility(level=0.5)


def test_a_part_set_to_null_is_off():
    assert (
        load_config("ethereum-l1", settings=["market.jumps=null"]).market.jumps is None
    )


def test_a_setting_can_change_one_leg():
    config = load_config("ethereum-l1", settings=["book.legs.1.quantity=-2"])
    assert [leg.quantity for leg in config.book.legs] == [-1.0, -2.0]
    assert [leg.kind for leg in config.book.legs] == ["call", "put"]


def test_numbers_of_numpy_are_numbers():
    config = load_config("reference", {"market": {"spot": np.float32(3.0)}})
    assert config.market.spot == 3.0


def test_a_pair_of_risk_aversions_is_a_range():
    config = load_config("reference", settings=["risk_aversion={low: 2, high: 50}"])
    assert config.risk_aversion == RiskAversionRange(low=2.0, high=50.0)
    assert load_config("reference", settings=["risk_aversion=[2, 50]"]) == config
    assert load_config("reference", {"risk_aversion": (2, 50.0)}) == config


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("[2, 10, 50]", "one number or two"),
        ("[2]", "one number or two"),
        ("[]", "one number or two"),
        ("[50, 2]", "low must not exceed high"),
        ("[0, 2]", "greater than or equal to"),
        ("[2, .inf]", "risk_aversion"),
        ("[a, 2]", "risk_aversion"),
        ("2:50", "risk_aversion"),
    ],
)
def test_what_is_no_pair_of_risk_aversions_is_refused(setting, words):
    with pytest.raises(ConfigError) as caught:
        load_config("reference", settings=[f"risk_aversion={setting}"])
    message = str(caught.value)
    assert words in message
    assert "risk_aversion" in message
    assert "\n" not in message


def test_a_file_extends_a_preset_and_takes_its_own_name(tmp_path):
    path = written(tmp_path, "extends: reference\nexecution: {fee_bp: 1}\n")
    config = load_config(path)
    assert config.name == "mine"
    assert config.description == ""
    assert config.execution.fee_bp == 1.0
    assert config.execution.fixed_cost_bp == 2.0
    assert load_config(str(path)) == config


def test_a_file_extends_a_file_beside_it(tmp_path):
    written(tmp_path, "execution: {fee_bp: 4}\n", "base.yaml")
    path = written(tmp_path, "extends: base.yaml\n")
    assert load_config(path).execution.fee_bp == 4.0


def test_a_file_of_overrides_is_merged_over_the_preset(tmp_path):
    path = written(tmp_path, "execution: {fee_bp: 4}\n")
    config = load_config("reference", path)
    assert config.execution.fee_bp == 4.0
    assert config.execution.fixed_cost_bp == 2.0


def test_files_that_extend_each_other_are_refused(tmp_path):
    written(tmp_path, "extends: b.yaml\n", "a.yaml")
    written(tmp_path, "extends: a.yaml\n", "b.yaml")
    assert "circle" in message_of(tmp_path / "a.yaml")


@pytest.mark.parametrize("number", ["1e-4", "1.0e-4", "0.0001", "1E-4"])
def test_every_spelling_of_a_number_is_a_number(number):
    config = load_config("reference", settings=[f"execution.fee_bp={number}"])
    assert config.execution.fee_bp == 1e-4


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("execution.fee_bpp=3", ["execution.fee_bpp", "unknown", "mean fee_bp?"]),
        ("executionn.fee_bp=3", ["executionn", "did you mean execution?"]),
        ("market.volatility.levl=1", ["volatility.levl", "mean level?"]),
        ("book.legs.0.quantit=-2", ["book.legs.0.quantit", "mean quantity?"]),
        ("risk_aversion={low: 1, hig: 3}", ["risk_aversion.hig", "mean high?"]),
        ("execution.fee_bp='3'", ["execution.fee_bp", "number", '"3"']),
        ("execution.fee_bp=true", ["execution.fee_bp", "number", "true"]),
        ("execution.fee_bp=-3", ["execution.fee_bp", "0", "-3"]),
        ("execution.fee_bp=.nan", ["execution.fee_bp", "finite"]),
        ("execution.fee_bp=.inf", ["execution.fee_bp", "finite"]),
        ("episode.decisions=1.5", ["episode.decisions", "whole number", "1.5"]),
        ("episode.decisions=0", ["episode.decisions", "0"]),
        ("market=3", ["market", "mapping"]),
        ("book.legs=[]", ["book.legs", "at least 1"]),
        (
            "book.legs=[{kind: power, funding_days: 3650}]",
            ["book.legs.0.funding_days must", "not 3650"],
        ),
        (
            "book.legs=[{kind: power, strike: 2}]",
            ["book.legs.0.strike is unknown", "funding_days", "quantity"],
        ),
        ("book.legs=[{kind: power, power: 9}]", ["book.legs.0.power must", "not 9"]),
        ("book.legs.5.quantity=1", ["book.legs.5.quantity", "list of 1"]),
        ("action.snap=yes", ["action.snap", "true or false"]),
        ("execution.instrument=future", ["'spot' or 'perp'", "future"]),
        ("market.volatility.model=garch", ["'constant', 'log_ou'"]),
        ("market.surface.model=sabr", ["market", "volatility.model = sabr"]),
        ("market.surface.model=heston", ["market", "volatility.model = heston"]),
        ("market.volatility.model=log_ou", ["market.volatility.", "missing"]),
        ("execution.gas_units=5", ["execution.gas_units", "market.gas"]),
        ("risk_aversion=0", ["risk_aversion", "greater than"]),
        ("market.spot=[1, {a: 2}", ["market.spot", "line 1"]),
        ("market.spot=!!python/object:os.system x", ["market.spot"]),
        ("market.spot", ["KEY=VALUE"]),
        ("a..b=3", ["KEY=VALUE"]),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_key_and_remedy(setting, parts):
    message = message_of("reference", settings=[setting])
    for part in ["--set", *parts]:
        assert part in message


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("execution={}", "execution"),
        ("market.volatility={}", "market.volatility"),
        ("market={volatility: {}}", "market.volatility"),
        ("market={volatility: {}, spot: 3}", "market.volatility"),
    ],
)
def test_an_empty_mapping_that_changes_nothing_is_refused(setting, key):
    message = message_of("ethereum-l1", settings=[setting])
    assert message.startswith(f"--set {key}={{}} is an empty mapping, which changes")
    assert f"as in {key}.KEY=VALUE, with KEY one of: " in message


def test_an_empty_mapping_in_place_of_nothing_is_the_defaults_of_it():
    plain = load_config("reference")
    assert plain.market.season is None
    changed = load_config("reference", settings=["market.season={}"])
    assert changed.market.season is not None
    assert load_config("reference", settings=["market={season: {}}"]) == changed


def test_the_error_names_the_source_of_the_wrong_value(tmp_path):
    path = written(tmp_path, "extends: reference\nexecution: {fee_bp: -1}\n")
    assert message_of(path).startswith(f"{path}: line 2: execution.fee_bp")
    assert message_of("reference", {"market": {"spot": -1}}).startswith(
        "config: market"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("extends: reference\n# a remark\nmarket:\n  spot: -1\n", 4),
        ("extends: reference\nmarket:\n\n  spto: 1\n", 4),
        ("market: {volatility: {model: garch}}\n", 1),
        ("market:\n  surface:\n    model: ssvi\n    level: {}\n", 4),
        ("book:\n  legs:\n  - strike: 1\n  - kind: call\n    strike: -2\n", 5),
        ('"market":\n  ? spot\n  : -1\n', 2),
    ],
)
def test_the_error_names_the_line_of_the_wrong_value(tmp_path, text, line):
    path = written(tmp_path, text)
    assert message_of(path).startswith(f"{path}: line {line}: ")


def test_a_line_is_named_of_the_file_that_gave_the_value(tmp_path):
    base = written(tmp_path, "\n\nexecution: {fee_bp: -1}\n", "base.yaml")
    path = written(tmp_path, "extends: base.yaml\nexecution: {fixed_cost_bp: 1}\n")
    assert message_of(path).startswith(f"{base}: line 3: execution.fee_bp")
    settings = ["execution={fee_bp: -2}"]
    assert message_of(path, settings=settings).startswith("--set: execution.fee_bp")


@pytest.mark.parametrize("key", ["true", "null", "1.50", "0x1", "yes", "~"])
def test_a_key_is_the_word_that_is_written(tmp_path, key):
    assert f": line 1: {key} is unknown" in message_of(written(tmp_path, f"{key}: 1\n"))
    message = message_of(written(tmp_path, f"{key}: 1\n{key}: 2\n"))
    assert f"line 2, column 1: {key} is twice" in message


def test_words_that_mean_the_same_are_two_keys_of_which_none_is_lost(tmp_path):
    message = message_of(written(tmp_path, "true: 1\nTrue: 2\n"))
    assert "true is unknown" in message
    assert "(and 1 more)" in message


@pytest.mark.parametrize("number", ["012", "0_12", "+12", "1_2"])
def test_a_whole_number_is_decimal_however_it_is_written(number):
    config = load_config("reference", settings=[f"episode.decisions={number}"])
    assert config.episode.decisions == 12


def test_further_problems_are_counted():
    overrides = {"execution": {"fee_bp": -1}, "market": {"spot": -1}}
    assert "(and 1 more)" in message_of("reference", overrides)


def test_an_unknown_preset_suggests_one():
    assert "did you mean reference?" in message_of("referense")
    assert f"known: {PRESETS[0]}, {PRESETS[1]}" in message_of("xyz")


def test_what_is_no_config_file_is_said_in_one_line(tmp_path):
    assert "does not exist" in message_of(tmp_path / "none.yaml")
    assert "folder" in message_of(tmp_path)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    assert "not UTF-8" in message_of(binary)
    control = tmp_path / "control.yaml"
    control.write_bytes(b"a: \x00")
    assert "not valid YAML" in message_of(control)
    assert "mapping" in message_of(written(tmp_path, "- 1\n- 2\n"))
    large = written(tmp_path, "# " + "x" * MAX_FILE_BYTES)
    assert "larger than" in message_of(large)


def test_an_empty_file_changes_nothing_but_the_name(tmp_path):
    config = load_config(written(tmp_path, ""))
    assert config == EnvConfig(name="mine")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("risk_aversion: 1\nrisk_aversion: 2\n", "line 2"),
        ("market: {spot: 1, spot: 2}\n", "spot is twice"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("? [1, 2]\n: 3\n", "key"),
        ("a: 1\n b: 2\n", "line 2"),
        ("extends: 3\n", "extends"),
        ("extends: [reference]\n", "extends"),
        ("market: " + "[" * 5000 + "\n", "nested"),
        ("market: !!python/name:os.system ''\n", "python/name"),
        ("market: {spot: 2020-01-01}\n", "market.spot"),
        ("market: {spot: 010}\nfoo: 1\n", "foo"),
    ],
)
def test_a_file_that_is_not_a_config_is_refused_in_one_line(tmp_path, text, problem):
    path = written(tmp_path, text)
    message = message_of(path)
    assert problem in message
    assert str(path) in message


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", 1j])
def test_what_is_no_plain_data_is_refused(value):
    assert "config" in message_of("reference", {"market": {"spot": value}})


@pytest.mark.parametrize("wrong", [3, ["reference"], object()])
def test_arguments_of_another_type_are_refused(wrong):
    assert "preset" in message_of(wrong)
    if not isinstance(wrong, str):
        assert "config" in message_of("reference", wrong)


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        (["market.jumps.per_year=5"], ["jumps", "market.jumps = null"]),
        (["market.surface.model=ssvi", *SSVI], ["surface.model = ssvi", "use sabr"]),
        (["replay.spot=prices.csv"], ["replay", "use constant or log_ou"]),
    ],
)
def test_published_models_of_volatility_refuse_what_they_are_not_made_for(
    settings, parts
):
    message = message_of("cao-sabr-1m", settings=settings)
    for part in parts:
        assert part in message
