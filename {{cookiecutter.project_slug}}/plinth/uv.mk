# Finds uv, or puts it into .uv/ with any Python 3; uv then finds the Python that
# .python-version names, or one that will do, or fetches it.

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
export UV_PYTHON := .venv/bin/python
# The last one by its path: pyenv's own refuse to run without .python-version's version.
PYTHONS := python3.13 python3.12 python3 python /usr/bin/python3

.uv/bin/uv:
	@for python in $(PYTHONS); do \
		$$python -m venv .uv >/dev/null 2>&1 && exec .uv/bin/python -m pip install --quiet uv; \
	done; \
	rm -rf .uv; echo "No Python that can make environments was found: install Python 3.12 or newer, with venv." >&2; exit 1

.venv/bin/python: | $(UV)
	@unset UV_PYTHON; \
	python=$$($(UV) python find --system 2>/dev/null || $(UV) python find --system '>=3.12' 2>/dev/null) \
	|| { $(UV) python install --quiet 2>/dev/null && python=$$($(UV) python find --system); } \
	|| { echo "No Python 3.12 or newer was found, and none could be fetched: install one." >&2; exit 1; }; \
	$(UV) venv --quiet --clear --relocatable --python "$$python"

# uv takes a package that is half copied for an installed one: what was interrupted before
# its end is installed anew. The path to the foundation is made relative, so that a project
# may be moved or copied.
sync = test ! -e .venv/unfinished || again=--reinstall; touch .venv/unfinished; \
	$(UV) sync --quiet $$again $(1) && \
	for path in .venv/lib/python*/site-packages/django_plinth.pth; do \
		test ! -e $$path || echo ../../../../plinth/src >$$path; \
	done && rm .venv/unfinished
