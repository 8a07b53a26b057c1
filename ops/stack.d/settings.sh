# Checks the settings of `make up` before any process is started. Sourced by ops/stack. Each daemon checks the settings
# that it reads (--check), so that no rule exists twice.

load_new_settings() {
  given_settings=
  local name
  for name in $setting_names; do [ -z "${!name:-}" ] || given_settings+="$name=$(printf %q "${!name}") "; done
  refuse_incomplete_daemons
  refuse_unknown_settings
  apply_defaults
  check_own_settings
  gateway_urls
  warn_of_ephemeral_ports
  check_daemon_settings
}

# --- refusals -----------------------------------------------------------------------------------------------------

refuse_unknown_settings() {
  local name near refused=0
  for name in $(compgen -e MM_ || true); do
    case " $setting_names $env_names MM_STATE " in *" $name "*) continue ;; esac
    near=$(nearest "$name" 3 $setting_names MM_STATE)
    echo "up: $name is no setting${near:+; did you mean $near?} (docs/OPERATIONS.md lists them)" >&2
    refused=1
  done
  [ $refused -eq 0 ] || exit 78
}

# Checks the settings that only these scripts read.
check_own_settings() {
  local name
  refused_settings=0
  for name in "${instances_of[@]}"; do [ "$name" = 1 ] || in_range "$name" 1 8; done
  in_range MM_RECORD_MB 1 1000000
  [ -z "$MM_PORT_BASE" ] || in_range MM_PORT_BASE 1024 65336
  one_of MM_RATE_LIMITS on off
  one_of MM_ALLOW_WEAK_STORES 0 1
  [ -z "$MM_PROXY_PORTS" ] || [ -r "$MM_PROXY_PORTS" ] || refuse_setting MM_PROXY_PORTS "it must be a file that mm-chaos-proxy has written"
  if [ -n "$MM_RECORD_DIR" ] && [ -e "$MM_RECORD_DIR" ] && [ ! -d "$MM_RECORD_DIR" ]; then
    refuse_setting MM_RECORD_DIR "it must be a folder, or must not exist"
  fi
  [ -x "$build/bin/gateway" ] || refuse_setting MM_BUILD_DIR "there are no programs in $build/bin; make build builds them"
  [ $refused_settings -eq 0 ] || exit 78
}

# Runs each daemon's check with the environment in which it would be started. A problem that several processes have is
# printed once.
check_daemon_settings() {
  local name problems
  problems=$(for name in $(daemons); do check_daemon "$name"; done)
  [ -n "$problems" ] || return 0
  awk '!seen[$0]++ { print "up: " $0 }' <<< "$problems" >&2
  exit 78
}

check_daemon() {
  local settings program=$build/bin/${1%-[0-9]}
  [ -x "$program" ] || { echo "there is no program $program; make build"; return; }
  mapfile -t settings < <(daemon_settings "$1")
  env -i PATH=/usr/bin:/bin LANG=C.UTF-8 "${settings[@]}" "$program" --check 2>&1 ||
    [ $? -eq 78 ] || echo "$program --check failed; make build"
}

in_range() {
  local value=${!1-} near=
  case $value in
    -[0-9]*) near=$2 ;;
    *[!0-9]* | '') ;;
    *) [ ${#value} -le 9 ] && [ "$value" -ge "$2" ] && [ "$value" -le "$3" ] && return
      near=$3
      [ ${#value} -gt 9 ] || [ "$value" -gt "$2" ] || near=$2 ;;
  esac
  refuse_setting "$1" "it must be a whole number from $2 to $3${near:+; the nearest is $near}"
}

one_of() {
  local name=$1 value=${!1} near
  shift
  case " $* " in *" $value "*) return ;; esac
  near=$(nearest "$value" 0 "$@")
  refuse_setting "$name" "it must be one of $(echo "$@" | sed 's/ /, /g')${near:+; the nearest is $near}"
}

refuse_setting() {
  echo "up: $1 is '${!1-}'; $2" >&2
  refused_settings=1
}

# nearest TEXT PREFIX WORD …: prints the word with the smallest edit distance to TEXT, if this is at most 2 or at most a
# third of TEXT's length without the first PREFIX characters, which all words share.
nearest() {
  awk 'function least(a, b) { return a < b ? a : b }
    function distance(a, b,    i, j, row, diagonal, replaced) {
      for (j = 0; j <= length(b); ++j) row[j] = j
      for (i = 1; i <= length(a); ++i) {
        diagonal = row[0]; row[0] = i
        for (j = 1; j <= length(b); ++j) {
          replaced = diagonal + (substr(a, i, 1) != substr(b, j, 1))
          diagonal = row[j]
          row[j] = least(least(row[j] + 1, row[j - 1] + 1), replaced)
        }
      }
      return row[length(b)]
    }
    BEGIN {
      text = tolower(ARGV[1]); most = int((length(text) - ARGV[2]) / 3); if (most < 2) most = 2
      for (k = 3; k < ARGC; ++k) {
        d = distance(text, tolower(ARGV[k]))
        begins = text != "" && index(tolower(ARGV[k]), text) == 1
        if (begins) d -= 0.5
        if ((d <= most || begins) && (best == "" || d < fewest) && d < length(ARGV[k])) { best = ARGV[k]; fewest = d }
      }
      print best
    }' "$@"
}

# --- ports --------------------------------------------------------------------------------------------------------

# The kernel takes ports of outgoing connections from this range. Such a connection can use the port of a daemon that is
# restarting.
warn_of_ephemeral_ports() {
  local first=${MM_PORT_BASE:-18080} low high
  read -r low high < /proc/sys/net/ipv4/ip_local_port_range
  [ $((first + 199)) -ge "$low" ] && [ "$first" -le "$high" ] || return 0
  case ",$(cat /proc/sys/net/ipv4/ip_local_reserved_ports)," in *",$first-$((first + 199)),"*) return 0 ;; esac
  echo "up: warning: the ports $first to $((first + 199)) lie in the range of outgoing connections ($low to $high):" \
    "such a connection may use the port of a restarting process, which then waits for the port." \
    "Choose an MM_PORT_BASE below $((low - 199)), or reserve them:" \
    "sysctl net.ipv4.ip_local_reserved_ports=$first-$((first + 199))" >&2
}
