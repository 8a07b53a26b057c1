// The tickets around a ticket as the forecast sees them: which are certainly present at a given time, which may be
// present, and which could be in one match. It only checks who accepts whom and which party sizes fill the teams; it
// does not model what the planner prefers.
//
// A set of tickets is feasible exactly if each of them accepts the lowest and the highest rating in the set. So for
// each ticket as the lowest of a set, one walk upwards in rating finds whether a feasible set exists (seed_search.h
// uses the same walk). Windows only grow and regions only open, so a feasible set stays feasible until one of its
// tickets leaves. A binary search therefore finds the first time at which it is feasible.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "services/matchmaker/matching/explain/neighbourhood.h"
#include "services/matchmaker/matching/rules/format.h"
#include "services/matchmaker/matching/teams/team_filler.h"

namespace mm::matching {

/// The tick times of a pool, in milliseconds of bucket time: `first`, then one every `every`.
struct TickTimes {
  BucketMs first = 0;
  BucketMs every = 100;
};

class FeasibilityIndex {
 public:
  /// Index of a ticket in the neighbourhood's order, counted from `begin`.
  using Place = std::uint32_t;
  enum class Presence : std::uint8_t { sure, uncertain, gone };

  /// Contains the tickets [begin, end) of the neighbourhood. All others are called outsiders: the rest of the
  /// neighbourhood and the tickets that were not copied into it.
  FeasibilityIndex(const Neighbourhood& around, const Format& format, std::size_t begin, std::size_t end);

  /// The first tick at `from`, `from + every`, …, not after `last`, at which a certainly present ticket could be in a
  /// match. Empty if there is none, or if the search took more than `max_steps` (then out_of_steps() is true).
  std::optional<BucketMs> next_feasible_tick(BucketMs from, BucketMs last, BucketMs every, std::uint64_t max_steps);
  bool out_of_steps() const { return out_of_steps_; }

  /// The first tick at which a match with the ticket at `place` is possible, assuming that no ticket leaves before. If
  /// the search takes more than `max_steps`, the result may be too early.
  std::optional<BucketMs> first_chance_of(Place place, BucketMs from, BucketMs last, BucketMs every,
                                          std::uint64_t max_steps);

  /// Tickets that could be matched with each other at a given time, directly or through a chain of feasible sets.
  /// `members` is sorted.
  struct Group {
    std::vector<Place> members;
    bool is_one_match = true;  ///< they form the only feasible set, and all are certainly present
  };
  /// The groups at a time. If the search takes more than `max_steps` in all: one group of all tickets that may play.
  std::vector<Group> groups_at(BucketMs at, std::uint64_t max_steps);
  /// Whether some of `members` could form a match at a time, without the ticket `without`. `only_sure`: only certainly
  /// present tickets count.
  bool has_match(const std::vector<Place>& members, BucketMs at, bool only_sure, std::optional<Place> without);

  /// Makes the presence of each ticket that could meet an outsider at a time uncertain, from that time on.
  void mark_uncertain_near_outsiders(BucketMs at);
  void mark_uncertain(Place place);
  void remove(Place place) { members_[place].presence = Presence::gone; }

  std::size_t size() const { return members_.size(); }
  Presence presence(Place place) const { return members_[place].presence; }
  /// Whether the ticket may be matched at a time: it is not gone, its region is open, and its deadline is not reached.
  bool may_play(Place place, BucketMs at) const;
  const Neighbour& neighbour(Place place) const { return around_.tickets[begin_ + place]; }
  /// True if there are no outsiders.
  bool whole() const { return whole_; }
  /// The time from which the ticket's own window reaches an outsider.
  BucketMs meets_outsiders(Place place) const { return members_[place].meets_outsiders; }
  /// Whether, at a time, a ticket that accepts this one and is accepted by it could meet an outsider.
  bool outsiders_near(Place place, BucketMs at);
  /// After this time, no window grows and no region opens.
  BucketMs settled() const { return settled_; }
  /// The planner's island (islands.h) that contains a place, as a range [first, second). Only the tickets in it that
  /// may play take part in planning that island.
  std::pair<Place, Place> island_of(Place place, BucketMs at);

  static constexpr BucketMs kNever = Window::kNever;
  /// Work done so far, in tickets visited: about 4 ns each.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Member {
    Rating rating;
    std::uint8_t size;
    Presence presence = Presence::sure;
    BucketMs queued_at;
    BucketMs opens_at;  ///< kNever if the region never opens
    BucketMs deadline;
    BucketMs meets_outsiders;
  };
  void find_bounds();
  BucketMs first_after(Place lowest, BucketMs at, BucketMs last, BucketMs every);
  Group one_group_at(BucketMs at) const;
  void set_time(BucketMs at);
  Rating window(Place place);
  void keep(Place place);
  void count(Place place);
  void clear_counts();
  void rise_to(Rating rating);
  bool fills(Place lowest);
  template <class Seen>
  bool walk(Place lowest, const Seen& seen, Place with = 0);
  bool is_open(Place place) const;
  bool has_chance(Place lowest, BucketMs at);
  bool has_chance_with(Place place, BucketMs at);
  Place root_of(Place place);

  const Neighbourhood& around_;
  const Format& format_;
  std::size_t begin_;
  bool whole_;
  TeamFiller fill_;
  std::vector<Member> members_;
  std::vector<BucketMs> not_before_;  ///< by lowest ticket of a set: no feasible set exists before this time
  BucketMs settled_ = 0;
  std::uint64_t steps_ = 0;
  bool out_of_steps_ = false;

  // State of one evaluation at the time `at_`.
  BucketMs at_ = 0;
  BucketMs expired_by_ = 0;  ///< tickets with a deadline up to this time are absent
  std::uint32_t evaluation_ = 0;
  std::vector<Rating> windows_;
  std::vector<std::uint32_t> window_evaluation_;
  std::vector<Place> kept_;
  Rating limit_ = 0;  ///< the highest rating that all kept tickets accept
  int players_ = 0;
  int sure_ = 0;
  bool dropped_ = false;  ///< kept tickets have dropped out
  SizeCounts counts_, chosen_;
  std::vector<Place> roots_;
};

}  // namespace mm::matching
