// The history of the Redis instance "queue", as the matchmaker and session compare it. Redis "queue" and PostgreSQL
// hold the same generation, so that an empty or older Redis is noticed before a match is committed in it
// (docs/adr/0021-generation-of-the-queue.md).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/contracts/events.h"

namespace mm {

using GenerationId = Id<struct GenerationTag>;

/// A generation is the time in which the queue lost nothing. After a loss the next one begins: with a new id and a
/// higher number. `mark` grows about once a second, first in Redis and then in PostgreSQL, so a Redis that contains all
/// writes has the mark of PostgreSQL or the next one.
struct QueueGeneration {
  GenerationId id;
  std::int64_t number = 0;
  std::int64_t mark = 0;

  friend bool operator==(const QueueGeneration&, const QueueGeneration&) = default;
};

template <class F>
void describe(F& f, QueueGeneration& m) {
  f("id", m.id);
  f("number", m.number, fields::InRange{1, 1e6});
  f("mark", m.mark, fields::InRange{0, 9e15});
}

/// What PostgreSQL holds. Both members are absent if it holds no generation.
struct RecordedGeneration {
  std::optional<QueueGeneration> generation;
  std::optional<TimePoint> marked_at;  ///< when the mark was stored, by the clock of the database
};

template <class F>
void describe(F& f, RecordedGeneration& m) {
  f("generation", m.generation);
  f("marked_at", m.marked_at);
}

/// Sent by matchmakers. Session stores the generation if it follows the stored one: the same with the next mark, or one
/// with a higher number. In any case the answer is what is stored then, so a caller that sends no generation only
/// reads. Idempotent: the same generation again changes nothing.
struct RecordGeneration {
  static constexpr Subject kSubject{"session.record_generation"};
  using Answer = RecordedGeneration;
  static constexpr bool kFromDaemons = true;

  std::optional<QueueGeneration> generation;
};

template <class F>
void describe(F& f, RecordGeneration& m) {
  f("generation", m.generation);
}

struct OpenMatches {
  std::vector<MatchFound> matches;  ///< ordered by id; quality, spread and waits are not stored and therefore 0
  std::optional<MatchId> next;      ///< `after` of the next page; absent: this is the last page
};

template <class F>
void describe(F& f, OpenMatches& m) {
  f("matches", m.matches);
  f("next", m.next);
}

/// Sent by matchmakers. Returns a page of the matches that have not ended, with ids greater than `after` (absent: from
/// the first one). Ids are version 7, so `after` selects matches by the time at which they were found.
struct ListOpenMatches {
  static constexpr Subject kSubject{"session.open_matches"};
  using Answer = OpenMatches;
  static constexpr bool kFromDaemons = true;
  /// Limits of a page. It has at least one match, if there is one.
  static constexpr std::size_t kMaxMatches = 500;
  static constexpr std::size_t kMaxPlayers = 2'000;

  std::optional<MatchId> after;
};

template <class F>
void describe(F& f, ListOpenMatches& m) {
  f("after", m.after);
}

/// The queue was empty or older than before, and has been brought in line with PostgreSQL. Tickets and parties that
/// players had before may be gone. Published by matchmaker, at least once for each such event; plain event.
struct QueueReset {
  static constexpr Subject kSubject{"queue.reset"};
  GenerationId generation_id;
};

template <class F>
void describe(F& f, QueueReset& m) {
  f("generation_id", m.generation_id);
}

}  // namespace mm
