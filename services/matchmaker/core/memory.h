// What a planner carries from one tick to the next about the tickets of its pool: which of them are to be weighed in
// this tick (because they are new, or their window has reached somebody), and which were passed over. Losing it costs
// time and a little patience, never a wrong match.
//
// Why it is enough to weigh those: when a tick is over, nobody it left could have made a match among themselves. So
// every match of the next one holds a ticket that has arrived since, or one whose window has reached a new neighbour,
// and all its tickets stand inside that one's window. (Two tickets accept each other from the moment the later of
// both windows reaches; so each need only watch its own. Who leaves makes nothing possible.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/format.h"
#include "services/matchmaker/core/islands.h"
#include "services/matchmaker/core/pool.h"

namespace mm::matchmaker {

/// A ticket that could have been matched is passed over at most this many ticks in a row.
inline constexpr int kPatienceTicks = 4;

class Memory {
 public:
  /// Begins a tick: gathers whom to weigh. Forgets everything if the pool's epoch has moved.
  void open(const Pool& pool, BucketMs now);

  /// All of them: nothing is known yet, or too much has changed to look it up ticket by ticket.
  bool everyone() const { return everyone_; }
  /// Else these, in no order, some perhaps more than once. They stay due until weighed() says otherwise.
  std::span<const Slot> due() const { return due_; }
  /// Nobody is due any more.
  void weighed();

  /// Whether every ticket there has been weighed in vain, and no window has reached a new neighbour since.
  bool is_quiet(const Line& line, Island island) const;
  /// Whether nothing is known of anybody yet.
  bool is_blank() const { return blank_; }
  /// For how many ticks in a row there was a match for it that was not made.
  int passed_over(const Candidate& ticket) const;

  /// It stays behind: not to be weighed again before its own window reaches the next neighbour.
  void weighed_in_vain(const Pool& pool, const Format& format, SortedLine::Place place, bool could_have_played);
  /// The same where ratings do not count: only a newcomer can change anything.
  void weighed_in_vain(const Candidate& ticket, bool could_have_played);
  /// This region is not open to it before then (nothing: ever).
  void closed(const Pool& pool, Slot slot, std::optional<BucketMs> opens_at);
  /// It has been matched, or its time is over. Should it still be there in the next tick, it is as good as new.
  void done_with(Slot slot) {
    if (!blank_) tickets_[slot].use = kUnknown;
    due_again_.push_back(slot);
  }
  /// Whether the last tick that weighed it found a match for it that was not made.
  bool was_outbid(const Pool& pool, Slot slot) const;

  /// What is remembered of one ticket, apart from its pool: so that a copy of the ticket can be planned on.
  struct Recalled {
    std::optional<BucketMs> wakes;  ///< when it is to be weighed again; long ago: in the next tick; nothing: never
    int passed_over = 0;
  };
  Recalled recall(const Pool& pool, Slot slot) const;
  /// Goes on, in a fresh memory, as if these tickets (all of `pool`) had been planned before.
  void resume(const Pool& pool, std::span<const std::pair<Slot, Recalled>> tickets);
  /// When, after a tick, anybody is to be weighed again if nobody comes; a little early perhaps. Nothing: never.
  std::optional<BucketMs> next_due() const;

 private:
  struct Ticket {
    std::int32_t wakes = 0;       ///< milliseconds after the pool's epoch
    std::uint16_t tick = 0;       ///< when it was last weighed, modulo 65,536
    std::uint8_t use = kUnknown;  ///< the use of the slot that it is about
    std::uint8_t passed_over = 0;
  };
  static constexpr std::uint8_t kUnknown = 0xFF;  // waiters with latencies have the top bit too: see use_of
  static std::uint8_t use_of(std::uint8_t use) { return use & 0x7F; }

  const Ticket* find(Slot slot, std::uint8_t use) const;
  int passed_over_of(const Ticket* ticket) const;
  void remember(Slot slot, std::uint8_t use, std::int64_t wakes, int passed_over);
  void gather_woken();

  BucketMs epoch_ = 0;
  std::int32_t now_ = 0;
  std::uint16_t tick_ = 0;
  bool everyone_ = true;
  bool blank_ = true;  ///< nothing is remembered of anybody: as long as that is so, nobody need be looked up
  std::uint64_t arrivals_seen_ = 0;
  std::vector<Ticket> tickets_;  ///< by slot
  std::vector<Slot> due_;
  std::vector<Slot> due_again_;                         ///< in the next tick
  std::map<std::int32_t, std::vector<Slot>> calendar_;  ///< who wakes, by wakes / kPage; some may be gone
};

}  // namespace mm::matchmaker
