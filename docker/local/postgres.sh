#!/bin/sh
# Does what docker-compose.yml uses of the public image's entrypoint: makes the cluster, runs the init scripts.
set -eu

if [ ! -e "$PGDATA/PG_VERSION" ]; then
  # Beside the real place, so that a start that was cut off leaves nothing half made there.
  new="$PGDATA.new"
  rm -rf "$new"
  initdb --pgdata="$new" --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=peer --auth-host=scram-sha-256
  echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
  pg_ctl --pgdata="$new" --options="-c listen_addresses=''" --wait start
  for script in /docker-entrypoint-initdb.d/*.sh; do sh "$script"; done
  pg_ctl --pgdata="$new" --mode=fast --wait stop
  mv "$new" "$PGDATA"
fi

exec "$@" -c listen_addresses='*'
