#include "services/matchmaker/matching/explain/feasibility_index.h"

#include <algorithm>
#include <utility>

namespace mm::matching {
namespace {

constexpr FeasibilityIndex::Place kNoPlace = 0xFFFF'FFFF;
/// Array entries scanned in the time of one step.
constexpr std::size_t kScanned = 8;

}  // namespace

FeasibilityIndex::FeasibilityIndex(const Neighbourhood& around, const Format& format, std::size_t begin,
                                   std::size_t end)
    : around_(around),
      format_(format),
      begin_(begin),
      fill_(format.teams, format.team_size),
      windows_(end - begin),
      window_evaluation_(end - begin, 0),
      counts_(static_cast<std::size_t>(format.team_size) + 1) {
  constexpr BucketMs kLong = 1LL << 40;
  const BucketMs full = format.window.reaches(format.window.at(kLong));
  const auto& all = around.tickets;
  const auto beyond_low = begin > 0 ? all[begin - 1].rating : around.beyond_low;
  const auto beyond_high = end < all.size() ? all[end].rating : around.beyond_high;
  whole_ = !beyond_low && !beyond_high;
  members_.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const Neighbour& neighbour = all[i];
    const PoolTicket& ticket = neighbour.ticket;
    const auto meets = [&](std::optional<Rating> beyond) {
      if (!beyond) return kNever;
      const BucketMs after = format.window.reaches(std::abs(*beyond - neighbour.rating));
      return after == Window::kNever ? kNever : ticket.queued_at + after;
    };
    members_.push_back({neighbour.rating, static_cast<std::uint8_t>(ticket.players.size()), Presence::sure,
                        ticket.queued_at, neighbour.opens_at.value_or(kNever), ticket.deadline,
                        std::min(meets(beyond_low), meets(beyond_high))});
    settled_ = std::max(settled_, ticket.queued_at + full);
    if (neighbour.opens_at) settled_ = std::max(settled_, *neighbour.opens_at);
  }
}

bool FeasibilityIndex::may_play(Place place, BucketMs at) const {
  const Member& member = members_[place];
  return member.presence != Presence::gone && member.opens_at <= at && member.deadline > at;
}

bool FeasibilityIndex::is_open(Place place) const {
  const Member& member = members_[place];
  return member.presence != Presence::gone && member.opens_at <= at_ && member.deadline > expired_by_;
}

void FeasibilityIndex::mark_uncertain(Place place) {
  if (members_[place].presence == Presence::sure) members_[place].presence = Presence::uncertain;
}

void FeasibilityIndex::mark_uncertain_near_outsiders(BucketMs at) {
  for (Place i = 0; i < members_.size(); ++i) {
    if (members_[i].meets_outsiders <= at) mark_uncertain(i);
  }
}

// Evaluates the ticket with the earliest lower bound first. A ticket that leaves or becomes uncertain only removes
// feasible sets, so a lower bound stays valid.
std::optional<BucketMs> FeasibilityIndex::next_feasible_tick(BucketMs from, BucketMs last, BucketMs every,
                                                             std::uint64_t max_steps) {
  out_of_steps_ = false;
  if (not_before_.empty()) find_bounds();
  for (;;) {
    steps_ += members_.size() / kScanned;
    const auto lowest =
        static_cast<Place>(std::min_element(not_before_.begin(), not_before_.end()) - not_before_.begin());
    const BucketMs bound = not_before_[lowest];
    const BucketMs at = bound <= from ? from : from + (bound - from + every - 1) / every * every;
    if (bound == kNever || at > last) return std::nullopt;
    if (steps_ > max_steps) {
      out_of_steps_ = true;
      return std::nullopt;
    }
    expired_by_ = at;
    if (has_chance(lowest, at)) return at;
    not_before_[lowest] = first_after(lowest, at, last, every);
  }
}

/// The first tick after `at` with a feasible set above `lowest`, given that there is none at `at`; ignores deadlines
/// that are reached in between.
BucketMs FeasibilityIndex::first_after(Place lowest, BucketMs at, BucketMs last, BucketMs every) {
  const BucketMs end = last - (last - at) % every;
  if (!has_chance(lowest, end)) return end + every;
  BucketMs low = at + every, high = end;
  while (low < high) {
    const BucketMs middle = low + (high - low) / every / 2 * every;
    if (has_chance(lowest, middle)) high = middle;
    else low = middle + every;
  }
  return low;
}

