# Waits until processes are ready or have ended. Sourced by ops/stack.

# until_true SECONDS WHAT COMMAND …: repeats COMMAND until it succeeds.
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if [ $SECONDS -ge $deadline ]; then
      echo "up: $what did not become ready in time" >&2
      return 1
    fi
    sleep 0.05
  done
}

ready() {
  local port
  case $1 in
    nats) curl -fsS -m 1 "http://127.0.0.1:$(port_of nats-monitor)/healthz" > /dev/null 2>&1 ;;
    redis-*) grep -q PONG < <(printf 'AUTH operator %s\r\nPING\r\n' "$(secret "${1/-/_}_operator")" | talk "$(port_of "$1")") ;;
    postgres) "$(postgres_programs)/pg_isready" -q -U postgres -d postgres -h 127.0.0.1 -p "$(port_of postgres)" ;;
    *) curl -fsS -m 1 "http://127.0.0.1:$(admin_port_of "$1")/readyz" > /dev/null 2>&1 ;;
  esac
}

# Sends standard input to a local port and prints up to two lines that arrive within a second.
talk() {
  { exec 8<> "/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
  cat >&8
  timeout 1 head -n 2 <&8 || true
  exec 8>&-
}

# Waits until one process is ready and prints its line. On failure, prints the last lines of its log and exits.
await() {
  local began now pid
  began=$(date +%s%N)
  if ! until_true 40 "$1" ready_or_refused "$1" || refused_to_start "$1"; then
    echo "up: $1 did not start; the last lines of its log:" >&2
    tail -n 20 "$MM_STATE/log/$1/current" | awk '{ line = $0; sub(/^[^ ]* /, ""); sub(/"time":"[^"]*",/, "") } !seen[$0]++ { print line }' >&2 || true
    exit 1
  fi
  now=$(date +%s%N)
  pid=$(cat "$MM_STATE/service/$1/supervise/pid" 2>/dev/null || echo -)
  printf '  %-14s ready   pid %-7s port %-6s %5d ms\n' "$1" "$pid" "$(port_of "$1")" $(((now - began) / 1000000))
}

ready_or_refused() { refused_to_start "$1" || ready "$1"; }

# True if the process ended with EX_CONFIG (wrong settings): a restart would fail again.
refused_to_start() { [ "$(cat "$MM_STATE/service/$1/ended" 2>/dev/null)" = 78 ]; }

await_gone() {
  local deadline=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null && [ "$(sed -E 's/^.*\) (.).*/\1/' "/proc/$1/stat" 2>/dev/null)" != Z ]; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.05
  done
}
