// The tickets that wait in one bucket, kept sorted for the planner. Inserts and erases are cheap (a hash and an
// append); the sorted line is brought up to date when somebody looks at it, at the cost of what has changed.
//
// What planning reads is 16 bytes a ticket, in rating order (Waiter, SortedLine). Everything else (ids, players,
// deadlines, attempts) stands aside in records that only a match, an expiry or the daemon looks up, by slot. What a
// solo ticket takes in all: see docs/MATCHING.md.
//
// Thread rule: one thread owns a pool. The sorted line is a cache, so even const functions are not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/arrivals.h"
#include "services/matchmaker/core/paged.h"
#include "services/matchmaker/core/rating.h"
#include "services/matchmaker/core/slot_index.h"
#include "services/matchmaker/core/sorted_line.h"
#include "services/matchmaker/core/ticket.h"
#include "services/matchmaker/core/waiter.h"

namespace mm::matchmaker {

class Pool {
 public:
  enum class Upserted { added, replaced, ignored };

  /// `team_size` players a team; `region` is where this bucket's matches are played.
  Pool(const ModeRules& rules, int team_size, Region region);

  /// Adds a ticket, or replaces the one of the same id (its slot changes). Ignored: it tells no more than what is
  /// held (an older change, or the same once more), or it has no players or more than a team takes.
  Upserted upsert(const PoolTicket& ticket);
  /// False if it was not there.
  bool erase(TicketId id);
  void clear();

  std::size_t size() const { return index_.size(); }
  bool empty() const { return size() == 0; }
  /// Players in all tickets.
  std::size_t players() const { return players_; }
  bool contains(TicketId id) const { return slot_of(id).has_value(); }
  std::optional<PoolTicket> find(TicketId id) const;
  std::optional<Slot> slot_of(TicketId id) const;
  /// The longest-waiting ticket (of equals the smaller id). Linear in the pool.
  std::optional<PoolTicket> oldest() const;
  /// `visit(const PoolTicket&)` for each, by rating.
  template <class Visit>
  void for_each(Visit&& visit) const {
    line().for_each([&](const Waiter& waiter) { visit(ticket(waiter.slot)); });
  }

  // By slot, as plans name tickets. The slot must be in use.
  PoolTicket ticket(Slot slot) const;
  const TicketId& id(Slot slot) const { return records_[slot].id; }
  int attempt(Slot slot) const { return records_[slot].attempt; }
  std::int64_t change(Slot slot) const { return records_[slot].change; }
  BucketMs queued_at(Slot slot) const { return records_[slot].queued_at; }
  /// Its players.
  int size_of(Slot slot) const { return uses_[slot].size; }
  BucketMs deadline(Slot slot) const { return records_[slot].deadline; }
  /// From when the ticket may play in this region; nothing if never.
  std::optional<BucketMs> opens_at(Slot slot) const;

  // For the planner.
  /// Every ticket, sorted by rating, then age, then a hash of the id: the same for any order of insertion.
  const SortedLine& line() const;
  Rating rating(Slot slot) const { return rating_of_members(slot); }
  /// How many tickets of a size there are (1 to team_size).
  std::size_t tickets_of(int size) const { return of_size_[static_cast<std::size_t>(size)]; }
  /// How many tickets have ever been put in.
  std::uint64_t arrivals() const { return journal_begin_ + journal_.size(); }
  /// The slots of those that came after the first `known` ones; some may have gone again, or been used twice. Nothing
  /// if that is longer ago than the pool remembers.
  std::optional<std::span<const Slot>> arrived_since(std::uint64_t known) const;
  /// Calls what rating() and queued_at() read into the cache.
  void fetch(Slot slot) const {
    __builtin_prefetch(&uses_[slot]);
    __builtin_prefetch(&records_[slot].queued_at);
  }
  bool in_use(Slot slot) const { return uses_[slot].size > 0; }
  /// As in Waiter::use, without the top bit.
  std::uint8_t use(Slot slot) const { return uses_[slot].count; }
  /// What Waiter::queued counts from.
  BucketMs epoch() const { return epoch_; }
  /// How large a table indexed by slots must be.
  std::size_t slots() const { return records_.size(); }
  /// Tickets whose deadline is reached.
  std::vector<Slot> expired(BucketMs now) const;
  /// How often the line was brought up to date: from then on the slots of those who had left are given out again.
  std::uint64_t settlings() const { return settlings_; }

  const ModeRules& rules() const { return rules_; }
  int team_size() const { return team_size_; }
  const Region& region() const { return region_; }

 private:
  struct Member {
    PlayerId player_id;
    std::int32_t mmr_hundredths = 0;
    std::int32_t deviation_hundredths = 0;
  };
  struct Record {
    TicketId id;
    std::int64_t change = 0;
    BucketMs queued_at = 0;
    BucketMs deadline = 0;
    std::uint32_t members = 0;  ///< where its members begin
    std::int32_t attempt = 0;
  };
  /// Apart from the record, so that this much is one look at one byte pair for any slot.
  struct Use {
    std::uint8_t size = 0;   ///< 0: the slot is free
    std::uint8_t count = 0;  ///< uses so far, modulo 128
  };

  auto id_of() const {
    return [this](Slot slot) -> const TicketId& { return records_[slot].id; };
  }
  bool is_left(const Waiter& waiter) const { return is_left_[waiter.slot]; }
  static bool tells_more(const Record& held, const PoolTicket& offered);
  void note_deadline(Slot slot);
  Slot take_slot();
  void release(Slot slot);
  std::uint32_t store_members(const std::vector<TicketPlayer>& players);
  Rating rating_of_members(Slot slot) const;
  void note_arrival(Slot slot);
  void move_epoch_near(BucketMs queued_at);
  bool stands_before(const Waiter& a, const Waiter& b) const {
    return a.rating != b.rating ? a.rating < b.rating : stands_before_its_equal(a, b);
  }
  bool stands_before_its_equal(const Waiter& a, const Waiter& b) const;
  void settle() const;
  void settle_if_much() const;
  void let_go_of_left() const;

  ModeRules rules_;
  int team_size_;
  Region region_;
  std::size_t players_ = 0;
  BucketMs epoch_ = 0;

  Paged<Record> records_;
  Paged<Member> members_;
  std::vector<Use> uses_;  ///< by slot
  SlotIndex index_;
  std::vector<std::vector<std::uint32_t>> free_members_;  ///< by party size
  std::unordered_map<Slot, PartyId> parties_;             ///< only of tickets that are some's
  std::unordered_map<Slot, Latencies> latencies_;         ///< only of tickets that have some
  std::vector<std::size_t> of_size_;                      ///< tickets, by size
  /// By second; may name slots of tickets that are gone.
  mutable std::map<std::int64_t, std::vector<Slot>> deadlines_;
  std::size_t deadlines_noted_ = 0;

  std::vector<Slot> journal_;  ///< who came lately, in that order
  std::uint64_t journal_begin_ = 0;

  // The line and what is not yet in it. A slot is free again only after the line has let it go.
  mutable SortedLine line_;
  mutable std::vector<Arrival> arrived_;
  mutable std::vector<Slot> left_;
  mutable std::vector<Rating> left_ratings_;
  mutable std::vector<bool> is_left_;  ///< by slot
  mutable std::vector<Slot> free_slots_;
  mutable std::uint64_t settlings_ = 0;
};

}  // namespace mm::matchmaker
