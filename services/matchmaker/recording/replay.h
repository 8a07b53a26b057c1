// Replays a recording: gives the same core the same inputs at the same times, and compares its matches with the
// recorded ones. A difference is reported, and the replay goes on with what was recorded. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/recording/event.h"
#include "services/matchmaker/recording/recorded_pool.h"

namespace mm::matchmaker::recording {

/// A plan that differs from the recorded one.
struct Difference {
  TimePoint at{};
  std::string bucket;
  std::string what;
};

struct ReplayCounts {
  std::uint64_t ticks = 0;
  std::uint64_t buckets = 0;  ///< begun events
  std::uint64_t plans = 0;
  std::uint64_t puts = 0;
  std::uint64_t players = 0;  ///< in tickets put
  std::uint64_t left[kLeaveReasons] = {};
  std::uint64_t matches = 0;
  std::uint64_t matched_players = 0;
  std::uint64_t gaps = 0;
  std::uint64_t differences = 0;
  TimePoint first{};
  TimePoint last{};
};

class Replayer {
 public:
  /// Returns false if the event is impossible after those before (failure() says why); no further event can be played.
  bool play(const Event& event);
  const std::string& failure() const { return failure_; }

  /// Calls `visit(name, pool, now)` for each bucket in its present state; `now`: of its last plan.
  template <class Visit>
  void each_bucket(Visit&& visit) const {
    for (const auto& [number, bucket] : buckets_) visit(bucket.name, std::as_const(*bucket.pool), bucket.now);
  }

  const ReplayCounts& counts() const { return counts_; }
  /// The first differences; at most 100 are kept.
  const std::vector<Difference>& differences() const { return differences_; }

 private:
  struct Bucket {
    std::string name;
    std::unique_ptr<RecordedPool> pool;
    std::vector<TicketId> in_slot;  ///< the tickets by slot of the recorded pool
    matching::BucketMs now = 0;     ///< of the last plan
  };
  bool begin(const Event& event);
  bool put(Bucket& bucket, const Event& event);
  bool leave(Bucket& bucket, const Event& event);
  void plan(Bucket& bucket, const Event& event);
  std::string difference(const Bucket& bucket, const Event& event, const matching::TickPlan& plan) const;
  std::string in_match(const Bucket& bucket, const Event& event, const matching::TickPlan& plan, std::size_t i) const;
  bool is(const Bucket& bucket, matching::Slot recorded, matching::Slot planned) const;
  bool refuse(std::string why);

  std::map<std::uint32_t, Bucket> buckets_;
  matching::Workspace workspace_;
  ReplayCounts counts_;
  std::vector<Difference> differences_;
  std::string failure_;
};

/// Replays a whole file. `failure`: what is damaged and where; everything before it was replayed. `unfinished`: the
/// writer has not ended the file.
struct FileReplay {
  ReplayCounts counts;
  std::vector<Difference> differences;
  std::string failure;
  bool unfinished = false;
};
FileReplay replay_file(const std::string& path);

}  // namespace mm::matchmaker::recording
