// The fixture of the leaderboard tests: one nats-server, one PostgreSQL, and instances of the real Service.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/players.h"
#include "common/testing/wait.h"
#include "services/leaderboard/service.h"

namespace mm::leaderboard {

using testing::as_player;
using testing::as_service;
using testing::connect;
using testing::fresh_player;
using testing::fresh_players;
using testing::fresh_tenant;
using testing::soon;

/// The servers, started on first use and stopped at the end of the program. Nodes of the rank tree hold 4 players, so
/// that a hundred players fill three levels.
struct World {
  World();
  static World& get();

  testing::OwnNats nats;
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = connect(nats, metrics);
  testing::Database database{postgres};
};

/// s1 is 2026 to June, s2 is July to September, s3 begins in October.
inline constexpr const char* kSeasonSetting = "s1=2026-01-01,s2=2026-07-01,s3=2026-10-01";

TimePoint day(unsigned month, unsigned day_of_2026);

/// A clock that stands at 15 August 2026, in season s2.
struct AugustClock {
  testing::ManualClock clock{day(8, 15)};
};

/// One running leaderboard.
class Instance : public AugustClock, public testing::Daemon<Service> {
 public:
  Instance();
};

template <class Req>
Reply<typename Req::Answer> send(const Req& request, const Caller& caller) {
  return World::get().bus->request(request, caller, soon());
}
Reply<std::string> send_raw(std::string_view subject, const std::string& body, const Caller& caller);

/// One player of a duel: the rating after it, in points, and the games including it.
struct Side {
  PlayerId player;
  double mmr_after = 1500;
  std::int64_t games = 1;
};
/// A duel in ranked, eu-west, on 1 August.
MatchRated duel(const Tenant& tenant, const Side& first, const Side& second, std::optional<int> winner);

/// Stores the event in the stream under a new message id, so JetStream does not drop it as a duplicate.
void publish(const MatchRated& match);

inline auto number(const std::string& sql) { return World::get().database.number(sql); }
/// The number of matches of the tenant that were applied.
std::int64_t applied(const Tenant& tenant);

GetHistory history_of(PlayerId player, std::optional<Mode> mode = std::nullopt);

/// The entries of all pages of a board.
std::vector<LeaderboardEntry> whole_board(GetLeaderboard request, const Caller& caller, int page);

}  // namespace mm::leaderboard
