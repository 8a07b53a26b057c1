// A bucket's pool and the planner's memory of it. All changes of either go through this class, so that an encoder can
// record them. The encoder is optional. Tick thread only, except for plan().
//
// To begin anew on an encoder, the tickets move into a fresh pool, in the order of their ratings, and the memory is
// cleared. A replay does the same with the same tickets, so both continue alike. This costs one full plan, and tickets
// that were passed over lose the priority they had gained.
#pragma once

#include <string>

#include "services/matchmaker/matching/explain/neighbourhood.h"
#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/matching/search/planner_memory.h"
#include "services/matchmaker/recording/event_encoder.h"

namespace mm::matchmaker::recording {

class RecordedPool {
 public:
  /// How the bucket is planned. `known` is false if its mode was removed from the mode table: its tickets only expire.
  struct Setup {
    ModeRules rules;
    int team_size = 1;
    Region region;
    bool known = true;
  };
  /// `encoder`: may be null; else it must outlive the pool. `name`: tenant:mode:region:team_size.
  RecordedPool(std::string name, Setup setup, EventEncoder* encoder);
  ~RecordedPool();
  RecordedPool(const RecordedPool&) = delete;
  RecordedPool& operator=(const RecordedPool&) = delete;

  matching::Pool::Upserted upsert(const matching::PoolTicket& ticket);
  /// Returns false if the ticket was not in the pool.
  bool erase(TicketId id, LeaveReason why);
  void clear();
  /// Applies other rules to the same tickets; the next tick plans all of them.
  void set_rules(const ModeRules& rules, bool known);

  // One tick in three steps, so that several buckets can be planned in parallel:
  /// Begins anew on the encoder, if that is due.
  void before_plan();
  /// Returns the matches and the expired tickets. (Expired tickets stay until they are erased.) Any thread.
  matching::TickPlan plan(matching::BucketMs now, matching::Workspace& workspace);
  /// Records the result of plan().
  void after_plan(matching::BucketMs now, const matching::TickPlan& plan);

  /// A copy of a ticket and its nearest tickets. `now`: of the last plan.
  matching::Neighbourhood around(matching::Slot slot, matching::BucketMs now) const {
    return matching::copy_neighbourhood(pool_, now, memory_, slot);
  }

  const matching::Pool& pool() const { return pool_; }
  const matching::PlannerMemory& memory() const { return memory_; }
  const ModeRules& rules() const { return setup_.rules; }
  bool known() const { return setup_.known; }

 private:
  enum class Last { nothing, planned, timed };
  bool is_recorded() const { return encoder_ != nullptr && encoder_->on(track_); }
  /// Records a `sorted` event if the sorted list was read by others since our last step.
  void note_sorts();
  void begin_if_empty();
  void begin_anew(bool recorded);
  void begin_fresh(bool recorded);

  const std::string name_;
  Setup setup_;
  matching::Pool pool_;
  matching::PlannerMemory memory_;
  EventEncoder* encoder_;
  EventEncoder::Track track_;
  std::uint64_t updates_seen_ = 0;
  Last last_ = Last::nothing;  ///< what plan() did
};

}  // namespace mm::matchmaker::recording
