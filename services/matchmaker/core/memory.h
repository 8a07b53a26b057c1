// What a planner carries from one tick to the next about the tickets of its pool: which it has already weighed in
// vain (so that it need not weigh them again until something changes) and which were passed over. Losing it costs
// time and a little patience, never a wrong match.
#pragma once

#include <cstdint>
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
  /// Makes room for the pool's tickets; forgets everything if its epoch has moved.
  void open(const Pool& pool, BucketMs now);

  /// Whether every ticket there has been weighed in vain, and no window has reached a new neighbour since.
  bool is_quiet(const Line& line, Island island) const;
  /// For how many ticks in a row there was a match for it that was not made.
  int passed_over(const Candidate& ticket) const;

  /// It stays behind: not to be weighed again before its own window reaches the next neighbour. (Two tickets accept
  /// each other from the moment the later of both windows reaches, so each need only watch its own.)
  void weighed_in_vain(const Line& line, Index ticket, const Format& format, bool could_have_played);
  /// It has been matched. Should it still be there in the next tick, it is as good as new.
  void matched(const Candidate& ticket) { tickets_[ticket.slot] = {}; }

 private:
  struct Ticket {
    std::int32_t wakes = 0;  ///< milliseconds after the pool's epoch
    bool known = false;
    std::uint8_t use = 0;  ///< the use of the slot that it is about
    std::uint8_t passed_over = 0;
  };
  const Ticket* find(const Candidate& ticket) const;

  BucketMs epoch_ = 0;
  std::int32_t now_ = 0;
  std::vector<Ticket> tickets_;  ///< by slot
};

}  // namespace mm::matchmaker
