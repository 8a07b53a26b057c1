// Encodes what happens to the planner's pools as a stream of bytes (event.h). Used by the tick thread only. An event
// costs some nanoseconds and never waits: full pieces are handed to the `Sink` callback, between two events.
//
// A recording can only be replayed from an initial state: an empty pool with no memory. When the stream cannot be
// continued (a new file, or a gap), the encoder opens a new generation, and every bucket is written anew into it
// (RecordedPool). Only some buckets are written per tick, so that no tick becomes much longer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/recording/event.h"

namespace mm::matchmaker::recording {

class EventEncoder {
 public:
  /// Receives a piece of the recording: whole events, some hundred kilobytes.
  using Sink = std::function<void(std::string&& piece)>;
  explicit EventEncoder(Sink sink) : sink_(std::move(sink)) {}

  /// Starts a new generation: every bucket has to begin anew. Bytes that are still buffered are handed on first.
  void open();
  /// Records nothing until open(). Bytes that were not yet handed on are lost.
  void stop();
  bool running() const { return generation_ != 0; }

  /// Writes the start of a tick.
  void tick(TimePoint wall);
  /// Writes that nothing was recorded between the two times.
  void gap(TimePoint from, TimePoint until);
  /// Hands on the buffered bytes, however few.
  void flush();

  /// The encoder's state of one bucket. Events of a bucket that is not in the current generation must not be written.
  struct Track {
    std::uint32_t bucket = 0;
    std::uint64_t generation = 0;  ///< the generation in which the bucket began; 0: none
    matching::BucketMs now = 0;
    std::int64_t change = 0;
  };
  bool on(const Track& track) const { return running() && track.generation == generation_; }
  /// Whether a bucket with `tickets` may begin in this tick: the first one always may, others up to a limit of tickets.
  bool may_begin(std::size_t tickets);

  void begin(Track& track, std::string_view name, const ModeRules& rules, bool known);
  void put(Track& track, matching::Slot slot, const matching::PoolTicket& ticket);
  void left(Track& track, matching::Slot slot, LeaveReason why);
  void sorted(Track& track);
  void planned(Track& track, matching::BucketMs now, const matching::TickPlan& plan);
  void timed(Track& track, matching::BucketMs now, const std::vector<matching::Slot>& expired);
  void end(Track& track);

 private:
  void start(Kind kind, const Track& track);
  void put_now(Track& track, matching::BucketMs now);
  void put_expired(const std::vector<matching::Slot>& expired);
  void close();

  Sink sink_;
  std::string bytes_;
  std::uint64_t generation_ = 0;
  std::uint64_t generations_ = 0;
  std::uint32_t buckets_ = 0;
  std::size_t begun_tickets_ = 0;  ///< by buckets begun in this tick
};

}  // namespace mm::matchmaker::recording
