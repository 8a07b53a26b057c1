// The public modes and queue figures, which are shown without a login (GET /v1/modes, GET /v1/queues). Pure.
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
  f("team_sizes", m.team_sizes, About{"Allowed values of `team_size`, the number of players in one team"});
  f("default_team_size", m.default_team_size, About{"Used if a request has no `team_size`"});
  f("rated", m.rated, About{"Matches change ratings"});
  f("max_wait_seconds", m.max_wait_seconds, About{"A ticket without a match ends as TIMED_OUT after this time"});
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
  std::optional<std::int64_t> wait_p50_ms;  ///< absent if there were no recent matches
  std::optional<std::int64_t> wait_p90_ms;
};

template <class F>
void describe(F& f, PublicBucket& m) {
  f("team_size", m.team_size);
  f("players_waiting", m.players_waiting);
  f("wait_p50_ms", m.wait_p50_ms);
  f("wait_p90_ms", m.wait_p90_ms);
}

/// A mode in a region. Its wait times are those of the busiest team size, because quantiles of several team sizes
/// cannot be combined.
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
  f("players_waiting", m.players_waiting, About{"Players of all team sizes"});
  f("wait_p50_ms", m.wait_p50_ms, About{"Median wait of the busiest team size; absent if not known"});
  f("wait_p90_ms", m.wait_p90_ms, About{"90th percentile of the same waits; absent if not known"});
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

/// Players may queue in regions with any name, so the size of the answer is limited to the queues with the most
/// players.
inline constexpr std::size_t kMaxPublicQueues = 500;

PublicModes public_modes(const ModeTable& table);

/// The queues by mode and region, those with the most players first. `summary` must have the buckets of one tenant
/// only.
PublicQueues public_queues(const QueueSummary& summary);

}  // namespace mm::gateway
