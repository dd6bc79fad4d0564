# SCoP: `make` alone says what can be done here and names what is missing.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin
MAILS  ?=
SCOP_SHARED ?= $(abspath ../shared)
FUZZ_SECONDS ?= 60
TIMES ?= 25
export SCOP_SHARED
# Where an environment forbids it (as containers like to), each process of the tests would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help needs setup demo test lint types contracts meanwhile unit alone audit interop peers bench bench-mime fuzz properties docs lock clean

help: needs
	@echo "make demo              two organisations, real mail, three attacks that must fail"
	@echo "make demo MAILS=path   the same with every mail of a folder, an .mbox or a .tar.xz"
	@echo "make test              every check: format, lint, types, import contracts, tests, extras"
	@echo "make interop           the real mesh against Postfix, Dovecot, swaks, curl, msmtp, dig … (as root)"
	@echo "make peers             add other readers of mail, for scop hamlet check to compare with"
	@echo "make bench             the speed figures, each beside its peer; longer: python -m bench smtp-killing hamlet"
	@echo "make bench-mime        those of the MIME library alone: speed, linear time, memory"
	@echo "make fuzz              look for octets that break a law of MIME or DNS (FUZZ_SECONDS=60)"
	@echo "make properties        every property of the tests on many more examples (TIMES=25)"
	@echo "make audit             vulnerabilities, unsafe calls, secrets, parts and licences"
	@echo "make docs              write docs/cells.md and docs/standards.md from the code"
	@echo "make lock              compute requirements/*.txt anew"

needs:
	@command -v $(PYTHON) >/dev/null || { echo "missing: $(PYTHON) (Debian, Ubuntu: apt install python3 python3-venv)"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "missing: Python 3.11 or newer ($(PYTHON) is older; name another: make PYTHON=python3.12)"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "missing: the venv module (Debian, Ubuntu: apt install python3-venv)"; exit 2; }
	@test "$$(uname -s)" = Linux || { echo "missing: Linux (cells are confined by Landlock and seccomp)"; exit 2; }

$(VENV)/.mesh: requirements/mesh.txt pyproject.toml
	@$(MAKE) --no-print-directory needs
	@echo "setting up $(VENV) (once)"
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mesh.txt
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# Here we may write. Where nothing is compiled, each start of a cell compiles, and its heap keeps the holes.
	@# A package may bring files of another Python that nobody imports (olefile2.py); they must not end this.
	@$(RUN)/python -m compileall -qq src/scop $(VENV)/lib || true
	@touch $@

$(VENV)/.check: $(VENV)/.mesh requirements/check.txt
	@echo "adding the tools of the checks (once)"
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/check.txt
	@touch $@

# Other readers of mail and the fuzzer's engine; `make test` does without.
$(VENV)/.peers: $(VENV)/.check requirements/peers.txt
	@echo "adding the peers (once)"
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@touch $@

setup: $(VENV)/.mesh
	@echo "$(RUN)/scop is ready; make demo shows it at work"

peers: $(VENV)/.peers

demo: $(VENV)/.mesh
	@$(RUN)/scop demo $(if $(MAILS),--mails "$(MAILS)")

# The tests wait for meshes now and then; what needs one processor is done meanwhile, and speaks at its end.
test: lint
	@$(MAKE) --no-print-directory -j 2 meanwhile unit
	@echo "make test: all checks passed"

meanwhile: $(VENV)/.check
	@said=$$(mktemp); $(MAKE) --no-print-directory types contracts alone > $$said 2>&1; ended=$$?; \
	echo; cat $$said; rm $$said; exit $$ended

lint: $(VENV)/.check
	@$(RUN)/ruff format --check --quiet src tests bench checks
	@$(RUN)/ruff check --quiet src tests bench checks
	@$(RUN)/python checks/docs.py --check

types: $(VENV)/.check
	@$(RUN)/mypy

contracts: $(VENV)/.check
	@$(RUN)/lint-imports --no-cache | tail -n 3

# What changed is compiled first: a cell is confined, and compiles for itself alone.
unit: $(VENV)/.check
	@$(RUN)/python -m compileall -q src/scop
	@$(RUN)/python -m pytest -n 2 tests -m "not interop"

alone: $(VENV)/.check
	@$(RUN)/python checks/alone.py

interop: $(VENV)/.check
	@sh tests/interop/install_peers.sh
	@$(RUN)/python -m pytest tests/interop -m interop

bench: $(VENV)/.peers
	@$(RUN)/python -m bench

bench-mime: $(VENV)/.peers
	@$(RUN)/python -m bench mime

fuzz: $(VENV)/.peers
	@PYTHONPATH=tests:. $(RUN)/python -m fuzz --seconds $(FUZZ_SECONDS)

properties: $(VENV)/.check
	@SCOP_EXAMPLES_TIMES=$(TIMES) $(RUN)/python -m pytest -n 2 tests -m "hypothesis and not interop"

audit: $(VENV)/.check
	@$(RUN)/python checks/audit.py

docs: $(VENV)/.check
	@$(RUN)/python checks/docs.py

lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra mesh --group setup pyproject.toml -o requirements/mesh.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra mesh --group check pyproject.toml -o requirements/check.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --group peers -o requirements/peers.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --group chat-peers -o requirements/chat-peers.txt

clean:
	rm -rf $(VENV) build dist demo
