# Secrets: generated once, mode 0600, and handed to each daemon as files in a folder of its own. Sourced by ops/stack.

secret_names="access_token_key server_token_key admin_token redis_queue redis_cache postgres_superuser
nats_operator nats_gateway nats_lobby nats_matchmaker nats_session nats_orchestrator nats_profile nats_leaderboard
postgres_profile postgres_session postgres_orchestrator postgres_leaderboard"

make_secrets() {
  local name
  (
    umask 077
    for name in $secret_names; do
      [ -s "$MM_STATE/secrets/$name" ] || head -c 32 /dev/urandom | base64 -w0 | tr '+/' '-_' | tr -d '=' > "$MM_STATE/secrets/$name"
    done
    give gateway nats_password=nats_gateway redis_queue_password=redis_queue redis_cache_password=redis_cache \
      access_token_key=access_token_key server_token_key=server_token_key admin_token=admin_token
    give lobby nats_password=nats_lobby redis_queue_password=redis_queue redis_cache_password=redis_cache
    give matchmaker nats_password=nats_matchmaker redis_queue_password=redis_queue redis_cache_password=redis_cache
    give session nats_password=nats_session redis_cache_password=redis_cache postgres_password=postgres_session \
      server_token_key=server_token_key
    give orchestrator nats_password=nats_orchestrator postgres_password=postgres_orchestrator
    give profile nats_password=nats_profile redis_cache_password=redis_cache postgres_password=postgres_profile
    give leaderboard nats_password=nats_leaderboard postgres_password=postgres_leaderboard
    printf '127.0.0.1:*:*:postgres:%s\n' "$(secret postgres_superuser)" > "$MM_STATE/secrets/pgpass"
  )
}

secret() { cat "$MM_STATE/secrets/$1"; }

# give DAEMON file=secret …
give() {
  local folder=$MM_STATE/credentials/$1 pair
  shift
  mkdir -p "$folder"
  for pair in "$@"; do cp "$MM_STATE/secrets/${pair#*=}" "$folder/${pair%%=*}"; done
}
