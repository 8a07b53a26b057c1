// Decides whether Redis "queue" contains everything that it once acknowledged, by comparing its generation with that of
// PostgreSQL. Pure.
//
// The mark of a generation is raised first in the queue, then in PostgreSQL, and never again before PostgreSQL has it.
// So a queue that lost nothing has the mark of PostgreSQL or the next one. A lower mark means that the queue is older
// than PostgreSQL, a higher one that PostgreSQL is older than the queue.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "common/contracts/queue_generation.h"

namespace mm::matchmaker {

enum class Verdict {
  same,     ///< nothing is missing
  first,    ///< neither has a generation: a new installation, or the first start of a version that has generations
  empty,    ///< the queue lost everything
  older,    ///< the queue was replaced by an earlier state of itself
  foreign,  ///< the queue has the data of another installation
  newer,    ///< PostgreSQL was replaced by an earlier state of itself
};

constexpr std::string_view text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same: return "same";
    case Verdict::first: return "first";
    case Verdict::empty: return "empty";
    case Verdict::older: return "older";
    case Verdict::foreign: return "foreign";
    case Verdict::newer: break;
  }
  return "newer";
}

/// Whether `earlier` was left before `later` was reached.
inline bool precedes(const QueueGeneration& earlier, const QueueGeneration& later) {
  return std::pair(earlier.number, earlier.mark) < std::pair(later.number, later.mark);
}

struct GenerationFacts {
  std::optional<QueueGeneration> queue;
  std::optional<QueueGeneration> database;
  std::optional<QueueGeneration> seen;  ///< the latest one that this process has seen in a verified queue
};

inline Verdict verdict_on(const GenerationFacts& facts) {
  const auto& [queue, database, seen] = facts;
  if (!queue && !database && !seen) return Verdict::first;
  if (!queue) return Verdict::empty;
  if (!database) return Verdict::newer;
  if (seen && precedes(*queue, *seen)) return Verdict::older;
  if (queue->number != database->number) return queue->number < database->number ? Verdict::older : Verdict::newer;
  if (queue->id != database->id) return Verdict::foreign;
  if (queue->mark < database->mark) return Verdict::older;
  return queue->mark <= database->mark + 1 ? Verdict::same : Verdict::newer;
}

/// Whether tickets that the queue has as queued may have been matched or cancelled since.
constexpr bool has_old_tickets(Verdict verdict) { return verdict == Verdict::older || verdict == Verdict::foreign; }

/// The generation that follows both: its number is greater than all before, so are the epochs of its leases.
inline QueueGeneration next_generation(GenerationId id, const GenerationFacts& facts) {
  QueueGeneration next{id, 1, 0};
  for (const auto& known : {facts.queue, facts.database, facts.seen}) {
    if (!known) continue;
    next.number = std::max(next.number, known->number + 1);
    next.mark = std::max(next.mark, known->mark + 1);
  }
  return next;
}

}  // namespace mm::matchmaker
