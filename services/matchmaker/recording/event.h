// What a recording tells, one event after the other: everything that was done to the planner's pools, and what came of
// it. README.md has their bytes.
//
// Tickets are named by the slot they had in the recorded pool, which is short; a reader keeps who has which slot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/ticket.h"
#include "services/matchmaker/core/waiter.h"
#include "services/matchmaker/recording/bytes.h"

namespace mm::matchmaker::recording {

/// Why a ticket left its pool.
enum class Left : std::uint8_t { committed, cancelled, timed_out, matched_elsewhere, refused, missing };
inline constexpr int kWaysToLeave = 6;
std::string_view name_of(Left why);

enum class Kind : std::uint8_t {
  tick = 1,     ///< a tick begins: wall
  begun = 2,    ///< a bucket with an empty pool and nothing remembered: name, known, rules
  put = 3,      ///< into the pool, new or in the place of the same ticket: slot, ticket
  left = 4,     ///< out of the pool: slot, why
  looked = 5,   ///< somebody looked at the sorted line between two plans (slots of who left become free)
  planned = 6,  ///< plan(): now, matches, seats, expired
  timed = 7,    ///< not planned (too few players, or no such mode): now, expired
  ended = 8,    ///< the bucket is another instance's, or forgotten
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
  Slot slot = 0;
  std::uint32_t team = 0;
};

/// One event; only what its kind names is of this event, the rest is left from those before.
struct Event {
  Kind kind = Kind::tick;
  std::uint32_t bucket = 0;  ///< of all but tick and gap: numbers that begun events give out
  TimePoint wall{};
  TimePoint until{};
  std::string name;  ///< tenant:mode:region:team_size
  bool known = true;
  ModeRules rules;
  Slot slot = 0;
  PoolTicket ticket;
  Left why = Left::committed;
  BucketMs now = 0;
  std::vector<RecordedMatch> matches;
  std::vector<RecordedSeat> seats;
  std::vector<Slot> expired;
};

/// Reads the events of one recording, block by block.
class EventReader {
 public:
  /// False: the block has ended, or is none of ours (then failure() says why, and what came before it is good).
  bool next(ByteReader& block, Event& event);
  const std::string& failure() const { return failure_; }

 private:
  /// What later events are told in differences to.
  struct Known {
    BucketMs now = 0;
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
