# Writes the stores' configuration and one runit service folder per process, and starts the supervisor. Sourced by
# ops/stack.

# In the environment of every process of this stack, so that `down` finds processes that a killed supervisor left.
mark=MATCHMAKER_STACK=$MM_STATE

# --- the stores ---------------------------------------------------------------------------------------------------

prepare_stores() {
  local name home fsync=always
  (
    umask 077
    cp deployments/nats/nats.conf deployments/nats/accounts.conf "$MM_STATE/nats/"
    for name in operator $(kinds_with nats); do
      printf 'PASSWORD_%s: "%s"\n' "${name^^}" "$(secret "nats_$name")"
    done > "$MM_STATE/nats/secrets.conf"
  )
  [ "$MM_ALLOW_WEAK_STORES" != 1 ] || fsync=everysec
  prepare_redis queue "$MM_STATE/redis-queue" "$(port_of redis-queue)" $fsync
  prepare_redis cache "$MM_STATE/redis-cache" "$(port_of redis-cache)" no
  home=$(postgres_home)
  [ -e "$home/PG_VERSION" ] || echo "up: creating the PostgreSQL cluster"
  prepare_postgres "$home" "$(port_of postgres)" "$MM_STATE/log/initdb.log"
}

# PostgreSQL's data is in the state folder if its user can reach this folder, else (for example in a clone below /root)
# in the package's data folder.
postgres_home() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "$MM_STATE/postgres"
  elif as_postgres test -x "$MM_STATE" 2>/dev/null; then
    echo "$MM_STATE/postgres"
  else
    echo "/var/lib/postgresql/matchmaker-$(sha256sum <<< "$MM_STATE" | cut -c1-12)"
  fi
}

forget_postgres() {
  local home
  home=$(postgres_home)
  [ "$home" = "$MM_STATE/postgres" ] || rm -rf "$home"
}

# A client without credentials must be refused (see nats.conf).
refuse_open_nats() {
  local line
  exec 9<> "/dev/tcp/127.0.0.1/$(port_of nats)"
  printf 'CONNECT {"verbose":false}\r\nPING\r\n' >&9
  while read -r -t 3 line <&9; do
    case $line in
      -ERR*) exec 9>&-; return ;;
      PONG*) echo "up: nats-server lets clients in without credentials" >&2; exit 1 ;;
    esac
  done
  exec 9>&-
}

# --- service folders ----------------------------------------------------------------------------------------------

write_services() {
  local name
  for name in $(stores) $(daemons); do write_service "$name"; done
  # runsvdir starts `runsv` from PATH. This wrapper makes runsv end when runsvdir dies.
  printf '#!/bin/sh\nexec setpriv --pdeathsig TERM "%s" "$@"\n' "$(command -v runsv)" > "$MM_STATE/bin/runsv"
  chmod 755 "$MM_STATE/bin/runsv"
}

# Writes a complete folder elsewhere and renames it, so that runsvdir never reads an incomplete one.
write_service() {
  local name=$1 folder=$MM_STATE/service/$1 aside=$MM_STATE/bin/new-$1
  rm -rf "$aside"
  mkdir -p "$aside/log" "$aside/control" "$MM_STATE/log/$name"
  { echo '#!/bin/sh'; echo 'exec 2>&1'; echo 'ulimit -c 0'; echo 'rm -f told; date +%s > began'; run_line "$name"; } > "$aside/run"
  # log_relay takes lines while svlogd does not (services/log_relay/README.md). Both end when the process's output ends.
  printf '#!/bin/sh\n"%s" | exec env "%s" svlogd -tt "%s"\n' "$build/bin/log_relay" "$mark" "$MM_STATE/log/$name" > "$aside/log/run"
  printf 's10485760\nn5\n' > "$MM_STATE/log/$name/config"
  # runit calls control/t before it stops a process. With status 0 it sends no SIGTERM, which for PostgreSQL would wait
  # for every client; SIGINT is PostgreSQL's fast shutdown.
  { echo '#!/bin/sh'; echo 'touch told'
    if [ "$name" = postgres ]; then echo 'exec kill -INT "$(cat supervise/pid)"'; else echo 'exit 1'; fi; } > "$aside/control/t"
  printf '#!/bin/sh\nexec "%s" "$1" "$2"\n' "$root/ops/stack.d/process-ended" > "$aside/finish"
  chmod 755 "$aside/run" "$aside/finish" "$aside/control/t" "$aside/log/run"
  if [ -d "$folder" ]; then
    mkdir -p "$folder/control"
    mv "$aside/run" "$aside/finish" "$folder/"
    mv "$aside/control/t" "$folder/control/"
    rm -rf "$aside"
  else
    touch "$aside/down"  # start_one starts the processes in order
    mv "$aside" "$folder"
  fi
}

run_line() {
  local as=() home in_folder="cd '$MM_STATE/$1' && exec env -i PATH=/usr/sbin:/usr/bin:/bin '$mark' setpriv --pdeathsig KILL"
  case $1 in
    nats) echo "$in_folder '$root/deployments/nats/run' '$MM_STATE/nats' $(port_of nats) $(port_of nats-monitor)" \
      "'$build/bin/nats_setup' '$build/bin/nats_watch' '$MM_STATE/secrets'" ;;
    redis-*) echo "$in_folder redis-server ./redis.conf" ;;
    postgres)
      home=$(postgres_home)
      [ "$(id -u)" -ne 0 ] || as=(--reuid=postgres --regid=postgres --init-groups)
      echo "cd / && exec env -i PATH=/usr/bin:/bin LANG=C.UTF-8 '$mark' setpriv ${as[*]} --pdeathsig INT" \
        "'$(postgres_programs)/postgres' -D '$home'" ;;
    *) daemon_line "$1" ;;
  esac
}

