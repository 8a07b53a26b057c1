// A bucket's pool and what the planner remembers of it, with a tape running: whatever changes either goes through here,
// so that a recording has all of it. Without a tape it is just those two. The tick thread's, but for plan().
//
// To begin anew on a tape the tickets move into a fresh pool, in the order of their ratings, and what is remembered of
// them is forgotten: a replay does the same with the same tickets, and from there both go on alike. That costs one full
// plan, and those who have been passed over a little patience.
#pragma once

#include <string>

#include "services/matchmaker/core/memory.h"
#include "services/matchmaker/core/neighbourhood.h"
#include "services/matchmaker/core/plan.h"
#include "services/matchmaker/core/pool.h"
#include "services/matchmaker/recording/tape.h"

namespace mm::matchmaker::recording {

class TapedPool {
 public:
  /// What is planned: `known` is false for a bucket whose mode has left the mode table; its tickets only expire.
  struct Play {
    ModeRules rules;
    int team_size = 1;
    Region region;
    bool known = true;
  };
  /// `tape`: none, or one that lives longer. `name`: tenant:mode:region:team_size.
  TapedPool(std::string name, Play play, Tape* tape);
  ~TapedPool();
  TapedPool(const TapedPool&) = delete;
  TapedPool& operator=(const TapedPool&) = delete;

  Pool::Upserted upsert(const PoolTicket& ticket);
  /// False if it was not there.
  bool erase(TicketId id, Left why);
  void clear();
  /// The same tickets under other rules, planned wholly.
  void take_rules(const ModeRules& rules, bool known);

  // One tick in three steps, so that several buckets can be planned side by side:
  /// Begins anew on the tape, if that is due.
  void before_plan();
  /// Whom to match and who has expired. (Expired tickets stay until they are erased.) On any thread.
  TickPlan plan(BucketMs now, Workspace& workspace);
  /// Takes down what plan() has returned.
  void after_plan(BucketMs now, const TickPlan& plan);

  /// A copy of a ticket and its nearest. `now`: of the last plan.
  Neighbourhood around(Slot slot, BucketMs now) const { return look_around(pool_, now, memory_, slot); }

  const Pool& pool() const { return pool_; }
  const Memory& memory() const { return memory_; }
  const ModeRules& rules() const { return play_.rules; }
  bool known() const { return play_.known; }

 private:
  enum class Last { nothing, planned, timed };
  bool taped() const { return tape_ != nullptr && tape_->on(track_); }
  /// Others may have looked at the line since our last step.
  void note_looks();
  void begin_if_empty();
  void begin_anew(bool on_tape);
  void begin_fresh(bool on_tape);

  const std::string name_;
  Play play_;
  Pool pool_;
  Memory memory_;
  Tape* tape_;
  Tape::Track track_;
  std::uint64_t settlings_seen_ = 0;
  Last last_ = Last::nothing;  ///< what plan() did
};

}  // namespace mm::matchmaker::recording
