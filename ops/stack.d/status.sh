# The commands status, logs and env. Sourced by ops/stack.

status() {
  local name pid state port refused rows=() notes=() any=0
  for name in $(stores) $(daemons); do
    pid=$(cat "$MM_STATE/service/$name/supervise/pid" 2>/dev/null || true)
    port=$(port_of "$name")
    state=down
    if running && [ -n "$pid" ]; then
      any=1
      if ready "$name"; then state=ready; else state=unready; fi
    fi
    refused=false
    if [ "$state" != down ] && modes_refused "$name"; then
      refused=true
      notes+=("$name goes on with an older mode table: the file of MM_MODES_FILE is invalid (make logs SERVICE=$name shows why)")
    fi
    rows+=("$name|${pid:-0}|$port|$(admin_port_of "$name")|$state|$refused")
  done
  if [ "${FORMAT:-}" = json ]; then
    printf '%s\n' "${rows[@]}" | awk -F'|' 'BEGIN { printf "[" }
      { printf("%s{\"name\":\"%s\",\"pid\":%s,\"port\":%s,\"admin_port\":%s,\"state\":\"%s\",\"modes_refused\":%s}",
        (NR > 1 ? "," : ""), $1, ($2 == 0 ? "null" : $2), $3, ($4 == "" ? "null" : $4), $5, $6) }
      END { print "]" }'
  else
    { echo 'process|pid|port|admin port|state'; printf '%s\n' "${rows[@]%|*}"; } | column -t -s '|'
    [ ${#notes[@]} -eq 0 ] || printf '%s\n' "${notes[@]}"
  fi
  [ $any -eq 1 ] || return 3
}

# True if the daemon has refused the current mode file and uses an older mode table.
modes_refused() {
  local port
  port=$(admin_port_of "$1")
  [ -n "$port" ] && curl -fsS -m 1 "http://127.0.0.1:$port/metrics" 2>/dev/null | grep -q '^mm_modes_refused 1$'
}

logs() {
  local files=("$MM_STATE"/log/${1:-*}/current)
  [ -e "${files[0]}" ] || { echo "logs: no log of '${1:-}'; there are: $(ls "$MM_STATE/log" 2>/dev/null | tr '\n' ' ')" >&2; exit 1; }
  exec tail -n 50 -F "${files[@]}"
}

print_env() {
  running || { echo "env: the stack is not up; make up" >&2; exit 3; }
  # %q also escapes commas. No shell needs that, and a program that reads NAME=value without a shell would keep the
  # backslash.
  printf 'export %s=%q\n' \
    MM_GATEWAY_URLS "$MM_GATEWAY_URLS" \
    MM_GATEWAY_URL "${MM_GATEWAY_URLS%%,*}" \
    MM_NATS_URL "nats://operator:$(secret nats_operator)@127.0.0.1:$(port_of nats)" \
    MM_REDIS_QUEUE_URL "redis://operator:$(secret redis_queue_operator)@127.0.0.1:$(port_of redis-queue)" \
    MM_REDIS_CACHE_URL "redis://operator:$(secret redis_cache_operator)@127.0.0.1:$(port_of redis-cache)" \
    MM_POSTGRES_URL "postgresql://postgres:$(secret postgres_superuser)@127.0.0.1:$(port_of postgres)/matchmaker" \
    MM_ADMIN_TOKEN "$(secret admin_token)" | sed 's/\\,/,/g'
}
