# Everything a developer types. `make demo` and `make test` need Python 3.11, git and make; nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
BIN := .venv/bin
PYTEST_ARGS ?=

.PHONY: help demo test check bench lock clean install
.DEFAULT_GOAL := help

help:
	@echo "make demo    le site complet avec ses données de démonstration, sur http://127.0.0.1:8000 (PORT=…)"
	@echo "make test    toute la suite de tests, navigateur compris"
	@echo "make check   formatage, lint, types, contrats d'import, migrations, réglages de production"
	@echo "make bench   les mesures"
	@echo "make lock    refait requirements/*.txt d'après pyproject.toml (demande uv)"
	@echo "make clean   supprime .venv, les caches et les données locales"

demo:
	@$(PYTHON) scripts/install.py demo
	@exec $(BIN)/python -m orne_accueil.portal.demo.run

install:
	@$(PYTHON) scripts/install.py dev

test: install
	@$(PYTHON) scripts/chromium.py || true
	@exec $(BIN)/python -m pytest $(PYTEST_ARGS)

# Static work reads the settings and touches no data: no engine is started.
check: export ORNE_WITHOUT_ENGINES = 1
check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	ORNE_WITHOUT_ENGINES=0 $(BIN)/python manage.py makemigrations --check --dry-run
	env -i PATH="$$PATH" $$(grep -v '^#' deploy/example.env | xargs) \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING --settings orne_accueil.settings.prod

bench: install
	@exec $(BIN)/python -m benchmarks

lock:
	@for kind in dev demo base; do \
	  extra=""; [ $$kind = base ] || extra="--extra $$kind"; \
	  constraint=""; [ $$kind = dev ] || constraint="--constraint requirements/dev.txt"; \
	  uv pip compile pyproject.toml $$extra $$constraint --universal --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    --quiet --output-file requirements/$$kind.txt || exit 1; \
	done
	@! grep -nE '(https?|file):|index-url|find-links' requirements/*.txt

clean:
	rm -rf .venv .venv.lock .local .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