// Lower bounds: no set above a ticket is feasible before as many players as a match takes accept the ticket and are
// accepted by it.
void FeasibilityIndex::find_bounds() {
  not_before_.resize(members_.size());
  std::vector<std::pair<BucketMs, int>> soonest;  // max-heap: time, and number of players
  for (Place i = 0; i < members_.size(); ++i) {
    const Member& own = members_[i];
    const int needed = format_.players - own.size;
    int players = 0;
    soonest.clear();
    for (Place j = i + 1; j < members_.size(); ++j) {
      ++steps_;
      const Member& other = members_[j];
      const BucketMs after = format_.window.reaches(other.rating - own.rating);
      if (after == Window::kNever) break;
      const BucketMs mine = own.queued_at + after;
      if (players >= needed && mine >= soonest.front().first) break;
      const BucketMs met = std::max({mine, other.queued_at + after, other.opens_at});
      if (players >= needed && met >= soonest.front().first) continue;
      soonest.emplace_back(met, other.size);
      std::push_heap(soonest.begin(), soonest.end());
      players += other.size;
      while (players - soonest.front().second >= needed) {
        players -= soonest.front().second;
        std::pop_heap(soonest.begin(), soonest.end());
        soonest.pop_back();
      }
    }
    not_before_[i] =
        players < needed ? kNever : std::max(own.opens_at, needed > 0 ? soonest.front().first : own.opens_at);
  }
}

std::optional<BucketMs> FeasibilityIndex::first_chance_of(Place place, BucketMs from, BucketMs last, BucketMs every,
                                                          std::uint64_t max_steps) {
  expired_by_ = from;
  if (from > last || !has_chance_with(place, last)) return std::nullopt;
  BucketMs low = from, high = last;
  while (low < high && steps_ < max_steps) {
    const BucketMs middle = low + (high - low) / every / 2 * every;
    if (has_chance_with(place, middle)) high = middle;
    else low = middle + every;
  }
  return low;
}

std::vector<FeasibilityIndex::Group> FeasibilityIndex::groups_at(BucketMs at, std::uint64_t max_steps) {
  set_time(at);
  expired_by_ = at;
  roots_.assign(members_.size(), kNoPlace);
  std::vector<std::pair<Place, int>> sets;  // lowest tickets of feasible sets, and how many sets (2: several)
  for (Place lowest = 0; lowest < members_.size(); ++lowest) {
    if (not_before_[lowest] > at) continue;
    if (steps_ > max_steps) return {one_group_at(at)};
    int found = 0;
    dropped_ = false;
    std::size_t joined = 0;
    walk(lowest, [&] {
      if (sure_ == 0) return false;
      found += players_ == format_.players && sure_ == static_cast<int>(kept_.size()) ? 1 : 2;
      for (std::size_t i = dropped_ ? 0 : joined; i < kept_.size(); ++i) roots_[root_of(kept_[i])] = root_of(lowest);
      steps_ += kept_.size() - (dropped_ ? 0 : joined);
      joined = kept_.size();
      dropped_ = false;
      return false;
    });
    if (found > 0) sets.emplace_back(lowest, found);
    else not_before_[lowest] = at + 1;
  }
  std::vector<Group> groups;
  std::vector<std::uint32_t> group_of(members_.size(), 0);
  std::vector<int> found;
  for (Place i = 0; i < members_.size(); ++i) {
    if (roots_[i] == kNoPlace) continue;
    auto& group = group_of[root_of(i)];
    if (group == 0) {
      groups.emplace_back();
      found.push_back(0);
      group = static_cast<std::uint32_t>(groups.size());
    }
    groups[group - 1].members.push_back(i);
  }
  for (const auto& [lowest, count] : sets) found[group_of[root_of(lowest)] - 1] += count;
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].is_one_match = found[i] == 1;
  return groups;
}

FeasibilityIndex::Group FeasibilityIndex::one_group_at(BucketMs at) const {
  Group group{{}, false};
  for (Place i = 0; i < members_.size(); ++i) {
    if (may_play(i, at)) group.members.push_back(i);
  }
  return group;
}

bool FeasibilityIndex::has_match(const std::vector<Place>& members, BucketMs at, bool only_sure,
                                 std::optional<Place> without) {
  std::vector<std::pair<Place, Presence>> hidden;
  for (const Place i : members) {
    const bool hide = i == without || (only_sure && members_[i].presence != Presence::sure);
    if (!hide) continue;
    hidden.emplace_back(i, members_[i].presence);
    members_[i].presence = Presence::gone;
  }
  expired_by_ = at;
  const bool has = std::any_of(members.begin(), members.end(), [&](Place lowest) { return has_chance(lowest, at); });
  for (const auto& [place, presence] : hidden) members_[place].presence = presence;
  return has;
}

bool FeasibilityIndex::outsiders_near(Place place, BucketMs at) {
  if (whole_) return false;
  set_time(at);
  const Member& own = members_[place];
  for (Place i = 0; i < members_.size(); ++i) {
    if (members_[i].meets_outsiders > at || !may_play(i, at)) continue;
    if (accept_each_other(own.rating, window(place), members_[i].rating, window(i))) return true;
  }
  return false;
}

