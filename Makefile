# make run    sets everything up and runs the demo
# make test   sets everything up and runs the tests
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TWO_WORKERS := -n 2 --no-loadscope-reorder
EVENTS ?= 20000
SEED ?= 7

.PHONY: run test test-long test-duckdb15 bench bench-quick setup check fix lock clean

run: setup
	$(BIN)/message-center demo --events $(EVENTS) --seed $(SEED)

test: setup
	$(BIN)/python -m pytest $(TWO_WORKERS) -m "not long"

test-long: setup
	$(BIN)/python -m pytest

# The lock is complete, so pip need not look for more: an older one would, and take the newest of what another asks for
# with extras.
setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make setup PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

# The stores under the older DuckDB that is still supported: it is put before the newer one on the path. What depends on
# its version is SQL, the file, its locks and its errors: tests/store has all four, and the stages run the statements.
# Left out are stage tests of processes and files, whose statements, copies and compactions those run too.
ANY_DUCKDB := $(addprefix tests/stages/test_,back_up_store.py deliveries_side_by_side.py demo_home.py \
	publish_templates_stage.py purge_events_crashes.py purge_space.py sharing.py)

test-duckdb15: setup
	test -e .duckdb15/duckdb || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes --requirement requirements-duckdb15.lock --target .duckdb15
	PYTHONPATH=.duckdb15 $(BIN)/python -m pytest $(TWO_WORKERS) -m "not long" tests/store tests/stages $(ANY_DUCKDB:%=--ignore=%)

# How fast each stage is here, beside what a user would pick instead; it goes on where it was stopped.
bench: setup .bench-packages/.ready
	$(BIN)/python -m bench.suite $(BENCH)

# Whether a stage became slower, by its ratio to bare DuckDB in the same run: something to look at, never a test.
bench-quick: setup
	$(BIN)/python -m bench.quick $(QUICK)

.bench-packages/.ready: requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--requirement requirements-bench.lock --target .bench-packages --upgrade
	touch .bench-packages/.ready

# Lint, format, types, import rules, rendered files: every failure is shown, not the first alone.
check: setup
	@status=0; \
	for command in "ruff check ." "ruff format --check ." "mypy" "lint-imports" "python -m deployments.render --check"; do \
		echo "== $$command"; $(BIN)/$$command || status=1; \
	done; exit $$status

fix: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m deployments.render

# The lock holds hashes and no index address; it needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock
	printf 'duckdb==1.5.5\npytz\n' | uv pip compile --quiet --universal --python-version 3.11 --no-deps --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" - -o requirements-duckdb15.lock
	printf 'pandas>=2.3\npsycopg[binary]>=3.2\n' | uv pip compile --quiet --universal --python-version 3.11 \
		--constraint requirements.lock --generate-hashes --no-emit-index-url --custom-compile-command "make lock" - \
		-o requirements-bench.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
