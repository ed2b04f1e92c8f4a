#!/bin/sh
# The site's role and its database; PostgreSQL's image runs this on an empty volume. The role is
# no superuser: it reaches no other database, no file and no program.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 <<'SQL'
\set password `cat /run/secrets/app_password`
CREATE ROLE app LOGIN PASSWORD :'password';
CREATE DATABASE app OWNER app;
SQL
