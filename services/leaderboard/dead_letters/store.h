// The table of dead letters, ops.dead_letter: the only SQL about it. Each method is one transaction. Database errors
// are logged here and returned as problems. Thread-safe.
//
// Leaderboard's role may use only the methods of Store. OperatorStore needs the rights of an operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/dead_letter.h"
#include "common/contracts/problem.h"

namespace mm::storage {
class Postgres;
}

namespace mm::leaderboard::dead_letters {

/// Limits of the unresolved letters. An event whose letter does not fit stays in its stream.
struct Limits {
  std::int64_t letters = 10'000;
  std::int64_t bytes = 1LL << 30;  ///< of all bodies
};
/// Resolved letters are kept for 7 days, and at most this many of them.
inline constexpr int kMaxResolved = 1'000;

enum class Stored { now, earlier, no_room };

struct Unresolved {
  std::int64_t count = 0;
  double oldest_seconds = 0;  ///< age of the oldest; 0 if there is none
};

class Store {
 public:
  explicit Store(storage::Postgres& postgres, Limits limits = {}) : postgres_(postgres), limits_(limits) {}

  /// `body`: the decoded body of the event. Idempotent by stream, consumer, sequence and stored_at.
  Reply<Stored> add(const StoreDeadLetter& letter, std::string_view body, Deadline deadline);

  Reply<Unresolved> unresolved(Deadline deadline);

  /// Deletes up to 200 resolved letters that are too old or too many. The number of deleted letters.
  Reply<int> sweep(Deadline deadline);

 private:
  storage::Postgres& postgres_;
  const Limits limits_;
};

/// A letter as an operator sees it. Times are texts: RFC 3339, UTC.
struct Letter {
  std::int64_t letter_id = 0;
  std::string stream;
  std::string consumer;
  int deliveries = 0;
  std::string reason;
  std::string given_up_at;
  int retries = 0;
  std::optional<std::string> retried_at;
  std::optional<std::string> retry_error;
  std::optional<std::string> outcome;
  std::optional<std::string> resolved_at;
  std::int64_t bytes = 0;
  DeadEvent event;  ///< `body` is empty in lists; otherwise the bytes themselves
};

enum class Outcome { handled, discarded };

class OperatorStore {
 public:
  explicit OperatorStore(storage::Postgres& postgres) : postgres_(postgres) {}

  /// Up to `limit` unresolved letters after the letter `after`, in the order of their ids, without bodies.
  Reply<std::vector<Letter>> list(std::int64_t after, int limit, Deadline deadline);
  Reply<std::optional<Letter>> find(std::int64_t letter, Deadline deadline);
  /// False: the letter was resolved earlier.
  Reply<bool> resolve(std::int64_t letter, Outcome outcome, Deadline deadline);
  Reply<Done> note_failed_retry(std::int64_t letter, const std::string& error, Deadline deadline);

 private:
  storage::Postgres& postgres_;
};

}  // namespace mm::leaderboard::dead_letters