// Cuts the tickets that may play into islands in the same way as islands.h.
std::pair<FeasibilityIndex::Place, FeasibilityIndex::Place> FeasibilityIndex::island_of(Place place, BucketMs at) {
  set_time(at);
  expired_by_ = at;
  const auto count = static_cast<Place>(members_.size());
  if (!format_.use_rating) return {0, count};
  std::vector<Rating> reach_down(count + 1, Window::kUnlimited);
  for (Place i = count; i-- > 0;) {
    reach_down[i] = reach_down[i + 1];
    if (is_open(i)) reach_down[i] = std::min(reach_down[i], members_[i].rating - window(i));
  }
  Place first = 0;
  Rating reach_up = -Window::kUnlimited;
  std::optional<Rating> before;
  for (Place i = 0; i < count; ++i) {
    if (!is_open(i)) continue;
    const bool bridge = before && reach_up >= members_[i].rating && reach_down[i] <= *before;
    if (!bridge) {
      if (i > place) return {first, i};
      first = i;
    }
    reach_up = std::max(reach_up, members_[i].rating + window(i));
    before = members_[i].rating;
  }
  return {first, count};
}

void FeasibilityIndex::set_time(BucketMs at) {
  if (at_ == at && evaluation_ > 0) return;
  at_ = at;
  ++evaluation_;
}

Rating FeasibilityIndex::window(Place place) {
  if (window_evaluation_[place] != evaluation_) {
    window_evaluation_[place] = evaluation_;
    windows_[place] = format_.window.at(at_ - members_[place].queued_at);
  }
  return windows_[place];
}

bool FeasibilityIndex::has_chance(Place lowest, BucketMs at) {
  set_time(at);
  return walk(lowest, [this] { return sure_ > 0; });
}

bool FeasibilityIndex::has_chance_with(Place place, BucketMs at) {
  set_time(at);
  if (!is_open(place)) return false;
  const Rating least = members_[place].rating - window(place);
  for (Place lowest = place + 1; lowest-- > 0 && members_[lowest].rating >= least;) {
    if (walk(
            lowest, [] { return true; }, place))
      return true;
  }
  return false;
}

// Walks upwards from `lowest` and calls `seen` at each highest rating with which the kept tickets can fill the teams,
// including `lowest` and `with` (which is at or above `lowest`). Stops and returns true when `seen` returns true.
template <class Seen>
bool FeasibilityIndex::walk(Place lowest, const Seen& seen, Place with) {
  steps_ += 4;
  if (!is_open(lowest)) return false;
  const Rating floor = members_[lowest].rating;
  Rating highest = floor + window(lowest);
  if (with > lowest) {
    if (window(with) < members_[with].rating - floor) return false;
    highest = std::min(highest, members_[with].rating + window(with));
  }
  kept_.clear();
  clear_counts();
  bool filled = false;
  for (Place i = lowest; i < members_.size() && members_[i].rating <= highest; ++i) {
    ++steps_;
    if (!is_open(i) || window(i) < members_[i].rating - floor) continue;
    const bool drops = members_[i].rating > limit_;
    if (drops) rise_to(members_[i].rating);
    keep(i);
    if (i < with) continue;
    // A further ticket of a size that is already sufficient changes nothing.
    if (drops || i == with || counts_[members_[i].size] <= fill_.max_of(members_[i].size)) filled = fills(lowest);
    if (filled && seen()) return true;
  }
  return false;
}

void FeasibilityIndex::keep(Place place) {
  kept_.push_back(place);
  count(place);
}

void FeasibilityIndex::count(Place place) {
  const Member& member = members_[place];
  players_ += member.size;
  sure_ += member.presence == Presence::sure ? 1 : 0;
  ++counts_[member.size];
  limit_ = std::min(limit_, member.rating + window(place));
}

void FeasibilityIndex::clear_counts() {
  players_ = sure_ = 0;
  limit_ = 2 * Window::kUnlimited;
  std::fill(counts_.begin(), counts_.end(), std::uint16_t{0});
}

// Drops the kept tickets that do not accept the new highest rating.
void FeasibilityIndex::rise_to(Rating rating) {
  dropped_ = true;
  clear_counts();
  steps_ += kept_.size();
  std::erase_if(kept_, [&](Place i) { return members_[i].rating + window(i) < rating; });
  for (const Place i : kept_) count(i);
}

bool FeasibilityIndex::fills(Place lowest) {
  if (players_ < format_.players) return false;
  const std::uint8_t size = members_[lowest].size;
  const int others = format_.players - (size == 1 ? 0 : size);
  if (counts_[1] >= others) return true;
  steps_ += 8;
  return fill_.choose(counts_, size, chosen_);
}

FeasibilityIndex::Place FeasibilityIndex::root_of(Place place) {
  if (roots_[place] == kNoPlace) roots_[place] = place;
  while (roots_[place] != place) place = roots_[place] = roots_[roots_[place]];
  return place;
}

}  // namespace mm::matching
