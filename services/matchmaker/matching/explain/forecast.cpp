#include "services/matchmaker/matching/explain/forecast.h"

#include <algorithm>
#include <map>

#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/search/packing.h"
#include "services/matchmaker/matching/teams/team_filler.h"

namespace mm::matching {
namespace {

using Kind = ForecastResult::Kind;
using Place = FeasibilityIndex::Place;
using Presence = FeasibilityIndex::Presence;

constexpr std::uint64_t kIndexStepsPerWork = 8;
/// The number of tickets in the first attempt.
constexpr std::size_t kNearest = 40;

/// The first tick at or after a time.
BucketMs tick_from(BucketMs at, const TickTimes& ticks) {
  if (at <= ticks.first) return ticks.first;
  if (at == FeasibilityIndex::kNever) return at - 2 * ticks.every;
  return ticks.first + (at - ticks.first + ticks.every - 1) / ticks.every * ticks.every;
}

/// Whether the party sizes of the whole pool could fill teams that include a ticket of this size, regardless of
/// ratings.
bool sizes_could_fill(const Neighbourhood& around, int size) {
  constexpr int kLargeTeam = 10;  // beyond it the search takes too long, and most tickets of such teams are solo
  if (around.team_size > kLargeTeam) return true;
  TeamFiller fill(around.rules.teams, around.team_size);
  SizeCounts counts(around.pool_sizes.size()), chosen;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    const auto limit = static_cast<std::size_t>(fill.max_of(static_cast<int>(i)));
    counts[i] = static_cast<std::uint16_t>(std::min(limit, around.pool_sizes[i]));
  }
  return fill.choose(counts, size, chosen);
}

/// A range of the neighbourhood's tickets, and the index of the subject.
struct Extent {
  std::size_t begin;
  std::size_t end;
  std::size_t subject;
};

/// The `limit` tickets nearest to the subject in rating.
Extent nearest(const Neighbourhood& around, std::size_t subject, std::size_t limit) {
  const auto& all = around.tickets;
  Extent extent{subject, subject + 1, subject};
  while (extent.end - extent.begin < std::min(limit, all.size())) {
    const bool down =
        extent.end == all.size() || (extent.begin > 0 && all[subject].rating - all[extent.begin - 1].rating <=
                                                             all[extent.end].rating - all[subject].rating);
    if (down) --extent.begin;
    else ++extent.end;
  }
  return extent;
}

/// One forecast over a range of the neighbourhood. It goes from one possible match to the next.
class ForecastRun {
 public:
  ForecastRun(const Neighbourhood& around, const Format& format, const TickTimes& ticks, Extent extent,
              std::uint64_t max_work)
      : around_(around),
        ticks_(ticks),
        max_work_(max_work),
        index_(around, format, extent.begin, extent.end),
        subject_(static_cast<Place>(extent.subject - extent.begin)) {}

  ForecastResult run() {
    const BucketMs over = tick_from(index_.neighbour(subject_).ticket.deadline);
    const BucketMs outsiders = tick_from(index_.meets_outsiders(subject_));
    const BucketMs last = std::min({over, outsiders, tick_from(index_.settled()) + ticks_.every}) - ticks_.every;
    const auto chance = index_.first_chance_of(subject_, ticks_.first, last, ticks_.every, index_steps() / 4);
    if (chance && index_.outsiders_near(subject_, *chance)) return {Kind::unknown, *chance, {}, {}};
    BucketMs from = ticks_.first;
    while (chance) {
      const auto at = index_.next_feasible_tick(from, last, ticks_.every, index_steps());
      if (!at) break;
      index_.mark_uncertain_near_outsiders(*at);
      for (auto& group : index_.groups_at(*at, index_steps())) {
        const bool concerned = std::binary_search(group.members.begin(), group.members.end(), subject_);
        if (auto result = decide(group, *at, concerned)) return *result;
      }
      from = *at + ticks_.every;
    }
    if (index_.out_of_steps()) return {Kind::unknown, std::max(from, *chance), {}, {}};
    if (outsiders < over) return {Kind::unknown, outsiders, {}, {}};
    return {Kind::times_out, over, {}, {}};
  }

  std::uint64_t spent() const { return work_ + index_.steps() / kIndexStepsPerWork; }

 private:
  BucketMs tick_from(BucketMs at) const { return matching::tick_from(at, ticks_); }

