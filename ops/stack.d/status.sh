# The commands status, logs and env. Sourced by ops/stack.

status() {
  local name folder lines rows=() notes=()
  folder=$(mktemp -d)
  # All at once, because a frozen process takes a second for each question.
  for name in $(stores) $(daemons); do
    look_at "$name" > "$folder/$name" &
  done
  wait
  for name in $(stores) $(daemons); do
    mapfile -t lines < "$folder/$name"
    rows+=("${lines[0]}")
    notes+=("${lines[@]:1}")
  done
  rm -r "$folder"
  if [ "${FORMAT:-}" = json ]; then
    printf '%s\n' "${rows[@]}" | awk -F'|' 'BEGIN { printf "[" }
      { printf("%s{\"name\":\"%s\",\"pid\":%s,\"port\":%s,\"admin_port\":%s,\"restarts\":%s,\"last_end\":%s," \
          "\"state\":\"%s\",\"standby\":%s,\"modes_refused\":%s}",
          (NR > 1 ? "," : ""), $1, ($2 == 0 ? "null" : $2), $3, ($4 == "" ? "null" : $4), $5,
          ($6 == "" ? "null" : "\"" $6 "\""), $7, $8, $9) }
      END { print "]" }'
  else
    { echo 'process|pid|port|admin port|restarts|last end|state'
      printf '%s\n' "${rows[@]}" | awk -F'|' -v OFS='|' '{ print $1, $2, $3, $4, $5, $6, ($8 == "true" ? "standby" : $7) }'
    } | column -t -s '|'
    [ ${#notes[@]} -eq 0 ] || printf '%s\n' "${notes[@]}"
  fi
  running || return 3
}

# Prints the row of a process, with | between the columns, and then its notes.
look_at() {
  local name=$1 pid state=down standby=false refused=false end notes=()
  pid=$(cat "$MM_STATE/service/$name/supervise/pid" 2>/dev/null || true)
  if running && [ -n "$pid" ]; then
    if ready "$name"; then state=ready; else state=unready; fi
    if [ $state = ready ] && is_standby "$name"; then standby=true; fi
    if modes_refused "$name"; then
      refused=true
      notes+=("$name goes on with an older mode table: the file of MM_MODES_FILE is invalid (make logs SERVICE=$name shows why)")
    fi
  fi
  mapfile -t end < <(cat "$MM_STATE/service/$name/last_end" 2>/dev/null)
  [ ${#end[@]} -eq 0 ] || notes+=("$name ended at ${end[1]} (${end[2]}); its last line was: $(last_line "$name")")
  echo "$name|${pid:-0}|$(port_of "$name")|$(admin_port_of "$name")|${end[0]:-0}|${end[2]:-}|$state|$standby|$refused"
  [ ${#notes[@]} -eq 0 ] || printf '%s\n' "${notes[@]}"
}

# True if the daemon is ready to take over from another instance, and does not serve before.
is_standby() {
  local port
  port=$(admin_port_of "$1")
  [ -n "$port" ] && curl -fsS -m 1 "http://127.0.0.1:$port/readyz" 2>/dev/null | grep -q '"standby":true'
}

# The last line that a process has written before it ended.
last_line() {
  grep -B 1 '"event":"process_ended"' "$MM_STATE/log/$1/current" 2>/dev/null | tail -n 2 | head -n 1 | cut -d ' ' -f 2- | cut -c 1-400
}

# True if the daemon has refused the current mode file and uses an older mode table.
modes_refused() {
  local port
  port=$(admin_port_of "$1")
  [ -n "$port" ] && curl -fsS -m 1 "http://127.0.0.1:$port/metrics" 2>/dev/null | grep -q '^mm_modes_refused 1$'
}

logs() {
  local files=("$MM_STATE"/log/${1:-*}/current)
  [ -e "${files[0]}" ] || files=("$MM_STATE"/log/"$1"-[0-9]/current)
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
