# Generates the secrets once, with mode 0600, and copies each daemon's secrets to its own folder. Sourced by ops/stack.

secret_names="access_token_key server_token_key admin_token postgres_superuser
redis_queue_operator redis_queue_gateway redis_queue_lobby redis_queue_matchmaker redis_cache_operator redis_cache_gateway
redis_cache_lobby redis_cache_matchmaker redis_cache_session redis_cache_profile
nats_operator nats_gateway nats_lobby nats_matchmaker nats_session nats_orchestrator nats_profile nats_leaderboard
postgres_profile postgres_session postgres_orchestrator postgres_leaderboard event_session event_profile"

make_secrets() {
  local name
  (
    umask 077
    for name in $secret_names; do
      [ -s "$MM_STATE/secrets/$name" ] || head -c 32 /dev/urandom | base64 -w0 | tr '+/' '-_' | tr -d '=' > "$MM_STATE/secrets/$name"
    done
    for name in session profile; do event_key "$name" > "$MM_STATE/secrets/event_key_$name"; done
    give gateway nats_password=nats_gateway redis_queue_password=redis_queue_gateway \
      redis_cache_password=redis_cache_gateway access_token_key=access_token_key server_token_key=server_token_key \
      admin_token=admin_token
    give lobby nats_password=nats_lobby redis_queue_password=redis_queue_lobby redis_cache_password=redis_cache_lobby \
      event_key_session=event_key_session event_key_profile=event_key_profile
    give matchmaker nats_password=nats_matchmaker redis_queue_password=redis_queue_matchmaker \
      redis_cache_password=redis_cache_matchmaker event_key_session=event_key_session \
      event_key_profile=event_key_profile
    give session nats_password=nats_session redis_cache_password=redis_cache_session postgres_password=postgres_session \
      server_token_key=server_token_key event_signing_key=event_session
    give orchestrator nats_password=nats_orchestrator postgres_password=postgres_orchestrator
    give profile nats_password=nats_profile redis_cache_password=redis_cache_profile postgres_password=postgres_profile \
      event_signing_key=event_profile event_key_session=event_key_session
    give leaderboard nats_password=nats_leaderboard postgres_password=postgres_leaderboard \
      event_key_profile=event_key_profile
    printf '127.0.0.1:*:*:postgres:%s\n' "$(secret postgres_superuser)" > "$MM_STATE/secrets/pgpass"
  )
}

# Prints the public key of an Ed25519 private key, which is 32 random bytes like every other secret. Both in base64url.
event_key() {
  local base64
  base64=$(tr '_-' '/+' < "$MM_STATE/secrets/event_$1")=
  { printf '\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20'; base64 -d <<< "$base64"; } |
    openssl pkey -inform DER -pubout -outform DER | tail -c 32 | base64 -w0 | tr '+/' '-_' | tr -d '='
}

secret() { cat "$MM_STATE/secrets/$1"; }

# give DAEMON file=secret …: copies secrets to the daemon's credentials folder.
give() {
  local folder=$MM_STATE/credentials/$1 pair
  shift
  mkdir -p "$folder"
  for pair in "$@"; do cp "$MM_STATE/secrets/${pair#*=}" "$folder/${pair%%=*}"; done
}

# Refuses to start with a secret that is guessable, used twice or readable by other users, by the same rules as
# common/runtime/credentials.cpp. Errors name the file, never its content.
refuse_weak_secrets() {
  local files=() name
  for name in $secret_names; do files+=("$MM_STATE/secrets/$name"); done
  name=$(find "${files[@]}" -perm /077 -print -quit)
  [ -z "$name" ] || { echo "up: the secret $name is open to others; its mode must be 0600" >&2; exit 78; }
  awk '
    function refuse(what) { print "up: the secret " FILENAME " " what > "/dev/stderr"; exit 78 }
    FNR > 1 { refuse("has more than one line") }
    {
      for (i = 1; i <= NF; ++i) {
        if (length($i) < ($i ~ /^[0-9a-fA-F]*$/ ? 64 : 43)) refuse("is weak: it holds fewer than 32 random bytes")
        split("", seen); different = 0
        for (c = 1; c <= length($i); ++c) if (!seen[substr($i, c, 1)]++) ++different
        if (different < 10) refuse("is weak: its bytes are not random")
        if ($i in owner) refuse("is the same as " owner[$i])
        owner[$i] = FILENAME
      }
    }' "${files[@]}" || exit 78
}
