// The simulation of a crowd: units queue, play and return; a policy makes the matches; virtual time jumps from one
// event to the next.
//
// Time is in milliseconds of the simulated day. Ticks are at multiples of tick_ms, like the daemon's; ticks at which
// nothing can happen are skipped (Policy::due). Only the measured CPU time depends on the machine.
#pragma once

#include <functional>
#include <queue>
#include <vector>

#include "services/simulator/crowd/crowd.h"
#include "services/simulator/crowd/population.h"
#include "services/simulator/crowd/random.h"
#include "services/simulator/policies/policy.h"
#include "services/simulator/world/records.h"

namespace mm::simulator {

struct Progress {
  double done = 0;  ///< share of the virtual time, 0 to 1
  std::size_t waiting = 0;
  std::uint64_t matches = 0;
};
/// Called once every 2048 steps.
using ProgressCallback = std::function<void(const Progress&)>;

class Simulation {
 public:
  /// All arguments must outlive the simulation. `terms` are those with which the policy was created.
  Simulation(const Population& population, const Crowd& crowd, const Terms& terms, Policy& policy);

  RunRecord run(const ProgressCallback& report_progress = {}) { return run_until(kNoEnd, report_progress); }
  /// Like run(), but ends at a time of the simulated day.
  static constexpr matching::BucketMs kNoEnd = Policy::kNever;
  RunRecord run_until(matching::BucketMs end, const ProgressCallback& report_progress = {});
  /// The time at which the warm-up begins.
  matching::BucketMs begin() const { return begin_; }

 private:
  enum class What : std::uint8_t { enters, gives_up, times_out };
  struct Event {
    matching::BucketMs at;
    std::uint64_t order;  ///< sequence number; decides the order of events at the same time
    What what;
    std::uint32_t who;  ///< for enters: a unit; else a ticket
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  /// The state of a unit outside the queue.
  struct UnitState {
    Random chance;
    int matches_left = 0;  ///< in its session
  };
  struct Entry {
    WaitingTicket ticket;
    std::uint32_t unit = 0;
    Ending ending = Ending::waiting;
    std::uint32_t record = 0;  ///< index in record_.queueings, if measured
    bool measured = false;
  };

  void announce(matching::BucketMs at, What what, std::uint32_t who);
  void begin_lives();
  matching::BucketMs next_session(UnitState& life, matching::BucketMs now) const;
  double activity_at(matching::BucketMs now) const;
  void happen(const Event& event);
  void enter(std::uint32_t unit, matching::BucketMs now);
  void leave(TicketNumber number, Ending ending, matching::BucketMs now);
  void after_session(std::uint32_t unit, matching::BucketMs now);
  void tick(matching::BucketMs now);
  void play(const MadeMatch& match, matching::BucketMs now);
  void finish(Entry& entry, Ending ending, matching::BucketMs now);
  const WaitingTicket* find_waiting(TicketNumber number) const;
  matching::BucketMs next_tick(matching::BucketMs now) const;
  template <class Act>
  double timed(Act&& act);

  const Population& population_;
  const Crowd& crowd_;
  const Terms& terms_;
  Policy& policy_;
  matching::BucketMs begin_;
  matching::BucketMs measured_from_;
  matching::BucketMs measured_until_;
  double busiest_ = 1;

  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t announced_ = 0;
  std::vector<UnitState> lives_;
  std::vector<Entry> entries_;  ///< indexed by ticket number
  std::size_t waiting_ = 0;
  std::size_t measured_waiting_ = 0;
  matching::BucketMs last_tick_ = 0;
  std::vector<MadeMatch> made_;
  FindTicket find_;
  RunRecord record_;
};

}  // namespace mm::simulator
