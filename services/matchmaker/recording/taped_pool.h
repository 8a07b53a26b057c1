// A bucket's pool and the planner's memory of it. All changes of either go through this class, so that a tape can
// record them. The tape is optional. Tick thread only, except for plan().
//
// To begin anew on a tape, the tickets move into a fresh pool, in the order of their ratings, and the memory is
// cleared. A replay does the same with the same tickets, so both continue alike. This costs one full plan, and tickets
// that were passed over lose the priority they had gained.
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
  /// How the bucket is planned. `known` is false if its mode was removed from the mode table: its tickets only expire.
  struct Play {
    ModeRules rules;
    int team_size = 1;
    Region region;
    bool known = true;
  };
  /// `tape`: may be null; else it must outlive the pool. `name`: tenant:mode:region:team_size.
  TapedPool(std::string name, Play play, Tape* tape);
  ~TapedPool();
  TapedPool(const TapedPool&) = delete;
  TapedPool& operator=(const TapedPool&) = delete;

  Pool::Upserted upsert(const PoolTicket& ticket);
  /// Returns false if the ticket was not in the pool.
  bool erase(TicketId id, Left why);
  void clear();
  /// Applies other rules to the same tickets; the next tick plans all of them.
  void take_rules(const ModeRules& rules, bool known);

  // One tick in three steps, so that several buckets can be planned in parallel:
  /// Begins anew on the tape, if that is due.
  void before_plan();
  /// Returns the matches and the expired tickets. (Expired tickets stay until they are erased.) Any thread.
  TickPlan plan(BucketMs now, Workspace& workspace);
  /// Records the result of plan().
  void after_plan(BucketMs now, const TickPlan& plan);

  /// A copy of a ticket and its nearest tickets. `now`: of the last plan.
  Neighbourhood around(Slot slot, BucketMs now) const { return look_around(pool_, now, memory_, slot); }

  const Pool& pool() const { return pool_; }
  const Memory& memory() const { return memory_; }
  const ModeRules& rules() const { return play_.rules; }
  bool known() const { return play_.known; }

 private:
  enum class Last { nothing, planned, timed };
  bool taped() const { return tape_ != nullptr && tape_->on(track_); }
  /// Records a `looked` event if the sorted list was read by others since our last step.
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
