#!/bin/sh
# Makes a release of the commit that `make deploy` has copied: ./release.sh COMMIT. It is a folder
# of releases/ with its own environment. Its files belong to the user `build`, so that neither the
# site can change them, nor a package's build the system. Run as root.
set -eu
cd "$(dirname "$0")/../.."
umask 022
release=releases/$(printf %.12s "$1")

# uv is a wheel: nothing is built as root.
[ -x .deploy/uv/bin/pip ] || python3 -m venv --clear .deploy/uv
.deploy/uv/bin/pip install --quiet --disable-pip-version-check "uv~=0.13"
install --directory --owner build .deploy/cache

# An interrupted one is made again.
rm -rf "$release"
install --directory --owner build "$release"
export COMMIT="$1" UV="$PWD/.deploy/uv/bin/uv" UV_CACHE_DIR="$PWD/.deploy/cache"
runuser --user build -- tar --extract --no-same-owner --directory "$release" <.deploy/commit.tar
cd "$release"
runuser --user build -- sh -eu <<'SH'
export HOME="$UV_CACHE_DIR" UV_COMPILE_BYTECODE=1 UV_PYTHON=/usr/bin/python3 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true
"$UV" sync --quiet --locked --no-dev
ln -s ../../media ../../private .
# Production settings decide the names of static files. They do not start without these
# variables, whose values are placeholders.
SECRET_KEY=only-to-collect-static-files-of-a-release ALLOWED_HOSTS=build DATABASE_URL=sqlite:// EMAIL_URL=smtp://build \
    .venv/bin/python manage.py collectstatic --no-input --verbosity 0 --settings config.settings.production
.venv/bin/python -m compileall -q apps config plinth/src
# Last: with it, the release is complete.
echo "RELEASE=$COMMIT" >.env
SH

# Five stay for rollbacks, and those that a colour or the worker has.
cd ..
find . -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn | cut -d ' ' -f 2 | tail -n +6 |
    while read -r old; do
        find . -maxdepth 1 -type l -lname "$old" | grep -q . || rm -rf "$old"
    done
