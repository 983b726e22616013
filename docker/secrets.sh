#!/bin/sh
# Makes the passwords of the containers in ./secrets, from /dev/urandom; what is there already stays as it is.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets
chmod 700 secrets

# Letters and digits only: they need no quoting in a URL, in SQL or in a shell.
random() {
  head -c 4096 /dev/urandom | tr -dc 'A-Za-z0-9' | head -c "$1"
}

# The folder is closed to other users of this machine, and the files are open to the users inside of the containers.
put() {
  if [ -e "secrets/$1" ]; then
    cat >/dev/null
    echo "secrets/$1 is there already"
    return
  fi
  cat >"secrets/.$1"
  chmod 644 "secrets/.$1"
  mv "secrets/.$1" "secrets/$1"
  echo "secrets/$1 made"
}

random 32 | put postgres-superuser-password
random 32 | put postgres-password
random 32 | put temporal-password
put s3-credentials <<EOF
[default]
aws_access_key_id = $(random 20)
aws_secret_access_key = $(random 40)
EOF
put client.env <<EOF
# For a shell on this machine: set -a; . secrets/client.env; set +a
TEMPORAL_ADDRESS=127.0.0.1:\${MILLRACE_TEMPORAL_PORT:-7233}
DATABASE_URL=postgres://millrace@127.0.0.1:\${MILLRACE_POSTGRES_PORT:-5432}/millrace
DATABASE_PASSWORD_FILE='$PWD/secrets/postgres-password'
MILLRACE_STORE=s3://millrace/store
AWS_ENDPOINT_URL_S3=http://127.0.0.1:\${MILLRACE_S3_PORT:-9000}
AWS_REGION=us-east-1
AWS_SHARED_CREDENTIALS_FILE='$PWD/secrets/s3-credentials'
EOF
