// A queue in which nobody comes any more: copied at a moment, it can be played on as often as wanted, as it is or with
// something otherwise. What explanations say is held against it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/matchmaker/core/forecast.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker::tools {

/// A queue as its planner has it, at the end of a tick.
struct QueueView {
  std::string name;
  const Pool& pool;
  const Memory& memory;
  BucketMs now = 0;
  TickTimes ticks;  ///< the next ones
};

class Standstill {
 public:
  explicit Standstill(const QueueView& queue);

  struct End {
    BucketMs at = 0;
    bool matched = false;  ///< else its time was over
  };
  /// What becomes of everybody up to `until`, tick by tick. Who is not named still waits.
  std::map<TicketId, End> play_on(BucketMs until) const;
  /// Whether the next tick matches it, if these come before.
  bool next_tick_matches(const TicketId& id, const std::vector<PoolTicket>& newcomers) const;
  /// Whether the next tick matches it, if all windows are so wide.
  bool window_matches(const TicketId& id, double window) const;

  /// Who waits under this id.
  const PoolTicket* find(const TicketId& id) const;
  const ModeRules& rules() const { return rules_; }
  const TickTimes& ticks() const { return ticks_; }

 private:
  struct Waiting {
    PoolTicket ticket;
    Memory::Recalled recalled;
  };
  /// Fills an empty pool and memory.
  void restore(Pool& pool, Memory& memory, const std::vector<PoolTicket>& newcomers) const;
  Pool empty_pool() const { return {rules_, team_size_, region_}; }

  ModeRules rules_;
  int team_size_;
  Region region_;
  TickTimes ticks_;
  std::vector<Waiting> waiting_;
};

}  // namespace mm::matchmaker::tools