  /// Decides what happens to a group of tickets that could be matched in this tick. Returns a value if this decides the
  /// subject's forecast.
  std::optional<ForecastResult> decide(const FeasibilityIndex::Group& group, BucketMs at, bool concerned) {
    if (group.is_one_match) {
      if (concerned) return matched_among(group.members, at);
      remove(group.members);
      return std::nullopt;
    }
    return choose(group, at, concerned);
  }

  void remove(const std::vector<Place>& places) {
    for (const Place i : places) index_.remove(i);
  }

  // Runs the planner to find its choice. If it cannot be run, each ticket of the group may be matched in this tick.
  std::optional<ForecastResult> choose(const FeasibilityIndex::Group& group, BucketMs at, bool concerned) {
    if (last_choice_ != at) choices_before_ = last_choice_ == at - ticks_.every ? choices_before_ + 1 : 0;
    last_choice_ = at;
    const auto chosen = choices_before_ < kPatienceTicks ? run_planner(group, at) : std::nullopt;
    if (chosen && chosen->with_subject) return chosen->with_subject;
    const auto& uncertain = chosen ? chosen->uncertain : group.members;
    if (concerned && std::binary_search(uncertain.begin(), uncertain.end(), subject_))
      return matched_in_any_case(group, at);
    for (const Place i : uncertain) index_.mark_uncertain(i);
    if (chosen) remove(chosen->certain);
    return std::nullopt;
  }

  // Used if the planner's choice is unknown: if every possible match contains the subject, it is matched.
  ForecastResult matched_in_any_case(const FeasibilityIndex::Group& group, BucketMs at) {
    const bool certain = !index_.has_match(group.members, at, false, subject_) &&
                         index_.has_match(group.members, at, true, std::nullopt);
    return {certain ? Kind::matched : Kind::unknown, at, {}, {}};
  }

  struct Chosen {
    std::vector<Place> certain;
    std::vector<Place> uncertain;
    std::optional<ForecastResult> with_subject;  ///< set if the subject is certainly matched
  };
  std::optional<Chosen> run_planner(const FeasibilityIndex::Group& group, BucketMs at) {
    const auto [begin, end] = index_.island_of(group.members.front(), at);
    std::vector<Place> players;
    for (Place i = begin; i < end; ++i) {
      if (!index_.may_play(i, at)) continue;
      if (index_.presence(i) != Presence::sure) return std::nullopt;
      players.push_back(i);
    }
    // In the first tick, tickets that were not copied may use up most of the planner's budget of steps. The planner
    // searches small islands in full even then.
    if (!index_.whole() && at == ticks_.first && players.size() > Packing::kMaxTickets) return std::nullopt;
    // A search that is not exhaustive may depend on the other tickets evaluated in the same tick, even on tickets that
    // cannot be matched, and which these are depends on earlier ticks. So only what two plans have in common counts as
    // certain: one with all tickets of the island, and one with the group only.
    auto among_them = plan_among(group.members, at);
    if (!among_them) return std::nullopt;
    if (players.size() == group.members.size()) return in_common(group, *among_them, *among_them);
    const auto among_all = plan_among(players, at);
    if (!among_all) return std::nullopt;
    return in_common(group, *among_them, *among_all);
  }

  struct TrialPlan {
    std::vector<std::vector<Place>> matches;
    std::vector<Place> matched;  ///< the tickets of all matches, sorted
    std::optional<ForecastResult> with_subject;
  };

  Chosen in_common(const FeasibilityIndex::Group& group, const TrialPlan& a, const TrialPlan& b) const {
    const auto has = [](const TrialPlan& trial, Place place) {
      return std::binary_search(trial.matched.begin(), trial.matched.end(), place);
    };
    Chosen chosen;
    for (const Place i : group.members) {
      if (has(a, i) && has(b, i)) chosen.certain.push_back(i);
      else if (has(a, i) || has(b, i)) chosen.uncertain.push_back(i);
    }
    if (!has(a, subject_) || !has(b, subject_)) return chosen;
    const auto with = [&](const TrialPlan& trial) {
      return *std::find_if(trial.matches.begin(), trial.matches.end(),
                           [&](const auto& match) { return std::binary_search(match.begin(), match.end(), subject_); });
    };
    chosen.with_subject = b.with_subject;
    if (with(a) != with(b)) chosen.with_subject->quality = chosen.with_subject->spread = std::nullopt;
    return chosen;
  }

