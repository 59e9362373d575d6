# One list of commands. Each says what it does and how long it took, and does nothing that is already done.
# `make demo` and `make test` are all that a newcomer needs (Debian or Ubuntu; elsewhere they say what to install).

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup web demo test test-at lint types check-page pytest exhaustive mutants bench fmt requirements clean clean-data browser qgis

VENV := .venv
STAMP := $(VENV)/.made
STEP := @.ci/step
PYTHON_SOURCES := spatial ingest api migrations sample_data tests bench dothi.py
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)
PAGE := api/static/dist/index.html

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

# -- setting up ---------------------------------------------------------------------------------------------------------------

setup: $(STAMP)/package ## system packages (apt, if missing), Python environment

$(STAMP)/environment: .ci/system .ci/venv .ci/find-python .ci/find-uv
	$(STEP) "system packages" .ci/system database python
	$(STEP) "virtual environment" .ci/fetch .ci/venv $(VENV)
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/requirements: requirements.lock $(STAMP)/environment
	$(STEP) "Python packages" .ci/fetch $$(.ci/find-uv $(VENV)) pip install -q --compile-bytecode -p $(VENV) --require-hashes -r requirements.lock
	@touch $@

$(STAMP)/package: pyproject.toml $(STAMP)/requirements
	$(STEP) "dothi itself" $$(.ci/find-uv $(VENV)) pip install -q -p $(VENV) --no-deps --no-build-isolation -e .
	@touch $@

browser: ## Chromium for the tests (apt, if missing)
	@.ci/system browser

qgis: ## QGIS for the tests (apt, if missing)
	@.ci/system qgis

# -- the page -----------------------------------------------------------------------------------------------------------------

web: $(PAGE) ## build the page

web/node_modules/.made: web/package.json web/package-lock.json .ci/node | $(STAMP)/package
	$(STEP) "npm packages" .ci/fetch .ci/node $(VENV) npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGE): web/node_modules/.made $(WEB_SOURCES)
	$(STEP) "page" .ci/node $(VENV) npm run --silent build
	@touch $@

# -- running ------------------------------------------------------------------------------------------------------------------

demo: setup web ## everything on this machine, with the sample data, on http://127.0.0.1:8000 (DOTHI_PORT)
	@$(VENV)/bin/dothi demo

bench: setup ## the numbers, side by side with others (QUICK=1, ONLY="items lookup")
	$(STEP) "programs of the bench" .ci/system bench
	$(STEP) "bench" $(VENV)/bin/python -m bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(BENCH)

# -- checking -----------------------------------------------------------------------------------------------------------------

test: setup web lint check-page browser qgis pytest ## every check and test, the browser's too

lint: setup ## style, types, imports between the rooms
	$(STEP) "ruff check" $(VENV)/bin/ruff check --quiet .
	$(STEP) "ruff format" $(VENV)/bin/ruff format --quiet --check .
	$(STEP) "mypy" $(VENV)/bin/mypy
	$(STEP) "imports" $(VENV)/bin/lint-imports --no-cache

check-page: web/node_modules/.made ## types of the page
	$(STEP) "TypeScript" .ci/node $(VENV) npm run --silent check

pytest: setup ## the tests alone (ARGS=...)
	$(STEP) "pytest" $(VENV)/bin/pytest -q -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

exhaustive: setup ## the tests that ask for everything (minutes to half an hour)
	$(STEP) "exhaustive tests" $(VENV)/bin/pytest -q -n 2 -m exhaustive --timeout 3600 $(ARGS)

mutants: setup ## faults put into the code by hand: does a test notice each? (minutes; ARGS=word)
	$(STEP) "mutants" $(VENV)/bin/python tests/mutants/run.py $(ARGS)

test-at: setup web browser ## the tests as on another day (DATE=2027-01-02): what turns at midnight and at New Year
	$(if $(DATE),,$(error Say which day: make test-at DATE=2027-01-02))
	$(STEP) "pytest on $(DATE)" $(VENV)/bin/pytest -q -n 2 --dist loadscope --no-loadscope-reorder --at $(DATE) $(ARGS)

fmt: setup ## put the sources into form
	$(STEP) "ruff" $(VENV)/bin/ruff check --quiet --fix-only .
	$(STEP) "ruff format" $(VENV)/bin/ruff format --quiet .

COMPILE = $$(.ci/find-uv $(VENV)) pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 \
  --custom-compile-command "make requirements"
requirements: setup ## pin the newest versions that fit
	$(STEP) "requirements.lock" $(COMPILE) -U --extra dev --extra build pyproject.toml -o requirements.lock
	$(STEP) "requirements-run.lock" $(COMPILE) --extra build -c requirements.lock --no-annotate pyproject.toml -o requirements-run.lock
	$(STEP) "requirements-node.lock" $(COMPILE) -U --group node -o requirements-node.lock
	$(STEP) "requirements-uv.lock" $(COMPILE) -U --group uv -o requirements-uv.lock

# -- tidying up ---------------------------------------------------------------------------------------------------------------

clean: ## delete what make built; the data stay
	@if [ -x $(VENV)/bin/dothi ]; then $(VENV)/bin/dothi db stop; \
	  $(VENV)/bin/python -c 'from api.web_account import remove_copies; remove_copies()'; fi || true
	$(STEP) "clean" rm -rf $(VENV) web/node_modules web/dist api/static/dist build dist .mypy_cache .ruff_cache .pytest_cache

clean-data: setup ## stop the embedded server and delete its data
	$(STEP) "delete the embedded server" $(VENV)/bin/python -c \
	  'from spatial.cluster import Cluster; from spatial.settings import Settings; Cluster(Settings().data_dir).destroy()'
