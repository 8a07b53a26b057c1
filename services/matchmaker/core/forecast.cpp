#include "services/matchmaker/core/forecast.h"

#include <algorithm>
#include <map>

#include "services/matchmaker/core/fill.h"
#include "services/matchmaker/core/packing.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker {
namespace {

using Kind = Foreseen::Kind;
using Place = ForecastLine::Place;
using Presence = ForecastLine::Presence;

constexpr std::uint64_t kLineStepsPerWork = 8;
/// So many tickets are looked at first.
constexpr std::size_t kNearest = 40;

/// The first tick at or after a time.
BucketMs tick_from(BucketMs at, const TickTimes& ticks) {
  if (at <= ticks.first) return ticks.first;
  if (at == ForecastLine::kNever) return at - 2 * ticks.every;
  return ticks.first + (at - ticks.first + ticks.every - 1) / ticks.every * ticks.every;
}

/// Whether the whole pool's parties could fill teams with one of this size, were ratings no matter.
bool sizes_could_fill(const Neighbourhood& around, int size) {
  constexpr int kLargeTeam = 10;  // beyond it looking for all ways takes too long, and large teams are of many solos
  if (around.team_size > kLargeTeam) return true;
  Fill fill(around.rules.teams, around.team_size);
  SizeCounts counts(around.pool_sizes.size()), chosen;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    const auto most = static_cast<std::size_t>(fill.most_of(static_cast<int>(i)));
    counts[i] = static_cast<std::uint16_t>(std::min(most, around.pool_sizes[i]));
  }
  return fill.choose(counts, size, chosen);
}

/// A part of the neighbourhood.
struct Extent {
  std::size_t begin;
  std::size_t end;
  std::size_t subject;
};

/// So many tickets, always the nearer one next.
Extent nearest(const Neighbourhood& around, std::size_t subject, std::size_t most) {
  const auto& all = around.tickets;
  Extent extent{subject, subject + 1, subject};
  while (extent.end - extent.begin < std::min(most, all.size())) {
    const bool down =
        extent.end == all.size() || (extent.begin > 0 && all[subject].rating - all[extent.begin - 1].rating <=
                                                             all[extent.end].rating - all[subject].rating);
    if (down) --extent.begin;
    else ++extent.end;
  }
  return extent;
}

/// One forecast, from match to match.
class Ahead {
 public:
  Ahead(const Neighbourhood& around, const Format& format, const TickTimes& ticks, Extent extent,
        std::uint64_t most_work)
      : around_(around),
        ticks_(ticks),
        most_work_(most_work),
        line_(around, format, extent.begin, extent.end),
        subject_(static_cast<Place>(extent.subject - extent.begin)) {}

  Foreseen run() {
    const BucketMs over = tick_from(line_.neighbour(subject_).ticket.deadline);
    const BucketMs strangers = tick_from(line_.meets_strangers(subject_));
    const BucketMs last = std::min({over, strangers, tick_from(line_.settled()) + ticks_.every}) - ticks_.every;
    const auto chance = line_.first_chance_of(subject_, ticks_.first, last, ticks_.every, line_steps() / 4);
    if (chance && line_.strangers_near(subject_, *chance)) return {Kind::unknown, *chance, {}, {}};
    BucketMs from = ticks_.first;
    while (chance) {
      const auto at = line_.next_chance(from, last, ticks_.every, line_steps());
      if (!at) break;
      line_.doubt_strangers_friends(*at);
      for (auto& group : line_.groups_at(*at, line_steps())) {
        const bool concerned = std::binary_search(group.members.begin(), group.members.end(), subject_);
        if (auto foreseen = settle(group, *at, concerned)) return *foreseen;
      }
      from = *at + ticks_.every;
    }
    if (line_.out_of_steps()) return {Kind::unknown, std::max(from, *chance), {}, {}};
    if (strangers < over) return {Kind::unknown, strangers, {}, {}};
    return {Kind::times_out, over, {}, {}};
  }

  std::uint64_t spent() const { return work_ + line_.steps() / kLineStepsPerWork; }

 private:
  BucketMs tick_from(BucketMs at) const { return matchmaker::tick_from(at, ticks_); }

