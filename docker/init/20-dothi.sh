#!/bin/sh
# Runs once, when the volume is empty: the database itself and the API's login. Everything else is the migrations' work.
# A database of our own, since the image puts extensions that we do not use into the first one.
set -eu
DOTHI_API_PASSWORD=$(cat "${DOTHI_API_PASSWORD_FILE:-/run/dothi/dothi_api}")
export DOTHI_API_PASSWORD
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 <<'SQL'
\getenv password DOTHI_API_PASSWORD
CREATE DATABASE dothi TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
CREATE ROLE dothi_public NOLOGIN;
CREATE ROLE dothi_api LOGIN PASSWORD :'password' IN ROLE dothi_public;
SQL
