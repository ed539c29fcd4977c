#!/bin/sh
# One database and one role for each service; no role may enter another's database.
set -eu
for service in intake matching disbursement notifications; do
    password=$(printenv "KAPOK_$(printf '%s' "$service" | tr '[:lower:]' '[:upper:]')_PASSWORD")
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set name="$service" --set secret="$password" <<'SQL'
create role :"name" login password :'secret' connection limit 60;
create database :"name" owner :"name" encoding 'UTF8' template template0;
revoke all on database :"name" from public;
SQL
done
