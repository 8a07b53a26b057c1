// The tickets that wait in one bucket, sorted for the planner. Insert and erase are cheap (a hash lookup and an
// append). The sorted list is updated when it is read, at a cost proportional to what has changed.
//
// Planning reads 16 bytes per ticket, in rating order (Waiter, SortedWaiters). Everything else (ids, players,
// deadlines, attempts) is stored in separate records, which are read by slot and only for a match, an expiry or the
// daemon. The memory per solo ticket is in docs/MATCHING.md.
//
// Threads: one thread owns a pool. The sorted list is a cache, so even const functions are not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/pool/arrivals.h"
#include "services/matchmaker/matching/pool/paged.h"
#include "services/matchmaker/matching/pool/slot_index.h"
#include "services/matchmaker/matching/pool/sorted_waiters.h"
#include "services/matchmaker/matching/ticket/rating.h"
#include "services/matchmaker/matching/ticket/ticket.h"
#include "services/matchmaker/matching/ticket/waiter.h"

namespace mm::matching {

class Pool {
 public:
  enum class Upserted { added, replaced, ignored };

  /// `team_size`: players per team. `region`: where this bucket's matches are played.
  Pool(const ModeRules& rules, int team_size, Region region);

  /// Adds a ticket, or replaces the ticket with the same id (its slot changes). `ignored`: the ticket is not newer than
  /// the one in the pool, or it has no players, or more than a team takes.
  Upserted upsert(const PoolTicket& ticket);
  /// False if the ticket is not in the pool.
  bool erase(TicketId id);
  void clear();

  std::size_t size() const { return index_.size(); }
  bool empty() const { return size() == 0; }
  /// The number of players in all tickets.
  std::size_t players() const { return players_; }
  bool contains(TicketId id) const { return slot_of(id).has_value(); }
  std::optional<PoolTicket> find(TicketId id) const;
  std::optional<Slot> slot_of(TicketId id) const;
  /// The longest-waiting ticket; of equals the one with the smaller id. Takes time linear in the size of the pool.
  std::optional<PoolTicket> oldest() const;
  /// Calls `visit(const PoolTicket&)` for each ticket, by rating.
  template <class Visit>
  void for_each(Visit&& visit) const {
    sorted().for_each([&](const Waiter& waiter) { visit(ticket(waiter.slot)); });
  }

  // Access by slot, which is how plans name tickets. The slot must be in use.
  PoolTicket ticket(Slot slot) const;
  const TicketId& id(Slot slot) const { return records_[slot].id; }
  int attempt(Slot slot) const { return records_[slot].attempt; }
  std::int64_t change(Slot slot) const { return records_[slot].change; }
  BucketMs queued_at(Slot slot) const { return records_[slot].queued_at; }
  /// The number of players of the ticket.
  int size_of(Slot slot) const { return uses_[slot].size; }
  BucketMs deadline(Slot slot) const { return records_[slot].deadline; }
  /// The time from which the ticket may play in this region; empty if it never may.
  std::optional<BucketMs> opens_at(Slot slot) const;

  // Used by the planner:
  /// All tickets, sorted by rating, then age, then a hash of the id, so that the order of insertion does not matter.
  const SortedWaiters& sorted() const;
  Rating rating(Slot slot) const { return rating_of_members(slot); }
  /// The number of tickets with `size` players (1 to team_size).
  std::size_t tickets_of(int size) const { return of_size_[static_cast<std::size_t>(size)]; }
  /// The number of tickets ever added.
  std::uint64_t arrivals() const { return journal_begin_ + journal_.size(); }
  /// The slots of the tickets added after the first `known` ones. Some may be free again, or listed twice. Empty if the
  /// journal does not reach back that far.
  std::optional<std::span<const Slot>> arrived_since(std::uint64_t known) const;
  /// Prefetches what rating() and queued_at() read.
  void fetch(Slot slot) const {
    __builtin_prefetch(&uses_[slot]);
    __builtin_prefetch(&records_[slot].queued_at);
  }
  bool in_use(Slot slot) const { return uses_[slot].size > 0; }
  /// Waiter::use without the top bit.
  std::uint8_t use(Slot slot) const { return uses_[slot].count; }
  /// The time from which Waiter::queued is counted.
  BucketMs epoch() const { return epoch_; }
  /// The size of a table indexed by slot.
  std::size_t slots() const { return records_.size(); }
  /// The tickets whose deadline is reached, sorted by id.
  std::vector<Slot> expired(BucketMs now) const;
  /// How often the sorted list was updated. An update makes the slots of erased tickets available again.
  std::uint64_t updates() const { return updates_; }

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
    std::uint32_t members = 0;  ///< index of its first member in members_
    std::int32_t attempt = 0;
  };
  /// Kept apart from the record, so that in_use() reads only two bytes per slot.
  struct Use {
    std::uint8_t size = 0;   ///< 0: the slot is free
    std::uint8_t count = 0;  ///< number of uses so far, modulo 128
  };

  auto id_of() const {
    return [this](Slot slot) -> const TicketId& { return records_[slot].id; };
  }
  bool is_erased(const Waiter& waiter) const { return is_erased_[waiter.slot]; }
  static bool is_newer(const Record& held, const PoolTicket& offered);
  void note_deadline(Slot slot);
  Slot take_slot();
  void release(Slot slot);
  std::uint32_t store_members(const std::vector<TicketPlayer>& players);
  Rating rating_of_members(Slot slot) const;
  void note_arrival(Slot slot);
  void move_epoch_near(BucketMs queued_at);
  bool sorts_before(const Waiter& a, const Waiter& b) const {
    return a.rating != b.rating ? a.rating < b.rating : precedes_equal(a, b);
  }
  bool precedes_equal(const Waiter& a, const Waiter& b) const;
  void apply_changes() const;
  void apply_changes_if_many() const;
  void free_erased_slots() const;

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
  std::unordered_map<Slot, PartyId> parties_;             ///< only tickets of a party
  std::unordered_map<Slot, Latencies> latencies_;         ///< only tickets with latencies
  std::vector<std::size_t> of_size_;                      ///< number of tickets, by size
  /// Slots by the second of their deadline; may contain slots of tickets that are gone.
  mutable std::map<std::int64_t, std::vector<Slot>> deadlines_;
  std::size_t deadlines_noted_ = 0;

  std::vector<Slot> journal_;  ///< recent arrivals, in order
  std::uint64_t journal_begin_ = 0;

  // The sorted list and the changes not yet applied to it. A slot becomes free only when its ticket leaves the list.
  mutable SortedWaiters sorted_;
  mutable std::vector<PendingWaiter> pending_;
  mutable std::vector<Slot> erased_;
  mutable std::vector<Rating> erased_ratings_;
  mutable std::vector<bool> is_erased_;  ///< by slot
  mutable std::vector<Slot> free_slots_;
  mutable std::uint64_t updates_ = 0;
};

}  // namespace mm::matching
