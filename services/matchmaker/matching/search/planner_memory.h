// What the planner remembers about the tickets of one pool from tick to tick: which tickets to evaluate in the next
// tick (because they are new, or because their window has reached another ticket), and which were passed over. If this
// memory is lost, the next tick takes longer and the passed-over counts start again; matches stay correct.
//
// Why evaluating only these tickets is enough: after a tick, no set of the remaining tickets can form a match. So each
// match of the next tick contains a ticket that has arrived since, or one whose window has reached a new neighbour, and
// all tickets of that match lie inside this ticket's window. (Two tickets accept each other from the moment the later
// of the two windows reaches. So each ticket only needs to track its own window. A ticket that leaves makes no new
// match possible.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/matching/rules/format.h"
#include "services/matchmaker/matching/search/candidates.h"
#include "services/matchmaker/matching/search/islands.h"

namespace mm::matching {

/// A ticket that was passed over in this many ticks in a row is matched first in the next tick (plan.h, step 6a).
inline constexpr int kPatienceTicks = 4;

class PlannerMemory {
 public:
  /// Begins a tick: collects the tickets to evaluate. Forgets everything if the pool's epoch has changed.
  void open(const Pool& pool, BucketMs now);

  /// True if every ticket is to be evaluated: nothing is remembered, or so much has changed that a full pass is faster.
  bool is_full_pass() const { return full_pass_; }
  /// If is_full_pass() is false: the tickets to evaluate, unordered, maybe duplicated. They stay due until end_tick().
  std::span<const Slot> due() const { return due_; }
  /// Ends a tick: no ticket is due any more.
  void end_tick();

  /// Whether each ticket of the island was evaluated without a match and no window has reached a new neighbour since.
  bool is_quiet(const Candidates& candidates, Island island) const;
  /// True if nothing is remembered about any ticket.
  bool is_empty() const { return empty_; }
  /// The number of ticks in a row in which a match for this ticket existed and was not made.
  int passed_over(const Candidate& ticket) const;

  /// The ticket was not matched. It is evaluated again when its own window reaches its next neighbour.
  /// `could_have_played`: a match with this ticket existed.
  void remember_unmatched(const Pool& pool, const Format& format, SortedWaiters::Place place, bool could_have_played);
  /// The same for modes without ratings, where only an arrival can change the result: the ticket is never due by
  /// itself.
  void remember_unmatched(const Candidate& ticket, bool could_have_played);
  /// The region is not open to the ticket before `opens_at` (empty: it never opens).
  void region_closed(const Pool& pool, Slot slot, std::optional<BucketMs> opens_at);
  /// The ticket was matched or has expired. If it is still in the pool in the next tick, it is treated as a new ticket.
  void forget(Slot slot) {
    if (!empty_) tickets_[slot].use = kUnknown;
    due_again_.push_back(slot);
  }
  /// Whether the last tick that evaluated this ticket found a match for it that was not made.
  bool was_passed_over(const Pool& pool, Slot slot) const;

  /// What is remembered about one ticket, independent of its pool, so that a copy of the ticket can be planned.
  struct TicketMemory {
    std::optional<BucketMs> due_at;  ///< when to evaluate it again; a past time: in the next tick; empty: never
    int passed_over = 0;
  };
  TicketMemory recall(const Pool& pool, Slot slot) const;
  /// Replaces the whole memory by these tickets (all tickets of `pool`), as if they had been planned before.
  void resume(const Pool& pool, std::span<const std::pair<Slot, TicketMemory>> tickets);
  /// After a tick: when the next ticket is due if no ticket arrives, up to 16 ms too early. Empty: never.
  std::optional<BucketMs> next_due() const;

 private:
  struct Ticket {
    std::int32_t due_at = 0;      ///< when it is due, in milliseconds after the pool's epoch
    std::uint16_t tick = 0;       ///< the tick that last evaluated it, modulo 65,536
    std::uint8_t use = kUnknown;  ///< the Waiter::use of the ticket that this entry describes
    std::uint8_t passed_over = 0;
  };
  static constexpr std::uint8_t kUnknown = 0xFF;  // never equal to use_of(), which has 7 bits
  static std::uint8_t use_of(std::uint8_t use) { return use & 0x7F; }

  const Ticket* find(Slot slot, std::uint8_t use) const;
  int passed_over_of(const Ticket* ticket) const;
  void remember(Slot slot, std::uint8_t use, std::int64_t due_at, int passed_over);
  void collect_due();

  BucketMs epoch_ = 0;
  std::int32_t now_ = 0;
  std::uint16_t tick_ = 0;
  bool full_pass_ = true;
  bool empty_ = true;  ///< nothing is remembered, so lookups are skipped
  std::uint64_t arrivals_seen_ = 0;
  std::vector<Ticket> tickets_;  ///< by slot
  std::vector<Slot> due_;
  std::vector<Slot> due_again_;                         ///< due in the next tick
  std::map<std::int32_t, std::vector<Slot>> calendar_;  ///< by due_at / kPage; may name gone tickets
};

}  // namespace mm::matching
