// Leaderboard: finished matches and standings, all derived from match.rated (see README.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/bus/consumer.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "services/leaderboard/core/seasons.h"
#include "services/leaderboard/dead_letters/dead_letters.h"
#include "services/leaderboard/metrics.h"
#include "services/leaderboard/store.h"

namespace mm::leaderboard {

inline constexpr fields::Matches kSeasonList{"s1=2026-01-01,s2=2026-07-01: each season and the day it begins, in order",
                                             [](std::string_view text) { return Seasons::parse(text).ok(); }};

struct Settings {
  std::string postgres_url;
  std::string seasons = "s1=2020-01-01";
  bool allow_weak_stores = false;
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_POSTGRES_URL", s.postgres_url);
  f("MM_SEASONS", s.seasons, Optional{}, kSeasonList);
  f("MM_ALLOW_WEAK_STORES", s.allow_weak_stores, Optional{});
}

class Service {
 public:
  static constexpr std::string_view kName = "leaderboard";
  using Settings = leaderboard::Settings;

  Service(const Settings& settings, Runtime& runtime);
  ~Service();

 private:
  Reply<LeaderboardPage> top(const GetLeaderboard& request, const bus::Context& context);
  Reply<HistoryPage> history(const GetHistory& request, const bus::Context& context);
  Reply<FinishedMatch> match(const GetFinishedMatch& request, const bus::Context& context);

  /// match.rated. Idempotent by match_id: leaderboard.applied is the key.
  bus::Ack on_rated(const MatchRated& match, const bus::EventInfo& info);

  Runtime& runtime_;
  const Seasons seasons_;
  Metrics metrics_;
  std::unique_ptr<storage::Postgres> postgres_;
  Store store_;
  dead_letters::DeadLetters dead_letters_;
  bus::Consumer events_;
  bus::Server server_;  // last, so that it is destroyed first: no request reaches a destroyed member
};

}  // namespace mm::leaderboard
