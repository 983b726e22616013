#!/bin/sh
# Once, on an empty volume: roles that own their databases and nothing else.
set -eu
psql --username=postgres --dbname=postgres --set=ON_ERROR_STOP=1 --quiet <<'SQL'
-- Read by psql itself, so that no password stands in the arguments of a program.
\set millrace_password `cat /run/secrets/postgres-password`
\set temporal_password `cat /run/secrets/temporal-password`
CREATE ROLE millrace LOGIN PASSWORD :'millrace_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE millrace OWNER millrace;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE ALL ON DATABASE millrace, temporal, temporal_visibility FROM PUBLIC;
SQL
