// A copy of a queue at one moment, without later arrivals. It can be played on any number of times, unchanged or with
// changes, to check the claims of explanations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/matchmaker/core/forecast.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker::tools {

/// A queue in its planner's state, at the end of a tick.
struct QueueView {
  std::string name;
  const Pool& pool;
  const Memory& memory;
  BucketMs now = 0;
  TickTimes ticks;  ///< the times of the next ticks
};

class Standstill {
 public:
  explicit Standstill(const QueueView& queue);

  struct End {
    BucketMs at = 0;
    bool matched = false;  ///< false: it timed out
  };
  /// Plays on tick by tick until `until`. Tickets that are not in the result still wait.
  std::map<TicketId, End> play_on(BucketMs until) const;
  /// Whether the next tick matches the ticket, if these newcomers join before.
  bool next_tick_matches(const TicketId& id, const std::vector<PoolTicket>& newcomers) const;
  /// Whether the next tick matches the ticket, if all windows have this width.
  bool window_matches(const TicketId& id, double window) const;

  /// The waiting ticket with this id; null if there is none.
  const PoolTicket* find(const TicketId& id) const;
  const ModeRules& rules() const { return rules_; }
  const TickTimes& ticks() const { return ticks_; }

 private:
  struct Waiting {
    PoolTicket ticket;
    Memory::Recalled recalled;
  };
  /// Fills an empty pool and memory with the copied state and the newcomers.
  void restore(Pool& pool, Memory& memory, const std::vector<PoolTicket>& newcomers) const;
  Pool empty_pool() const { return {rules_, team_size_, region_}; }

  ModeRules rules_;
  int team_size_;
  Region region_;
  TickTimes ticks_;
  std::vector<Waiting> waiting_;
};

}  // namespace mm::matchmaker::tools
