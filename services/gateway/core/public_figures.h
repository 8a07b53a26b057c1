// What anybody may know of the modes and of the queues, without a login. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/contracts/matchmaker.h"
#include "common/contracts/modes.h"

namespace mm::gateway {

struct PublicMode {
  Mode mode;
  int teams = 2;
  std::vector<int> team_sizes;
  int default_team_size = 1;
  bool rated = true;
  double max_wait_seconds = 0;
};

template <class F>
void describe(F& f, PublicMode& m) {
  using namespace fields;
  f("mode", m.mode);
  f("teams", m.teams, About{"Teams in a match"});
  f("team_sizes", m.team_sizes, About{"What `team_size` may be: players of one team"});
  f("default_team_size", m.default_team_size, About{"Used when a request names no `team_size`"});
  f("rated", m.rated, About{"Matches change ratings"});
  f("max_wait_seconds", m.max_wait_seconds, About{"After this time without a match a ticket ends as TIMED_OUT"});
}

/// GET /v1/modes.
struct PublicModes {
  std::vector<PublicMode> modes;
};

template <class F>
void describe(F& f, PublicModes& m) {
  f("modes", m.modes);
}

/// One team size of a mode in a region.
struct PublicBucket {
  int team_size = 1;
  std::int64_t players_waiting = 0;
  std::optional<std::int64_t> wait_p50_ms;  ///< absent: nobody was matched lately
  std::optional<std::int64_t> wait_p90_ms;
};

template <class F>
void describe(F& f, PublicBucket& m) {
  f("team_size", m.team_size);
  f("players_waiting", m.players_waiting);
  f("wait_p50_ms", m.wait_p50_ms);
  f("wait_p90_ms", m.wait_p90_ms);
}

/// A mode in a region. Its waits are those of the busiest team size: quantiles of several cannot be added up.
struct PublicQueue {
  Mode mode;
  Region region;
  std::int64_t players_waiting = 0;
  std::optional<std::int64_t> wait_p50_ms;
  std::optional<std::int64_t> wait_p90_ms;
  std::vector<PublicBucket> team_sizes;
};

template <class F>
void describe(F& f, PublicQueue& m) {
  using namespace fields;
  f("mode", m.mode);
  f("region", m.region);
  f("players_waiting", m.players_waiting, About{"Of all team sizes"});
  f("wait_p50_ms", m.wait_p50_ms, About{"Half of the tickets of the busiest team size are matched in this time; absent: not known"});
  f("wait_p90_ms", m.wait_p90_ms, About{"Nine in ten are matched in this time"});
  f("team_sizes", m.team_sizes);
}

/// GET /v1/queues.
struct PublicQueues {
  std::vector<PublicQueue> queues;
};

template <class F>
void describe(F& f, PublicQueues& m) {
  f("queues", m.queues);
}

/// Anybody may queue in a region of any name, so the answer is bounded: the queues with most players.
inline constexpr std::size_t kPublicQueuesMost = 500;

PublicModes public_modes(const ModeTable& table);

/// By mode and region, the queues with most players first. The buckets are of one tenant.
PublicQueues public_queues(const QueueSummary& summary);

}  // namespace mm::gateway
