// A copy of a queue at one moment, without later arrivals. It can be played on any number of times, unchanged or with
// changes, to check the claims of explanations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/matchmaker/matching/explain/forecast.h"
#include "services/matchmaker/matching/plan.h"

namespace mm::simulator {

/// A queue in its planner's state, at the end of a tick.
struct QueueView {
  std::string name;
  const matching::Pool& pool;
  const matching::PlannerMemory& memory;
  matching::BucketMs now = 0;
  matching::TickTimes ticks;  ///< the times of the next ticks
};

class Standstill {
 public:
  explicit Standstill(const QueueView& queue);

  struct End {
    matching::BucketMs at = 0;
    bool matched = false;  ///< false: it timed out
  };
  /// Plays on tick by tick until `until`. Tickets that are not in the result still wait.
  std::map<TicketId, End> play_on(matching::BucketMs until) const;
  /// Whether the next tick matches the ticket, if these newcomers join before.
  bool next_tick_matches(const TicketId& id, const std::vector<matching::PoolTicket>& newcomers) const;
  /// Whether the next tick matches the ticket, if all windows have this width.
  bool window_matches(const TicketId& id, double window) const;

  /// The waiting ticket with this id; null if there is none.
  const matching::PoolTicket* find(const TicketId& id) const;
  const ModeRules& rules() const { return rules_; }
  const matching::TickTimes& ticks() const { return ticks_; }

 private:
  struct Waiting {
    matching::PoolTicket ticket;
    matching::PlannerMemory::TicketMemory recalled;
  };
  /// Fills an empty pool and memory with the copied state and the newcomers.
  void restore(matching::Pool& pool, matching::PlannerMemory& memory,
               const std::vector<matching::PoolTicket>& newcomers) const;
  matching::Pool empty_pool() const { return {rules_, team_size_, region_}; }

  ModeRules rules_;
  int team_size_;
  Region region_;
  matching::TickTimes ticks_;
  std::vector<Waiting> waiting_;
};

}  // namespace mm::simulator
