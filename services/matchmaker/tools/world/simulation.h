// The simulation: a crowd lives its day, queues, plays and comes back; a policy makes its matches; virtual time jumps
// from one thing that happens to the next.
//
// Time is counted in milliseconds of the simulated day. Ticks stand on the grid of tick_ms, as the daemon's; those at
// which nothing can happen are left out (Policy::due). Nothing depends on the machine but the CPU time measured.
#pragma once

#include <functional>
#include <queue>
#include <vector>

#include "services/matchmaker/tools/policies/policy.h"
#include "services/matchmaker/tools/world/crowd.h"
#include "services/matchmaker/tools/world/population.h"
#include "services/matchmaker/tools/world/random.h"
#include "services/matchmaker/tools/world/records.h"

namespace mm::matchmaker::tools {

struct Progress {
  double done = 0;  ///< 0 to 1, of the virtual time
  std::size_t waiting = 0;
  std::uint64_t matches = 0;
};
/// Called every so many events.
using TellProgress = std::function<void(const Progress&)>;

class Simulation {
 public:
  /// All must outlive it. `terms` are those that the policy was made with.
  Simulation(const Population& population, const Crowd& crowd, const Terms& terms, Policy& policy);

  RunRecord run(const TellProgress& tell = {}) { return run_until(kNoEnd, tell); }
  /// The same, but ends at a time of the simulated day.
  static constexpr BucketMs kNoEnd = Policy::kNever;
  RunRecord run_until(BucketMs end, const TellProgress& tell = {});
  /// When the warm-up begins.
  BucketMs begin() const { return begin_; }

 private:
  enum class What : std::uint8_t { enters, gives_up, times_out };
  struct Event {
    BucketMs at;
    std::uint64_t order;  ///< of being announced: decides between events of one time
    What what;
    std::uint32_t who;  ///< enters: a unit; else a ticket
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  /// What a unit does besides waiting.
  struct Life {
    Random chance;
    int matches_left = 0;  ///< of its session
  };
  struct Entry {
    WaitingTicket ticket;
    std::uint32_t unit = 0;
    Ending ending = Ending::waiting;
    std::uint32_t record = 0;  ///< its place among the measured, if it is
    bool measured = false;
  };

  void announce(BucketMs at, What what, std::uint32_t who);
  void begin_lives();
  BucketMs next_session(Life& life, BucketMs now) const;
  double activity_at(BucketMs now) const;
  void happen(const Event& event);
  void enter(std::uint32_t unit, BucketMs now);
  void leave(TicketNumber number, Ending ending, BucketMs now);
  void after_session(std::uint32_t unit, BucketMs now);
  void tick(BucketMs now);
  void play(const MadeMatch& match, BucketMs now);
  void finish(Entry& entry, Ending ending, BucketMs now);
  const WaitingTicket* find_waiting(TicketNumber number) const;
  BucketMs next_tick(BucketMs now) const;
  template <class Act>
  double timed(Act&& act);

  const Population& population_;
  const Crowd& crowd_;
  const Terms& terms_;
  Policy& policy_;
  BucketMs begin_;
  BucketMs measured_from_;
  BucketMs measured_until_;
  double busiest_ = 1;

  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t announced_ = 0;
  std::vector<Life> lives_;
  std::vector<Entry> entries_;  ///< by ticket number
  std::size_t waiting_ = 0;
  std::size_t measured_waiting_ = 0;
  BucketMs last_tick_ = 0;
  std::vector<MadeMatch> made_;
  FindTicket find_;
  RunRecord record_;
};

}  // namespace mm::matchmaker::tools
