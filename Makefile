# Chhota. `make` lists what there is; `make run` and `make test` need Python 3.11 or newer and nothing else.

PYTHON ?=
BIN := .venv/bin
DEVSTACK := exec $(BIN)/python -m devstack
# The first interpreter that is new enough, as $$python; a sentence and exit code 1 where there is none.
FIND_PYTHON = for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 none; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; \
	test "$$python" != none || { \
	echo "Chhota needs Python 3.11 or newer, and here is $$(python3 --version 2>/dev/null || echo none): install one" \
	"(Debian 12, Ubuntu 24.04: apt install python3 python3-venv; macOS: brew install python)," \
	"or name one: make run PYTHON=/path/to/python3.12" >&2; exit 1; }

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command="make lock"

# Half of the first seconds of each process would be the compiling of what another has compiled before.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help run dev up status code shell test test-long test-servers lint format messages lock demo-real screenshots bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS='	' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

run: .venv/.run-stamp ## start PostgreSQL, Redis, S3, web, worker and beat; prints the address (PORT=8000)
	@$(DEVSTACK) run

dev: .venv/.dev-stamp ## the same, taking up changed code at once, logs in the terminal
	@$(DEVSTACK) dev

up: .venv/.run-stamp ## start the servers only, print their settings
	@$(DEVSTACK) up

status: .venv/.run-stamp ## what of `make run` answers
	@$(DEVSTACK) status

code: .venv/.run-stamp ## the six digits for signing in as the demo's staff
	@$(DEVSTACK) code

shell: .venv/.run-stamp ## a Python shell in the running application
	@$(DEVSTACK) exec flask shell

test: .venv/.dev-stamp ## linters, types and all tests on real servers (ARGS="tests/ledger -k chain")
	@exec $(BIN)/python -m devstack.check $(ARGS)

test-long: .venv/.dev-stamp ## 100,000 random histories of savers and 30,000 random calls, for 2,000 each of `make test`
	@HYPOTHESIS_PROFILE=long exec $(BIN)/python -m pytest -n 2 --durations=6 \
		tests/services/gamification/test_habit.py tests/services/gamification/test_histories.py \
		tests/attacks/test_generated.py

test-servers: .venv/.dev-stamp ## keep servers for single tests, which then start at once
	@exec $(BIN)/python -m tests.servers

lint: .venv/.dev-stamp ## linters, layers and types only
	@exec $(BIN)/python -m devstack.check --lint

format: .venv/.dev-stamp ## lay out the code and repair what can be repaired
	@$(BIN)/ruff check --fix-only --quiet . && exec $(BIN)/ruff format .

messages: .venv/.dev-stamp ## bring the catalogues of app/translations up to the sources, and compile them
	@exec $(BIN)/python -m devstack.messages

lock: .venv/.dev-stamp ## work out requirements*.txt anew from requirements*.in
	@$(COMPILE) requirements.in -o requirements.txt
	@exec $(COMPILE) requirements-dev.in -o requirements-dev.txt

demo-real: .venv/.run-stamp ## load real savings data into the running application (FROM=folder)
	@test -n "$(FROM)" || { echo "Say which folder: make demo-real FROM=path/to/data" >&2; exit 1; }
	@$(DEVSTACK) exec flask demo real --from "$(FROM)"

screenshots: .venv/.dev-stamp ## take the pictures of the README anew
	@exec $(BIN)/python -m tests.screenshots

bench: .venv/.dev-stamp ## measure; only ARGS=deposits, and all of them, need a running application
	@$(if $(filter deposits,$(or $(ARGS),deposits)),$(DEVSTACK) exec python,exec $(BIN)/python) -m bench $(ARGS)

clean: ## delete the environment, caches and the servers' data
	@$(FIND_PYTHON); test ! -d .local || "$$python" -m devstack clean
	@rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run-stamp: requirements.txt
	@$(FIND_PYTHON); exec "$$python" -m devstack.environment $@ requirements.txt

.venv/.dev-stamp: requirements.txt requirements-dev.txt
	@$(FIND_PYTHON); exec "$$python" -m devstack.environment $@ requirements.txt requirements-dev.txt