  /// What becomes of those who could be matched in this tick. Something: that is the subject's end.
  std::optional<Foreseen> settle(const ForecastLine::Group& group, BucketMs at, bool concerned) {
    if (group.is_one_match) {
      if (concerned) return matched_among(group.members, at);
      take_out(group.members);
      return std::nullopt;
    }
    return choose(group, at, concerned);
  }

  void take_out(const std::vector<Place>& places) {
    for (const Place i : places) line_.take_out(i);
  }

  // The planner is asked whom it would choose; if it cannot be, everybody concerned may be gone.
  std::optional<Foreseen> choose(const ForecastLine::Group& group, BucketMs at, bool concerned) {
    if (last_choice_ != at) choices_before_ = last_choice_ == at - ticks_.every ? choices_before_ + 1 : 0;
    last_choice_ = at;
    const auto chosen = choices_before_ < kPatienceTicks ? rehearse(group, at) : std::nullopt;
    if (chosen && chosen->with_subject) return chosen->with_subject;
    const auto& doubtful = chosen ? chosen->perhaps : group.members;
    if (concerned && std::binary_search(doubtful.begin(), doubtful.end(), subject_)) return without_choice(group, at);
    for (const Place i : doubtful) line_.doubt(i);
    if (chosen) take_out(chosen->surely);
    return std::nullopt;
  }

  // Whomever the planner chooses: if all that could be chosen is with the subject, it is.
  Foreseen without_choice(const ForecastLine::Group& group, BucketMs at) {
    const bool certain =
        !line_.has_match(group.members, at, false, subject_) && line_.has_match(group.members, at, true, std::nullopt);
    return {certain ? Kind::matched : Kind::unknown, at, {}, {}};
  }

  struct Chosen {
    std::vector<Place> surely;
    std::vector<Place> perhaps;
    std::optional<Foreseen> with_subject;  ///< if that is among those who are matched surely
  };
  std::optional<Chosen> rehearse(const ForecastLine::Group& group, BucketMs at) {
    const auto [begin, end] = line_.island_of(group.members.front(), at);
    std::vector<Place> players;
    for (Place i = begin; i < end; ++i) {
      if (!line_.may_play(i, at)) continue;
      if (line_.presence(i) != Presence::sure) return std::nullopt;
      players.push_back(i);
    }
    // In the first tick others, who were not copied, may take most of what the planner may spend in a tick; it does not
    // save on small islands.
    if (!line_.whole() && at == ticks_.first && players.size() > Packing::kMostTickets) return std::nullopt;
    // A search that does not try everything may end otherwise for who else is looked at, even of those who cannot be
    // matched, and that depends on what has been looked at before. So sure is what comes of looking at all of them and
    // of looking at none.
    auto among_them = plan_among(group.members, at);
    if (!among_them) return std::nullopt;
    if (players.size() == group.members.size()) return in_common(group, *among_them, *among_them);
    const auto among_all = plan_among(players, at);
    if (!among_all) return std::nullopt;
    return in_common(group, *among_them, *among_all);
  }

  struct Rehearsal {
    std::vector<std::vector<Place>> matches;
    std::vector<Place> matched;  ///< in all of them, sorted
    std::optional<Foreseen> with_subject;
  };

  Chosen in_common(const ForecastLine::Group& group, const Rehearsal& a, const Rehearsal& b) const {
    const auto has = [](const Rehearsal& rehearsal, Place place) {
      return std::binary_search(rehearsal.matched.begin(), rehearsal.matched.end(), place);
    };
    Chosen chosen;
    for (const Place i : group.members) {
      if (has(a, i) && has(b, i)) chosen.surely.push_back(i);
      else if (has(a, i) || has(b, i)) chosen.perhaps.push_back(i);
    }
    if (!has(a, subject_) || !has(b, subject_)) return chosen;
    const auto with = [&](const Rehearsal& rehearsal) {
      return *std::find_if(rehearsal.matches.begin(), rehearsal.matches.end(),
                           [&](const auto& match) { return std::binary_search(match.begin(), match.end(), subject_); });
    };
    chosen.with_subject = b.with_subject;
    if (with(a) != with(b)) chosen.with_subject->quality = chosen.with_subject->spread = std::nullopt;
    return chosen;
  }

