// The events of a recording: everything that was done to the planner's pools, and what the planner returned. README.md
// describes their encoding.
//
// Events name a ticket by its slot in the recorded pool, which is short; a reader keeps which ticket has which slot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/ticket/ticket.h"
#include "services/matchmaker/matching/ticket/waiter.h"
#include "services/matchmaker/recording/bytes.h"

namespace mm::matchmaker::recording {

/// Why a ticket left its pool.
enum class LeaveReason : std::uint8_t { committed, cancelled, timed_out, matched_elsewhere, refused, missing };
inline constexpr int kLeaveReasons = 6;
std::string_view name_of(LeaveReason why);

enum class Kind : std::uint8_t {
  tick = 1,     ///< a tick begins: wall
  begun = 2,    ///< a bucket begins, with an empty pool and empty memory: name, known, rules
  put = 3,      ///< a ticket enters the pool, or replaces the same ticket: slot, ticket
  left = 4,     ///< a ticket leaves the pool: slot, why
  sorted = 5,   ///< the sorted list was read between two plans, which frees the slots of tickets that left
  planned = 6,  ///< plan(): now, matches, seats, expired
  timed = 7,    ///< not planned (too few players, or unknown mode), only expired: now, expired
  ended = 8,    ///< the bucket was handed to another instance, or retired
  gap = 9,      ///< nothing was recorded from wall to until; every bucket begins anew after it
};

struct RecordedMatch {
  double quality = 0;
  double spread = 0;
  double advantage = 0;
  std::uint32_t first_seat = 0;
  std::uint32_t seats = 0;
};

struct RecordedSeat {
  matching::Slot slot = 0;
  std::uint32_t team = 0;
};

/// One event. Only the fields that belong to its kind are valid; the others keep values of earlier events.
struct Event {
  Kind kind = Kind::tick;
  std::uint32_t bucket = 0;  ///< for all kinds but tick and gap; numbers are assigned by begun events
  TimePoint wall{};
  TimePoint until{};
  std::string name;  ///< tenant:mode:region:team_size
  bool known = true;
  ModeRules rules;
  matching::Slot slot = 0;
  matching::PoolTicket ticket;
  LeaveReason why = LeaveReason::committed;
  matching::BucketMs now = 0;
  std::vector<RecordedMatch> matches;
  std::vector<RecordedSeat> seats;
  std::vector<matching::Slot> expired;
};

/// Reads the events of one recording, block by block.
class EventReader {
 public:
  /// Returns false at the end of the block, or if an event is invalid. Then failure() says why; earlier events are
  /// good.
  bool next(ByteReader& block, Event& event);
  const std::string& failure() const { return failure_; }

 private:
  /// The last values in a bucket, to which later events are encoded as differences.
  struct Known {
    matching::BucketMs now = 0;
    std::int64_t change = 0;
  };
  bool refuse(std::string why);
  bool read(ByteReader& block, Event& event);
  bool read_begun(ByteReader& block, Event& event);
  bool read_put(ByteReader& block, Event& event, Known& known);
  bool read_planned(ByteReader& block, Event& event, Known& known);
  void read_expired(ByteReader& block, Event& event);
  Known* known(std::uint32_t bucket);

  std::map<std::uint32_t, Known> known_;
  std::string failure_;
};

}  // namespace mm::matchmaker::recording
