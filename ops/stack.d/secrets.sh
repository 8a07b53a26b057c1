# Generates the secrets once, with mode 0600, and copies each daemon's secrets to its own folder. Sourced by ops/stack.

# Prints the credentials of a daemon, as file=secret. Secrets that one daemon has alone end with its name.
credentials_of() {
  local name
  for name in ${servers_of[$1]}; do echo "${name}_password=${name}_$1"; done
  for name in ${secrets_of[$1]}; do
    case $name in event_signing_key) echo "$name=event_$1" ;; *) echo "$name=$name" ;; esac
  done
}

# Prints the names of all secrets. event_key_<daemon> is not one: it is a public key.
secret_names() {
  local kind
  printf '%s\n' postgres_superuser {nats,redis_queue,redis_cache}_operator
  for kind in "${kinds[@]}"; do credentials_of "$kind"; done | sed '/=event_key_/d; s/.*=//' | sort -u
}

make_secrets() {
  local name kind pair
  (
    umask 077
    for name in $(secret_names); do
      [ -s "$MM_STATE/secrets/$name" ] || head -c 32 /dev/urandom | base64 -w0 | tr '+/' '-_' | tr -d '=' > "$MM_STATE/secrets/$name"
    done
    for kind in $(kinds_with event_signing_key); do event_key "$kind" > "$MM_STATE/secrets/event_key_$kind"; done
    for kind in "${kinds[@]}"; do
      mkdir -p "$MM_STATE/credentials/$kind"
      for pair in $(credentials_of "$kind"); do cp "$MM_STATE/secrets/${pair#*=}" "$MM_STATE/credentials/$kind/${pair%%=*}"; done
    done
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

# Refuses to start with a secret that is guessable, used twice or readable by other users, by the same rules as
# common/runtime/credentials.cpp. Errors name the file, never its content.
refuse_weak_secrets() {
  local files=() name
  for name in $(secret_names); do files+=("$MM_STATE/secrets/$name"); done
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