  /// What plan() makes of these, all of them weighed; nothing if it takes too much work.
  std::optional<Rehearsal> plan_among(const std::vector<Place>& places, BucketMs at) {
    Pool pool(around_.rules, around_.team_size, around_.region);
    std::vector<std::pair<Slot, Memory::Recalled>> recalled;
    std::map<Slot, Place> place_of;
    for (const Place i : places) {
      const Neighbour& neighbour = line_.neighbour(i);
      pool.upsert(neighbour.ticket);
      const Slot slot = *pool.slot_of(neighbour.ticket.id);
      const int passed_over = at == ticks_.first ? neighbour.recalled.passed_over : 0;
      recalled.emplace_back(slot, Memory::Recalled{BucketMs{0}, passed_over});
      place_of.emplace(slot, i);
    }
    Memory memory;
    memory.resume(pool, recalled);
    const auto tick = plan_within(pool, at, memory);
    if (!tick) return std::nullopt;
    Rehearsal rehearsal;
    for (const PlannedMatch& match : tick->matches) {
      auto& players = rehearsal.matches.emplace_back();
      for (const Seat& seat : tick->seats_of(match)) players.push_back(place_of.at(seat.slot));
      std::sort(players.begin(), players.end());
      rehearsal.matched.insert(rehearsal.matched.end(), players.begin(), players.end());
      if (!std::binary_search(players.begin(), players.end(), subject_)) continue;
      rehearsal.with_subject = Foreseen{Kind::matched, at, match.quality, match.spread};
    }
    std::sort(rehearsal.matched.begin(), rehearsal.matched.end());
    return rehearsal;
  }

  std::uint64_t line_steps() const { return most_work_ > work_ ? (most_work_ - work_) * kLineStepsPerWork : 0; }
  std::optional<TickPlan> plan_within(const Pool& pool, BucketMs at, Memory& memory) {
    if (spent() >= most_work_) return std::nullopt;
    workspace_.line.clear();
    workspace_.forgetful = true;
    workspace_.most_steps = most_work_ - spent();
    TickPlan tick = plan(pool, around_.rules, at, memory, workspace_);
    work_ += work_of(tick, workspace_);
    if (workspace_.cut_short) return std::nullopt;
    return tick;
  }

  // With whom is certain; only what it is worth is asked.
  Foreseen matched_among(const std::vector<Place>& members, BucketMs at) {
    const auto rehearsal = plan_among(members, at);
    if (rehearsal && rehearsal->with_subject) return *rehearsal->with_subject;
    return {Kind::matched, at, {}, {}};
  }

  const Neighbourhood& around_;
  TickTimes ticks_;
  std::uint64_t most_work_;
  ForecastLine line_;
  Place subject_;
  std::uint64_t work_ = 0;  ///< in plans
  Workspace workspace_;
  BucketMs last_choice_ = ForecastLine::kNever;
  int choices_before_ = 0;  ///< in as many ticks in a row before the last one
};

}  // namespace

// A tick as such, the tickets weighed, the seats dealt out to teams, and the local search.
std::uint64_t work_of(const TickPlan& tick, const Workspace& workspace) {
  return 20 + 4 * workspace.line.size() + 20 * tick.seats.size() + workspace.steps;
}

// First with the nearest only, and all others strangers: that is less work, and mostly enough.
Foreseen foresee(const Neighbourhood& around, const TickTimes& ticks, std::uint64_t most_work) {
  const Format format(around.rules, around.team_size);
  std::size_t subject = 0;
  while (around.tickets[subject].ticket.id != around.subject) ++subject;
  const PoolTicket& ticket = around.tickets[subject].ticket;
  Foreseen best{Kind::unknown, ticks.first, {}, {}};
  if (!sizes_could_fill(around, static_cast<int>(ticket.players.size()))) {
    return {Kind::times_out, tick_from(ticket.deadline, ticks), {}, {}};
  }
  std::uint64_t spent = 0;
  for (std::size_t most = kNearest; spent < most_work; most *= 2) {
    const bool all = most >= around.tickets.size();
    const std::uint64_t share = all ? most_work - spent : (most_work - spent) / 2;
    Ahead ahead(around, format, ticks, nearest(around, subject, most), share);
    const Foreseen foreseen = ahead.run();
    if (foreseen.kind != Kind::unknown) return foreseen;
    best.at = std::max(best.at, foreseen.at);
    spent += ahead.spent() + kLineStepsPerWork;
    if (all) break;
  }
  return best;
}

}  // namespace mm::matchmaker
