// Identifiers and callers of a test: tenants and players that no other test has, and who asks in a request.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/caller.h"
#include "common/contracts/problem.h"

namespace mm::testing {

/// "t1", "t2", …: no other test of this program has it.
inline Tenant fresh_tenant() {
  static std::atomic<int> serial = 0;
  return *Tenant::parse("t" + std::to_string(++serial));
}

inline PlayerId fresh_player() { return PlayerId::fresh(SystemClock{}.now()); }

inline std::vector<PlayerId> fresh_players(std::size_t count) {
  std::vector<PlayerId> players(count);
  for (auto& player : players) player = fresh_player();
  return players;
}

inline Caller as_player(const Tenant& tenant, PlayerId player) { return {tenant, Role::player, player, std::nullopt}; }
inline Caller as_player(PlayerId player) { return as_player(default_tenant(), player); }
inline Caller as_service(const Tenant& tenant) { return {tenant, Role::service, std::nullopt, std::nullopt}; }
/// The game server of this match.
inline Caller as_server(MatchId match) { return {default_tenant(), Role::server, std::nullopt, match}; }

/// The code with which a request was refused; none if it was answered.
template <class T>
std::optional<Code> refusal(const Reply<T>& reply) {
  if (reply) return std::nullopt;
  return reply.error().code;
}

}  // namespace mm::testing
