# The few commands of this book. Each first makes what it needs (a virtual environment in .venv) and says where the result is.

PYTHON ?= python3
BIN := .venv/bin

# Install what a lock pins into an environment: uv does it ten times faster than pip, which knows its user's mirrors.
install = $(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(2) --require-hashes --requirement $(1) || \
  $(2)/bin/pip install --quiet --require-hashes --requirement $(1)

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

book: .venv/ready ## build the book: _build/html/index.html
	@rm -rf _build/html _build/.doctrees # Sphinx does not see a change in _static
	$(BIN)/jupyter-book build . --quiet --warningiserror --nitpick --keep-going

test: .venv/ready ## run every test: the package, the chapters again cell by cell, the pages in a browser
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	@$(BIN)/python tools/browser.py || true # what needs one then counts as not run, and the tests fail at their end
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder # a process a core
	@$(BIN)/python tools/routes.py
	@echo "All tests passed."

seeds: .venv/ready ## run the package's tests under five hash seeds, in five orders, alone and in parallel
	@for seed in 0 1 2 3 8; do \
	  echo "Hash seed and order $$seed:"; \
	  PYTHONHASHSEED=$$seed $(BIN)/pytest tests -m "package and not mutants" --quiet --random-order --random-order-seed $$seed \
	    $$([ $$seed = 0 ] || echo --numprocesses auto) || exit; \
	done

mutants: .venv/ready ## plant bugs in nnlib and in the chapters, count what is noticed: chapters/scores/*.json
	$(BIN)/pytest tests/test_honesty.py tests/test_mutations.py tests/test_assertions.py -m "" --store-scores
	$(BIN)/pytest tests/test_diagnosis.py -m mutants

seldom: .venv/ready ## run what is slow and seldom fails: every chapter as in Binder, a race with a default build, a dead link
	$(BIN)/pytest -m seldom

addresses: .venv/ready ## try every address outside the book that it links to
	$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/addresses --quiet --keep-going

newest: .venv/ready ## run the chapters on the newest NumPy, matplotlib and scikit-learn: _build/newest
	@rm -rf _build/newest
	$(PYTHON) -m venv _build/newest
	_build/newest/bin/pip install --quiet --requirement requirements.txt
	_build/newest/bin/pip install --quiet --upgrade numpy matplotlib scikit-learn
	_build/newest/bin/pip install --quiet --no-deps .
	_build/newest/bin/pytest -m notebooks --numprocesses auto --dist loadfile

next: .venv/ready _build/next/ready ## build the book on the Sphinx after Jupyter Book's and test its pages: _build/next/html
	@rm -rf _build/next/html _build/next/doctrees
	$(BIN)/python tools/next_stack.py
	BOOK=_build/next/html $(BIN)/pytest -m pages --numprocesses auto --dist loadfile --no-loadscope-reorder

lock: .venv/ready ## pin what the requirements bring along, with its hashes: requirements.lock, tools/next_stack.lock
	@for name in requirements tools/next_stack; do \
	  $(BIN)/uv pip compile --system-certs $$name.txt --output-file $$name.lock --universal --python-version 3.11 \
	    --generate-hashes --no-annotate --no-header --quiet || exit; \
	done

formulas: .venv/ready ## change every printed formula, count what is noticed: chapters/scores/formulas.json
	$(BIN)/python tools/formulas.py --score

bench: ## time nnlib beside PyTorch, JAX, autograd and scikit-learn: benchmarks/results.json
	@test -x benchmarks/.venv/bin/tqdm || { echo "Installing the peers into benchmarks/.venv (a few minutes, about 2 GB) ..."; \
	  $(PYTHON) -m venv benchmarks/.venv && benchmarks/.venv/bin/pip install --quiet --requirement benchmarks/requirements.txt; }
	PYTHONPATH=. benchmarks/.venv/bin/python benchmarks/bench.py

lab: .venv/ready ## open the chapters in JupyterLab
	$(BIN)/jupyter trust chapters/*.ipynb
	$(BIN)/jupyter lab chapters

chapters: .venv/ready ## execute the chapters and store them in their normal form: chapters/*.ipynb
	$(BIN)/python tools/chapters.py

pdf: .venv/ready ## print the whole book: _build/pdf/book.pdf
	@$(BIN)/python tools/browser.py
	$(BIN)/jupyter-book build . --quiet --warningiserror --nitpick --keep-going --builder singlehtml
	$(BIN)/python tools/pdf.py
	$(BIN)/pytest tests/test_pdf.py -m pdf --quiet
	@echo "The book: _build/pdf/book.pdf"

clean: ## remove what was built (.venv stays)
	rm -rf _build

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This needs Python 3.11 or newer as $(PYTHON); make PYTHON=/path/to/python names another."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing the pinned packages into .venv (a minute or two, about 1 GB) ..."
	$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	$(BIN)/pip install --quiet --require-hashes --requirement .venv/uv.lock
	$(call install,requirements.lock,.venv)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

_build/next/ready: tools/next_stack.lock | .venv/ready
	@echo "Installing the next stack into _build/next/venv (a minute or two, about 500 MB) ..."
	$(PYTHON) -m venv _build/next/venv
	$(call install,tools/next_stack.lock,_build/next/venv)
	@touch $@

.PHONY: help book test seeds mutants seldom addresses newest next lock formulas bench lab chapters pdf clean
