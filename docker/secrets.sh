#!/bin/sh
# Draws the passwords once, a folder for each service that may know them: db has both, setup the administrator's, app the API's.
# Files are their reader's only; the folders stay root's. Nothing else in the containers is root, and here it has one right: chown.
set -eu
umask 077
folder=${1:-/secrets}
owner_db=${2:-postgres}
owner_app=${3:-10001} # the user of the image that we build

[ -e "$folder/app/pgpass" ] && exit 0 # made last: all is there, and the database keeps the passwords that it was made with

draw() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

put() { # put TEXT FILE OWNER
    rm -f "$2" "$2.new"
    printf '%s\n' "$1" >"$2.new"
    chown "$3" "$2.new"
    mv "$2.new" "$2"
}

postgres=$(draw)
api=$(draw)
put "$postgres" "$folder/db/postgres" "$owner_db"
put "$api" "$folder/db/dothi_api" "$owner_db"
put "*:*:*:postgres:$postgres" "$folder/setup/pgpass" "$owner_app"
put "*:*:*:dothi_api:$api" "$folder/app/pgpass" "$owner_app"
