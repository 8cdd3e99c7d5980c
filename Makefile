# Every target does its own set-up: a virtual environment in .venv, from the lock file.
# Use another interpreter with `make PYTHON=python3.12 install`.

PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
HEDGE := $(BIN)/python -m hedge_env.training.cli.main
INSTALLED := $(VENV)/.installed

# The demo trains one agent for all risk aversions, and compares it at one of them with
# the rules that lead somewhere.
DEMO_PRESET ?= ethereum-l1
DEMO_RISK_AVERSION ?= 10
DEMO_TRAIN ?=
DEMO_COMPARE ?= --episodes 20_000 --validation-episodes 6_000 --threads 2

# Further options of the frontier study, for example --presets reference.
STUDY ?=

# Two processes: more of them would mostly compile the same kernels again. A file stays in
# one of them, or both would make its fixtures and compile its kernels.
TEST_FLAGS ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder

export OMP_NUM_THREADS ?= 1

.PHONY: install demo test fuzz check format benchmark study clean

install: $(INSTALLED)

# Editable by a path that type checkers follow too (compat), not by an import hook.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "hedge_env needs Python 3.11 or later; try: make PYTHON=python3.12 install" >&2; \
	  exit 1; }
	@echo "installing into $(VENV); the first time takes a few minutes"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

demo: $(INSTALLED)
	rm -rf runs/demo
	$(HEDGE) train configs/ahpg.yaml --set preset=$(DEMO_PRESET) --out runs/demo $(DEMO_TRAIN)
	$(HEDGE) compare --preset $(DEMO_PRESET) --risk-aversion $(DEMO_RISK_AVERSION) \
	  --policies main,runs/demo/policy.safetensors --out runs/demo/report $(DEMO_COMPARE)
	@echo "Now open runs/demo/report/report.html"

test: $(INSTALLED)
	$(BIN)/python -m pytest $(TEST_FLAGS)

# Made-up files for minutes, new ones each time; `make test` tries a few fixed ones.
FUZZ_EXAMPLES ?= 50

fuzz: $(INSTALLED)
	HEDGE_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest $(TEST_FLAGS) -m fuzz

check: $(INSTALLED)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

benchmark: $(INSTALLED)
	$(HEDGE) benchmark

# An hour and a half at most; it can be interrupted and goes on where it stopped.
study: $(INSTALLED)
	$(HEDGE) study --threads 2 $(STUDY)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
