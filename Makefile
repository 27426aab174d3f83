# Everything is done from here: `make lab` and `make test` need only Python 3.11+ and make.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help lab test check format notebooks bench bench-parts bench-limits bench-peer histories mutation fuzz conformance surprises pictures structs lock clean browser pyodide lite

# The first interpreter that is new enough; override with `make PYTHON=/path/to/python lab`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/ready
# Where the learner works; the notebooks of the repository are not rewritten by reading them.
COURSE ?= kubesim-course
LAB_OPTIONS ?=
WORKERS ?= 2
PART ?= network
LINES ?= 20000
SEED ?= 1
SHOW ?= 40
MINUTES ?= 30
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
# A machine may say that Python keeps nothing it compiled; then each kernel and each worker compiles all libraries anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: $(READY) ## open the course in JupyterLab, in a folder of your own (COURSE=DIR; first run: sets everything up)
	$(BIN)/kubesim lab $(COURSE) $(LAB_OPTIONS)

test: $(READY) ## run every test, and hold every notebook to its saved output
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --ignore tests/browser --ignore tests/pyodide tests
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadscope -p nbval.plugin --nbval \
		--nbval-sanitize-with=notebooks/nbval.cfg --nbval-cell-timeout=120 notebooks

browser: $(READY) ## look at the notebooks in a real browser (needs Debian's chromium)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests/browser

pyodide: $(READY) ## run the chapter in Pyodide, the Python of browsers, and look at the site of `make lite` (needs Node.js and npm)
	$(BIN)/python -m pytest -q tests/pyodide

lite: $(READY) ## build the course as a site that runs in the reader's browser: .lite/site (needs Node.js and npm)
	$(BIN)/python -m tools.lite

check: $(READY) ## ruff, format, mypy and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(READY) ## re-execute every notebook from a fresh kernel and save it
	$(BIN)/python -m kubesim.notebook.execute $(NOTEBOOKS)

histories: $(READY) ## take STEPS (100000) random steps with workloads; what must hold is checked after each
	$(BIN)/python -m tests.controllers.workload_history $(or $(STEPS),100000)

mutation: $(READY) ## put small faults into PART (api, controllers or network); the tests must notice
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group mutation
	$(BIN)/python benchmarks/mutation.py $(PART)

fuzz: $(READY) ## try random inputs at every door for MINUTES; says what failed, where, and with which input
	-$(BIN)/uv pip install --quiet --python $(BIN)/python --group fuzz
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) --workers $(WORKERS) --seed $(SEED)

differential: $(READY) ## type LINES generated lines into the real bash, dash and busybox and into ours
	PYTHONPATH=. $(BIN)/python -m tools.differential --lines $(LINES) --seed $(SEED) --show $(SHOW)

conformance: $(READY) ## run the recorded facts and write docs/conformance.md
	$(BIN)/python -m tests.conformance.page

surprises: $(READY) ## write docs/surprises.md from the table of tests/surprises
	$(BIN)/python -m tests.surprises.page

bench: $(READY) ## measure this build beside the first one: ratios of CPU time and memory
	$(BIN)/python benchmarks/side_by_side.py

bench-parts: $(READY) ## time the parts, each at several sizes
	$(BIN)/python -m pytest -q benchmarks --benchmark-only

bench-limits: $(READY) ## Kubernetes' own limits: 5,000 nodes, 10,000 Services, 150,000 Pods
	PYTHONPATH=. $(BIN)/python -P benchmarks/scene.py . limits 5000 10000 15

bench-peer: $(READY) ## measure this build beside webernetes (needs Node.js and npm)
	PYTHONPATH=. $(BIN)/python benchmarks/peer.py

pictures: $(READY) ## draw the pictures of the documentation anew
	$(BIN)/python -m kubesim.views.kernel_picture
	$(BIN)/python -m kubesim.notebook.readme_picture

structs: $(READY) ## make the table of the Kubernetes structs again
	$(BIN)/python -m tools.structs

lock: $(READY) ## resolve the requirements again and write requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev \
		--no-emit-index-url --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean: ## remove the environment and every cache
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks .pyodide .lite build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml data/jupyterlab/overrides.json data/ipython/ipython_config.py
	@test -n "$(PYTHON)" || { echo "kubesim needs Python 3.11 or newer; none was found (make PYTHON=/path/to/python …)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirements requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	mkdir -p .venv/share/jupyter/lab/settings .venv/etc/ipython
	cp data/jupyterlab/overrides.json .venv/share/jupyter/lab/settings/
	cp data/ipython/ipython_config.py .venv/etc/ipython/
	touch $@
