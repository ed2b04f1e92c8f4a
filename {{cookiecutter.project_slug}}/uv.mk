# Finds uv, or puts it into .uv/ with any Python 3; uv then finds the Python that
# .python-version names, or one that will do, or fetches it.

UV := $(or $(shell command -v uv),.uv/bin/uv)
export UV_PYTHON := .venv/bin/python

.uv/bin/uv:
	@for python in python3.13 python3.12 python3 python /usr/bin/python3; do \
		$$python -m venv .uv 2>/dev/null && exec .uv/bin/pip install --quiet uv; \
	done; \
	rm -rf .uv; echo "No Python that can make environments was found: install Python 3.12 or newer, with venv." >&2; exit 1

.venv/bin/python: | $(UV)
	@unset UV_PYTHON; \
	python=$$($(UV) python find --system 2>/dev/null || $(UV) python find --system '>=3.12' 2>/dev/null) \
	|| { $(UV) python install --quiet 2>/dev/null && python=$$($(UV) python find --system); } \
	|| { echo "No Python 3.12 or newer was found, and none could be fetched: install one." >&2; exit 1; }; \
	$(UV) venv --quiet --python "$$python"
