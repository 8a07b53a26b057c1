# Names, ports and settings of the stack. Sourced by ops/stack.

build=$root/build/release

# The settings of `make up` with their defaults. Each is passed only to the daemons that use it (services.sh).
defaults="MM_PORT_BASE= MM_GATEWAYS=1 MM_LOBBIES=1 MM_MATCHMAKERS=1 MM_SESSIONS=1 MM_ORCHESTRATORS=1 MM_PROFILES=1
MM_LEADERBOARDS=1 MM_RATE_LIMITS=on MM_BCRYPT_COST=10 MM_GAME_SECONDS=15 MM_MAX_SERVERS=8
MM_ALLOW_WEAK_STORES=0 MM_TICK_MS=100 MM_MODES_FILE= MM_ALLOWED_HOSTS= MM_ALLOWED_ORIGINS= MM_TRUSTED_PROXIES= MM_TLS_CERT_FILE=
MM_TLS_KEY_FILE= MM_LOG_LEVEL=info MM_SEASONS= MM_PROVIDER=process MM_PLAN_THREADS=0 MM_RECORD_DIR= MM_RECORD_MB=1024
MM_LISTEN_ADDRESS=0.0.0.0 MM_TENANTS=default MM_MAX_UNCONFIRMED=2000 MM_GAME_SERVER_PROGRAM= MM_GAME_ADDRESS=127.0.0.1
MM_PROXY_PORTS="
setting_names="$(echo $(sed 's/=[^ ]*//g' <<< "$defaults")) MM_BUILD_DIR"

MM_STATE=${MM_STATE:-.state}
case $MM_STATE in /*) ;; *) MM_STATE=$root/$MM_STATE ;; esac

apply_defaults() {
  local setting name
  for setting in $defaults; do
    name=${setting%%=*}
    : "${!name:=${setting#*=}}"
  done
  : "${MM_BUILD_DIR:=$build}"
  build=$MM_BUILD_DIR
}

gateway_urls() {
  local scheme=http number
  [ -z "$MM_TLS_CERT_FILE" ] || scheme=https
  MM_GATEWAY_URLS=
  for number in $(seq "$MM_GATEWAYS"); do
    MM_GATEWAY_URLS+="${MM_GATEWAY_URLS:+,}$scheme://127.0.0.1:$(port_of "gateway-$number")"
  done
}

settings_text() {
  local name
  for name in $setting_names; do printf '%s=%q\n' "$name" "${!name-}"; done
}

# Loads the settings with which the stack was last started.
load_settings() {
  if [ -e "$MM_STATE/settings" ]; then . "$MM_STATE/settings"; fi
  apply_defaults
  gateway_urls
}

# The variables that `make env` prints. They may be set in the shell that runs `make up`, and are not settings.
env_names="MM_GATEWAY_URLS MM_GATEWAY_URL MM_NATS_URL MM_REDIS_QUEUE_URL MM_REDIS_CACHE_URL MM_POSTGRES_URL MM_ADMIN_TOKEN"

stores() { echo nats redis-queue redis-cache postgres; }

# Prints the processes of the daemons, in the order of their start.
daemons() {
  local kind setting number
  for kind in "${kinds[@]}"; do
    setting=${instances_of[$kind]}
    [ "$setting" != 1 ] || { echo "$kind"; continue; }
    for number in $(seq "${!setting}"); do echo "$kind-$number"; done
  done
}

# The ports are one block of 200: 0-9 gateways, 10-19 stores, 20-89 admin ports (daemons.table), 100-199 game servers.
# Without MM_PORT_BASE the block begins at 18080, and the first gateway has port 8080.
# A daemon without a port for clients is known by its admin port.
declare -A port_offsets=([nats]=10 [redis-queue]=11 [redis-cache]=12 [postgres]=13 [nats-monitor]=14 [game-servers]=100)
port_of() {
  local base=${MM_PORT_BASE:-18080}
  case $1 in
    gateway-1) echo "${MM_PORT_BASE:-8080}" ;;
    gateway-*) echo $((base + ${1#gateway-} - 1)) ;;
    *) [ -z "${port_offsets[$1]:-}" ] && admin_port_of "$1" || echo $((base + port_offsets[$1])) ;;
  esac
}

# port_for PROCESS STORE: prints the port at which the process reaches the store: the one that MM_PROXY_PORTS names for both
# (tests/chaos/proxy), else the store's own.
port_for() {
  local port=
  [ -z "$MM_PROXY_PORTS" ] || port=$(awk -v process="$1" -v store="$2" '$1 == process && $2 == store { print $3 }' "$MM_PROXY_PORTS")
  echo "${port:-$(port_of "$2")}"
}

admin_port_of() {
  local kind=${1%-[0-9]} number=1
  [ "$kind" = "$1" ] || number=${1##*-}
  [ -z "${admin_port_offset_of[$kind]:-}" ] || echo $((${MM_PORT_BASE:-18080} + admin_port_offset_of[$kind] + number - 1))
}

make_folders() {
  mkdir -p "$MM_STATE"
  chmod 711 "$MM_STATE"
  mkdir -p "$MM_STATE"/{secrets,credentials,service,log,run,bin,nats,redis-queue,redis-cache}
  chmod 700 "$MM_STATE"/{secrets,credentials,run,nats,redis-queue,redis-cache}
}

refuse_taken_ports() {
  local name port owner taken=0
  for name in $(stores) nats-monitor $(daemons); do
    for port in $({ port_of "$name"; admin_port_of "$name"; } | sort -u); do
      owner=$(ss -Hltnp "sport = :$port" 2>/dev/null | head -1)
      [ -n "$owner" ] || continue
      owner=$(sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/\1 (pid \2)/p' <<< "$owner")
      echo "up: port $port, for $name, is in use by ${owner:-a process of another user};" \
           "choose other ports with MM_PORT_BASE, e.g. MM_PORT_BASE=30000 make up" >&2
      taken=1
    done
  done
  [ $taken -eq 0 ] || exit 75
}
