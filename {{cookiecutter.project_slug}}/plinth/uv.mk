# Finds uv, or installs it into .uv/ with any Python 3. uv then finds the Python version of
# .python-version, another one that is new enough, or downloads it. Python's own pip installs
# uv twice as fast as a pip that has to be installed first, but Debian's Python may have none.

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
export UV_PYTHON := .venv/bin/python
# The last one by its path: pyenv's shims refuse to run without .python-version's version.
PYTHONS := python3.13 python3.12 python3 python /usr/bin/python3

.uv/bin/uv:
	@for python in $(PYTHONS); do \
		$$python -m venv --without-pip .uv >/dev/null 2>&1 && \
		$$python -m pip --python .uv/bin/python install --quiet uv 2>/dev/null && exit; \
		$$python -m venv --clear .uv >/dev/null 2>&1 && exec .uv/bin/python -m pip install --quiet uv; \
	done; \
	rm -rf .uv; echo "No Python that can create environments was found: install Python 3.12 or newer, with venv." >&2; exit 1

.venv/bin/python: | $(UV)
	@unset UV_PYTHON; \
	python=$$($(UV) python find --system 2>/dev/null || $(UV) python find --system '>=3.12' 2>/dev/null) \
	|| { $(UV) python install --quiet 2>/dev/null && python=$$($(UV) python find --system); } \
	|| { case $$($(UV) python find --system '>=3.12' 2>&1) in \
		*"No interpreter found"* | *"Failed to inspect"*) echo "No Python 3.12 or newer was found, and downloading one failed: install one.";; \
		*) $(UV) python find --system '>=3.12';; \
	esac >&2; exit 1; }; \
	$(UV) venv --quiet --clear --relocatable --python "$$python"

# uv takes a half-copied package for an installed one. After an interrupted sync everything is
# installed again, from uv's cache: --reinstall would need the network. The path to the
# foundation becomes relative, so that a project can be moved with its environment.
sync = test ! -e .venv/unfinished || rm -rf .venv/lib/*/site-packages/*; touch .venv/unfinished; \
	$(UV) sync --quiet $(1) && \
	for path in .venv/lib/python*/site-packages/django_plinth.pth; do \
		test ! -e $$path || echo ../../../../plinth/src >$$path; \
	done && rm .venv/unfinished