  /// Runs plan() on these tickets, all of them due. Empty if it takes too much work.
  std::optional<TrialPlan> plan_among(const std::vector<Place>& places, BucketMs at) {
    Pool pool(around_.rules, around_.team_size, around_.region);
    std::vector<std::pair<Slot, PlannerMemory::TicketMemory>> recalled;
    std::map<Slot, Place> place_of;
    for (const Place i : places) {
      const Neighbour& neighbour = index_.neighbour(i);
      pool.upsert(neighbour.ticket);
      const Slot slot = *pool.slot_of(neighbour.ticket.id);
      const int passed_over = at == ticks_.first ? neighbour.recalled.passed_over : 0;
      recalled.emplace_back(slot, PlannerMemory::TicketMemory{BucketMs{0}, passed_over});
      place_of.emplace(slot, i);
    }
    PlannerMemory memory;
    memory.resume(pool, recalled);
    const auto tick = plan_within(pool, at, memory);
    if (!tick) return std::nullopt;
    TrialPlan trial;
    for (const PlannedMatch& match : tick->matches) {
      auto& players = trial.matches.emplace_back();
      for (const Seat& seat : tick->seats_of(match)) players.push_back(place_of.at(seat.slot));
      std::sort(players.begin(), players.end());
      trial.matched.insert(trial.matched.end(), players.begin(), players.end());
      if (!std::binary_search(players.begin(), players.end(), subject_)) continue;
      trial.with_subject = ForecastResult{Kind::matched, at, match.quality, match.spread};
    }
    std::sort(trial.matched.begin(), trial.matched.end());
    return trial;
  }

  std::uint64_t index_steps() const { return max_work_ > work_ ? (max_work_ - work_) * kIndexStepsPerWork : 0; }
  std::optional<TickPlan> plan_within(const Pool& pool, BucketMs at, PlannerMemory& memory) {
    if (spent() >= max_work_) return std::nullopt;
    workspace_.candidates.clear();
    workspace_.skip_memory = true;
    workspace_.max_steps = max_work_ - spent();
    TickPlan tick = plan(pool, around_.rules, at, memory, workspace_);
    work_ += work_of(tick, workspace_);
    if (workspace_.step_limit_reached) return std::nullopt;
    return tick;
  }

  // The members of the match are certain; plan() is run only for its quality and spread.
  ForecastResult matched_among(const std::vector<Place>& members, BucketMs at) {
    const auto trial = plan_among(members, at);
    if (trial && trial->with_subject) return *trial->with_subject;
    return {Kind::matched, at, {}, {}};
  }

  const Neighbourhood& around_;
  TickTimes ticks_;
  std::uint64_t max_work_;
  FeasibilityIndex index_;
  Place subject_;
  std::uint64_t work_ = 0;  ///< work of the plan() calls
  Workspace workspace_;
  BucketMs last_choice_ = FeasibilityIndex::kNever;
  int choices_before_ = 0;  ///< number of consecutive ticks with a choice before the last one
};

}  // namespace

// The summands: the tick itself, the tickets evaluated, the assignment of seats to teams, and the local search.
std::uint64_t work_of(const TickPlan& tick, const Workspace& workspace) {
  return 20 + 4 * workspace.candidates.size() + 20 * tick.seats.size() + workspace.steps;
}

// Starts with the nearest tickets and treats all others as outsiders, because this takes less work and is usually
// enough. Doubles the number until the forecast is definite or the work is used up.
ForecastResult make_forecast(const Neighbourhood& around, const TickTimes& ticks, std::uint64_t max_work) {
  const Format format(around.rules, around.team_size);
  std::size_t subject = 0;
  while (around.tickets[subject].ticket.id != around.subject) ++subject;
  const PoolTicket& ticket = around.tickets[subject].ticket;
  ForecastResult best{Kind::unknown, ticks.first, {}, {}};
  if (!sizes_could_fill(around, static_cast<int>(ticket.players.size()))) {
    return {Kind::times_out, tick_from(ticket.deadline, ticks), {}, {}};
  }
  std::uint64_t spent = 0;
  for (std::size_t limit = kNearest; spent < max_work; limit *= 2) {
    const bool all = limit >= around.tickets.size();
    const std::uint64_t share = all ? max_work - spent : (max_work - spent) / 2;
    ForecastRun forecast(around, format, ticks, nearest(around, subject, limit), share);
    const ForecastResult result = forecast.run();
    if (result.kind != Kind::unknown) return result;
    best.at = std::max(best.at, result.at);
    spent += forecast.spent() + kIndexStepsPerWork;
    if (all) break;
  }
  return best;
}

}  // namespace mm::matching
