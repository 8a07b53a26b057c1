# Creates the configuration and users of Redis and PostgreSQL. Sourced by ops/stack, and by ops/store-config for the
# tests, so that tests use the deployed configuration. The secrets are those of MM_STATE (secrets.sh).

# prepare_redis queue|cache FOLDER PORT APPENDFSYNC
prepare_redis() (
  umask 077
  { cat "deployments/redis/$1.conf"; printf 'port %s\ndir "%s"\nappendfsync %s\n' "$3" "$2" "$4"; } > "$2/redis.conf"
  redis_users "$1" > "$2/users.acl.new"
  mv "$2/users.acl.new" "$2/users.acl"
)

# Prints the users file, one user per line, with the hash of the user's secret instead of PASSWORD.
redis_users() {
  (cd "$MM_STATE/secrets" && sha256sum "redis_$1"_*) | awk -v prefix="redis_$1_" '
    FNR == NR { hash[substr($2, length(prefix) + 1)] = $1; next }
    /^#/ || NF == 0 { next }
    /^ / { sub(/^ +/, " "); user = user $0; next }
    {
      if (user != "") print user
      user = $0
      if ($0 ~ / PASSWORD/ && !($2 in hash)) { print "the Redis user " $2 " has no secret" > "/dev/stderr"; exit 1 }
      sub(/ PASSWORD/, " #" hash[$2], user)
    }
    END { print user }' - "deployments/redis/$1.acl"
}

postgres_programs() { ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1; }

# PostgreSQL refuses to run as root. As root, this runs a command as the user postgres.
as_postgres() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; else
    (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
  fi
}

# prepare_postgres FOLDER PORT LOG: creates the cluster if there is none, and writes its configuration.
prepare_postgres() {
  local home=$1 port=$2 log=$3
  if [ ! -e "$home/PG_VERSION" ]; then
    rm -rf "$home"
    install -d -m 700 "$home"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$home"
    as_postgres "$(postgres_programs)/initdb" -D "$home" -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums \
      --auth=trust > "$log" 2>&1 || { tail -n 20 "$log" >&2; rm -rf "$home"; return 1; }
    # Single-user mode sets the password from standard input, before any client can connect.
    echo "ALTER ROLE postgres PASSWORD '$(secret postgres_superuser)'" |
      as_postgres "$(postgres_programs)/postgres" --single -D "$home" postgres > /dev/null 2>> "$log"
  fi
  { cat deployments/postgres/postgresql.conf; echo "port = $port"; } | as_postgres sh -c "cat > '$home/matchmaker.conf'"
  as_postgres sh -c "cat > '$home/pg_hba.conf'" < deployments/postgres/pg_hba.conf
  as_postgres sh -c "grep -qx \"include 'matchmaker.conf'\" '$home/postgresql.conf' ||
    echo \"include 'matchmaker.conf'\" >> '$home/postgresql.conf'"
}

# migrate_postgres PORT: creates the database, applies the migrations and sets the passwords of the roles.
migrate_postgres() {
  local kind passwords=$MM_STATE/secrets/pgpass
  admin_psql "$1" -d postgres -tAc "SELECT 1 FROM pg_database WHERE datname = 'matchmaker'" | grep -q 1 ||
    admin_psql "$1" -d postgres -c "CREATE DATABASE matchmaker"
  PGPASSFILE=$passwords db/migrate "postgresql://postgres@127.0.0.1:$1/matchmaker"
  # The passwords are sent on standard input, so no process list shows them, and the server logs no statements.
  for kind in $(kinds_with postgres); do
    echo "ALTER ROLE mm_$kind PASSWORD '$(secret "postgres_$kind")';"
  done | admin_psql "$1" -d matchmaker
}

admin_psql() {
  local port=$1
  shift
  PGPASSFILE=$MM_STATE/secrets/pgpass psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U postgres "$@"
}
