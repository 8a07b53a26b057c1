// Leaderboard's tables: the only SQL of this service. Each method is one transaction. The method that writes is
// idempotent by match_id. Database errors are logged here and returned as problems. Thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "common/contracts/leaderboard.h"
#include "common/contracts/problem.h"
#include "services/leaderboard/core/match_record.h"
#include "services/leaderboard/cursor.h"

namespace mm::storage {
class Postgres;
}

namespace mm::leaderboard {

class Store {
 public:
  explicit Store(storage::Postgres& postgres) : postgres_(postgres) {}

  /// Writes the match to the history and, if `record` says so, to the standings of its season: those of all regions and
  /// those of its region. False: the match was applied before.
  Reply<bool> apply(const MatchRated& match, const MatchRecord& record, Deadline deadline);

  struct BoardPage {
    std::vector<LeaderboardEntry> entries;
    std::int64_t total = 0;
    std::optional<Place> next;
    std::optional<std::int64_t> your_rank;
  };
  /// Up to `limit` entries after the place `after`. Entries, ranks and total are from one snapshot.
  Reply<BoardPage> top(const BoardKey& key, const std::optional<Place>& after, int limit,
                       const std::optional<PlayerId>& you, Deadline deadline);

  struct HistoryPage {
    std::vector<HistoryEntry> matches;
    std::optional<HistoryPlace> next;
  };
  Reply<HistoryPage> history(const HistoryKey& key, const std::optional<HistoryPlace>& after, int limit,
                             Deadline deadline);

  Reply<std::optional<FinishedMatch>> find_match(const Tenant& tenant, MatchId match, Deadline deadline);

 private:
  storage::Postgres& postgres_;
};

}  // namespace mm::leaderboard
