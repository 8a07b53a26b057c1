// Those around a ticket as a forecast sees them: who is surely there at a time, who perhaps, and who could be in a
// match with whom. Only who accepts whom and which sizes fill the teams; what the planner makes of it is not asked
// here.
//
// A set of tickets is feasible exactly if everyone in it accepts its lowest and its highest rating; so for each ticket
// as the lowest, one walk upwards finds whether there is one (growth.h has the same). Windows only grow and regions
// only open, so what is feasible stays so until somebody goes, and the first time is found by halving.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "services/matchmaker/core/fill.h"
#include "services/matchmaker/core/format.h"
#include "services/matchmaker/core/neighbourhood.h"

namespace mm::matchmaker {

/// When the pool is planned: first at `first`, then every `every`.
struct TickTimes {
  BucketMs first = 0;
  BucketMs every = 100;
};

class ForecastLine {
 public:
  /// In the neighbourhood's order, from `begin`.
  using Place = std::uint32_t;
  enum class Presence : std::uint8_t { sure, perhaps, gone };

  /// Those of the neighbourhood's tickets in [begin, end); the others are strangers, as are those that were not copied.
  ForecastLine(const Neighbourhood& around, const Format& format, std::size_t begin, std::size_t end);

  /// The first tick of the grid from `from` on, and not after `last`, at which somebody who is surely there could play.
  /// Nothing: none, or looking took more than `most_steps` (then out_of_steps()).
  std::optional<BucketMs> next_chance(BucketMs from, BucketMs last, BucketMs every, std::uint64_t most_steps);
  bool out_of_steps() const { return out_of_steps_; }

  /// The same for a match with this one, as if nobody went before. Too early if looking takes too long.
  std::optional<BucketMs> first_chance_of(Place place, BucketMs from, BucketMs last, BucketMs every,
                                          std::uint64_t most_steps);

  /// Tickets that could be matched with each other at a time, directly or by others, in the order of their places.
  struct Group {
    std::vector<Place> members;
    bool is_one_match = true;  ///< all of them are surely there, and they are the only feasible set
  };
  /// If looking takes more than `most_steps` in all: one of everybody who may play.
  std::vector<Group> groups_at(BucketMs at, std::uint64_t most_steps);
  /// Whether these could make a match at a time, without `without`.
  bool has_match(const std::vector<Place>& members, BucketMs at, bool only_sure, std::optional<Place> without);

  /// Whoever could meet somebody at a time who was not copied is there perhaps, from then on.
  void doubt_strangers_friends(BucketMs at);
  void doubt(Place place);
  void take_out(Place place) { members_[place].presence = Presence::gone; }

  std::size_t size() const { return members_.size(); }
  Presence presence(Place place) const { return members_[place].presence; }
  /// Whether it may be matched at a time (perhaps).
  bool may_play(Place place, BucketMs at) const;
  const Neighbour& neighbour(Place place) const { return around_.tickets[begin_ + place]; }
  /// Whether there are no strangers.
  bool whole() const { return whole_; }
  /// From when on it could meet a stranger.
  BucketMs meets_strangers(Place place) const { return members_[place].meets_strangers; }
  /// Whether at a time somebody who could be in a match with it could be in one with a stranger.
  bool strangers_near(Place place, BucketMs at);
  /// After this, no window grows and no region opens.
  BucketMs settled() const { return settled_; }
  /// The planner's island around a place (islands.h): everyone in [first, second) that may play; the others have no
  /// part in what is planned there.
  std::pair<Place, Place> island_of(Place place, BucketMs at);

  static constexpr BucketMs kNever = Window::kNever;
  /// Tickets walked past: some 4 ns each.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Member {
    Rating rating;
    std::uint8_t size;
    Presence presence = Presence::sure;
    BucketMs queued_at;
    BucketMs opens_at;  ///< kNever: never
    BucketMs deadline;
    BucketMs meets_strangers;
  };
  void find_bounds();
  BucketMs first_after(Place lowest, BucketMs at, BucketMs last, BucketMs every);
  Group everyone_at(BucketMs at) const;
  void look_at(BucketMs at);
  Rating window(Place place);
  void keep(Place place);
  void count(Place place);
  void keep_nobody();
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
  Fill fill_;
  std::vector<Member> members_;
  std::vector<BucketMs> not_before_;  ///< by lowest ticket: before then it has no chance
  BucketMs settled_ = 0;
  std::uint64_t steps_ = 0;
  bool out_of_steps_ = false;

  // One look.
  BucketMs at_ = 0;
  BucketMs expired_by_ = 0;  ///< whose deadline is reached by then is not there
  std::uint32_t look_ = 0;
  std::vector<Rating> windows_;
  std::vector<std::uint32_t> window_of_look_;
  std::vector<Place> kept_;
  Rating limit_ = 0;  ///< the highest rating that all of those kept accept
  int players_ = 0;
  int sure_ = 0;
  bool dropped_ = false;  ///< some have
  SizeCounts counts_, chosen_;
  std::vector<Place> roots_;
};

}  // namespace mm::matchmaker