# The command of one daemon, with a clean environment that contains only its own settings.
daemon_line() {
  local setting
  # Values are quoted for the shell; none is a secret.
  printf 'cd %q && exec env -i PATH=/usr/bin:/bin LANG=C.UTF-8 %q' "$MM_STATE" "$mark"
  daemon_settings "$1" | while read -r setting; do printf ' \\\n  %q' "$setting"; done
  printf ' \\\n  setpriv --pdeathsig KILL %q\n' "$build/bin/${1%-[0-9]}"
}

# Prints the settings of a daemon's process, as NAME=value: those that its --help names and that have a value here. There
# are no foreign values, because refuse_unknown_settings ends `up` if the environment has unknown variables.
daemon_settings() {
  local kind=${1%-[0-9]} setting value
  for setting in $("$build/bin/$kind" --help | sed -nE 's/^  (MM_[A-Z_]+) .*/\1/p'); do
    case $setting in
      MM_NATS_URL) value=nats://127.0.0.1:$(port_for "$1" nats) ;;
      MM_REDIS_QUEUE_URL) value=redis://$kind@127.0.0.1:$(port_for "$1" redis-queue) ;;
      MM_REDIS_CACHE_URL) value=redis://$kind@127.0.0.1:$(port_for "$1" redis-cache) ;;
      MM_POSTGRES_URL) value=postgresql://mm_$kind@127.0.0.1:$(port_for "$1" postgres)/matchmaker ;;
      MM_NATS_USER) value=$kind ;;
      MM_INSTANCE) value=$1 ;;
      MM_CREDENTIALS_DIR) value=$MM_STATE/credentials/$kind ;;
      MM_ADMIN_PORT) value=$(admin_port_of "$1") ;;
      MM_GATEWAY_PORT) value=$(port_of "$1") ;;
      MM_GATEWAY_URL) value=${MM_GATEWAY_URLS%%,*} ;;
      MM_GAME_SERVER_PROGRAM) value=$(realpath -m "${MM_GAME_SERVER_PROGRAM:-$build/bin/game_server}") ;;
      MM_GAME_PORT_FIRST) value=$(port_of game-servers) ;;
      MM_GAME_PORT_COUNT) value=100 ;;
      MM_RUNTIME_DIR) value=$MM_STATE/run ;;
      MM_MODES_FILE | MM_RECORD_DIR) value=${!setting:+$(realpath -m "${!setting}")} ;;
      MM_RECORD_MB) value=${MM_RECORD_DIR:+$MM_RECORD_MB} ;;
      *) value=${!setting-} ;;
    esac
    [ -z "$value" ] || echo "$setting=$value"
  done
}

# --- the supervisor -----------------------------------------------------------------------------------------------

supervisor_pid() {
  local pid
  pid=$(cat "$MM_STATE/supervisor.pid" 2>/dev/null) || return 1
  grep -q runsvdir "/proc/$pid/cmdline" 2>/dev/null || return 1
  echo "$pid"
}

running() { supervisor_pid > /dev/null; }

start_supervisor() {
  local pid folder
  end_leftovers  # processes of a supervisor that was killed
  for folder in "$MM_STATE"/service/*/; do
    case " $(echo $(stores) $(daemons)) " in *" $(basename "$folder") "*) touch "$folder/down" ;; *) rm -rf "$folder" ;; esac
    rm -rf "$folder"/{supervise,log/supervise,began,told,deaths,last_end}
  done
  PATH=$MM_STATE/bin:$PATH env "$mark" setsid runsvdir -P "$MM_STATE/service" < /dev/null > "$MM_STATE/log/supervisor.log" 2>&1 &
  pid=$!
  echo "$pid" > "$MM_STATE/supervisor.pid"
  until_true 10 "the supervisor" supervised_all || exit 1
}

supervised_all() {
  local name
  for name in $(stores) $(daemons); do [ -p "$MM_STATE/service/$name/supervise/ok" ] || return 1; done
}

start_one() {
  rm -f "$MM_STATE/service/$1/down" "$MM_STATE/service/$1/ended"
  SVDIR=$MM_STATE/service sv up "$1" > /dev/null
  # A process that keeps dying is started now instead of after its pause (process-ended).
  ! grep -q '^finish' "$MM_STATE/service/$1/supervise/stat" || SVDIR=$MM_STATE/service sv term "$1" > /dev/null
}

# Stops one process, with SIGKILL after 10 s, and starts it again.
restart_one() { SVDIR=$MM_STATE/service sv -w 10 force-restart "$1" > /dev/null; }

# Prints the pids of this stack's processes. Daemons have the mark; game servers, which may be any program, have the
# folder that their orchestrator gave them.
processes_of_state() {
  grep -lzxF -e "$mark" -e "MM_RUNTIME_DIR=$MM_STATE/run" /proc/[0-9]*/environ 2>/dev/null | sed -E 's#/proc/([0-9]+)/environ#\1#' | grep -vx "$$" || true
}
