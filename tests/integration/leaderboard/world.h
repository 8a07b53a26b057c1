// The fixture of the leaderboard tests: one nats-server, one PostgreSQL, and instances of the real Service.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/bus/bus.h"
#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"
#include "common/runtime/credentials.h"
#include "common/runtime/health.h"
#include "common/storage/postgres.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"
#include "services/leaderboard/service.h"

namespace mm::leaderboard {

inline Deadline soon() { return Deadline::after(Milliseconds{20'000}); }

/// Connects as `user`. `test` has all rights; `operator` may publish events but cannot sign them.
std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics,
                                  const std::string& user = "test");

/// The servers, started on first use and stopped at the end of the program. Nodes of the rank tree hold 4 players, so
/// that a hundred players fill three levels.
struct World {
  testing::OwnNats nats;
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus;                ///< the connection of the tests
  std::unique_ptr<storage::Postgres> database;  ///< connected as superuser

  static World& get();
};

/// s1 is 2026 to June, s2 is July to September, s3 begins in October.
inline constexpr const char* kSeasonSetting = "s1=2026-01-01,s2=2026-07-01,s3=2026-10-01";

/// One leaderboard daemon. Its clock stands at 15 August 2026 (s2).
class Instance {
 public:
  Instance();

  double metric(const std::string& series) const;
  bool ready() const { return health_.ready(); }
  testing::ManualClock clock{TimePoint(std::chrono::sys_days(
      std::chrono::year_month_day{std::chrono::year{2026}, std::chrono::August, std::chrono::day{15}}))};

 private:
  metrics::Registry metrics_;
  runtime::Health health_;
  runtime::Credentials credentials_{testing::credentials_of("leaderboard")};
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Service> service_;
};

TimePoint day(unsigned month, unsigned day_of_2026);

/// A tenant that no other test uses.
Tenant fresh_tenant();
PlayerId fresh_player();
std::vector<PlayerId> fresh_players(std::size_t count);

Caller as_player(const Tenant& tenant, PlayerId player);
Caller as_service(const Tenant& tenant);

template <class Req>
Reply<typename Req::Answer> ask(const Req& request, const Caller& caller) {
  return World::get().bus->request(request, caller, soon());
}
Reply<std::string> ask_raw(std::string_view subject, const std::string& body, const Caller& caller);

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

std::int64_t number(const std::string& sql);
/// How many matches of the tenant have been applied.
std::int64_t applied(const Tenant& tenant);

GetHistory history_of(PlayerId player, std::optional<Mode> mode = std::nullopt);

/// The entries of all pages of a board.
std::vector<LeaderboardEntry> whole_board(GetLeaderboard request, const Caller& caller, int page);

}  // namespace mm::leaderboard
