# Reads deployments/daemons.table. Sourced by ops/stack, ops/store-config and ops/lint.

kinds=()  # the names of the daemons, in the order of the table
declare -A instances_of admin_port_offset_of servers_of secrets_of
while read -r kind instances port servers secrets; do
  case $kind in '' | '#'*) continue ;; esac
  kinds+=("$kind")
  instances_of[$kind]=$instances admin_port_offset_of[$kind]=$port servers_of[$kind]=${servers//,/ } secrets_of[$kind]=$secrets
done < deployments/daemons.table

# kinds_with WORD: prints the daemons that have this server or this secret.
kinds_with() {
  local kind
  for kind in "${kinds[@]}"; do
    case " ${servers_of[$kind]} ${secrets_of[$kind]} " in *" $1 "*) echo "$kind" ;; esac
  done
}

# The files that define the users of each server.
declare -A users_in=([nats]=deployments/nats/accounts.conf [redis_queue]=deployments/redis/queue.acl
  [redis_cache]=deployments/redis/cache.acl [postgres]=db/migrations/*.sql)

# Refuses a daemon that one of its servers does not know, and admin ports that overlap.
refuse_incomplete_daemons() {
  local kind server wrong=0
  for kind in "${kinds[@]}"; do
    for server in ${servers_of[$kind]}; do
      # shellcheck disable=SC2086
      grep -qE "(user:? |CREATE ROLE mm_)$kind\>" ${users_in[$server]} ||
        { wrong=1; echo "deployments/daemons.table: $kind uses $server, but there is no such user in ${users_in[$server]}" >&2; }
    done
  done
  awk '/^#/ || !NF { next }
    { for (port = $3; port < $3 + ($2 == 1 ? 1 : 8); ++port) if (port < 20 || port > 89 || taken[port]++) bad[$1] }
    END { for (kind in bad) print FILENAME ": an admin port of " kind " is taken or not in 20 to 89"; exit length(bad) > 0 }' \
    deployments/daemons.table >&2 || wrong=1
  [ $wrong -eq 0 ] || { echo "CONTRIBUTING.md, How to add a daemon, has the steps." >&2; exit 78; }
}
