# Everything runs in .venv, which is made when it is missing.
#
#   make route [BENCH=path/ibm02.modified] [ARGS="--effort high"]
#   make route BENCH=path/gcd.def ARGS="--lef path/tech.lef --lef path/cells.lef"
#   make test    make lint    make benchmark    make benchmark-designs    make docs    make study
#   make fuzz [ARGS="--seconds 600"]    make model    make benchmark-scale

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BENCH ?= synth02
CHIP := synth-chip
NAME = $(firstword $(subst ., ,$(notdir $(BENCH))))
OUT ?= out/$(NAME)$(if $(filter %.def %.def.gz $(CHIP),$(BENCH)),.guide,.route)
ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev
COMPILED := .venv/.compiled

.PHONY: route test lint format fuzz benchmark benchmark-designs benchmark-scale docs study model wheel clean

route: $(INSTALLED)
	@mkdir -p $(dir $(OUT))
	$(BIN)/edaroute route $(BENCH) -o $(OUT) $(ARGS)
ifeq ($(origin BENCH),file)
	$(BIN)/edaroute route $(CHIP) -o out/$(CHIP).guide $(ARGS)
endif

# Kernels are compiled once, for all tests and for those of the command itself, which take it from a
# copy that no test has added to. Workers that steal keep to one file while they can, so that what
# its tests share is made once.
test: export NUMBA_CACHE_DIR = $(CURDIR)/out/kernels
test: export EDAROUTE_TEST_COMPILED = $(CURDIR)/out/kernels-compiled
test: $(INSTALLED_DEV)
	rm -rf $(NUMBA_CACHE_DIR) $(EDAROUTE_TEST_COMPILED)
	$(BIN)/edaroute compile
	cp -Rp $(NUMBA_CACHE_DIR) $(EDAROUTE_TEST_COMPILED)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED_DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The bundled weights anew, from nothing.
model: $(COMPILED)
	$(BIN)/edaroute train --config models/config.yaml -o runs/model $(ARGS)

fuzz: $(INSTALLED_DEV)
	$(BIN)/python -m tests.fuzz.designs $(ARGS)
	$(BIN)/python -m tests.fuzz.texts $(ARGS)

benchmark: $(COMPILED)
	$(BIN)/python scripts/benchmark.py $(ARGS)
	$(BIN)/python scripts/benchmark_neural.py $(ARGS)

benchmark-designs: $(COMPILED)
	$(BIN)/python scripts/benchmark_lefdef.py $(ARGS)

benchmark-scale: $(COMPILED)
	$(BIN)/python scripts/benchmark_scale.py $(ARGS)

docs: $(COMPILED)
	$(BIN)/python scripts/document.py
	$(BIN)/python scripts/benchmark.py --rewrite
	$(BIN)/python scripts/benchmark_neural.py --rewrite
	$(BIN)/python scripts/benchmark_lefdef.py --rewrite
	$(BIN)/python scripts/benchmark_scale.py --rewrite
	$(BIN)/python scripts/waves.py --rewrite
	$(BIN)/python scripts/model_card.py --rewrite
	$(BIN)/edaroute study --config scripts/study.yaml --bench ibm02.modified.txt \
		--folder docs/study --rewrite
	$(BIN)/python scripts/pictures.py
	$(BIN)/python -m sphinx -q -W --keep-going -c docs . out/docs
	@echo "written out/docs/docs/index.html"

study: $(COMPILED)
	$(BIN)/edaroute study --config scripts/study.yaml --bench $(BENCH) \
		--folder docs/study --runs runs/study $(ARGS)

wheel: $(INSTALLED_DEV)
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

clean:
	rm -rf .venv out dist build

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is too old, Python 3.11 or later is needed (PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps keep a second call from installing again; a changed pyproject.toml makes them stale.
$(INSTALLED): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	$(BIN)/edaroute compile
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,docs,viz]'
	@touch $@

# What measures and trains finds its kernels compiled; lint needs none, and tests have their own.
$(COMPILED): $(INSTALLED_DEV)
	$(BIN)/edaroute compile
	@touch $@ $(INSTALLED)
