#include "services/matchmaker/matching/plan.h"

#include <algorithm>

#include "services/matchmaker/matching/rules/format.h"
#include "services/matchmaker/matching/search/search_context.h"
#include "services/matchmaker/matching/teams/team_filler.h"

namespace mm::matching {
namespace {

/// One run of plan(). The member functions are in the order in which they are called; plan.h lists the steps.
class Tick {
 public:
  Tick(const Pool& pool, const ModeRules& rules, BucketMs now, PlannerMemory& memory, Workspace& workspace)
      : pool_(pool),
        now_(now),
        memory_(memory),
        format_(rules, pool.team_size()),
        work_(workspace),
        candidates_(workspace.candidates),
        draft_(workspace.draft) {}

  TickPlan run() {
    memory_.open(pool_, now_);
    work_.steps = 0;
    work_.step_limit_reached = false;
    TickPlan plan;
    plan.expired = pool_.expired(now_);
    for (const Slot slot : plan.expired) memory_.forget(slot);
    if (!sizes_can_fill()) return plan;
    choose_ranges();
    work_.candidates.clear();
    work_.closed.clear();
    build_candidates(pool_, format_, now_, plan.expired, work_.ranges, work_.candidates, work_.closed);
    draft_.reset(candidates_.size());
    could_have_played_.assign(candidates_.size(), false);
    find_longest_waiting();
    for_each_island([this](Island island) { plan_island(island); });
    write_matches(plan);
    if (!work_.skip_memory) remember_waiting();
    memory_.end_tick();
    if (tools_ != nullptr) {
      work_.steps = tools_->improver.steps();
      work_.step_limit_reached = tools_->improver.gave_up();
    }
    return plan;
  }

 private:
  // Created on first use: most ticks of most buckets find no change and do not need it.
  SearchContext& tools() {
    if (tools_ == nullptr) {
      tools_ = &work_.search_context(format_);
      tools_->improver.begin(work_.max_steps);
    }
    return *tools_;
  }

  // Whether the party sizes of the whole pool could fill the teams, regardless of ratings. If not, no ticket needs to
  // be evaluated before another one arrives.
  bool sizes_can_fill() const {
    if (pool_.players() < static_cast<std::size_t>(format_.players)) return false;
    if (pool_.tickets_of(1) >= static_cast<std::size_t>(format_.players)) return true;
    TeamFiller fill(format_.teams, format_.team_size);
    SizeCounts counts(static_cast<std::size_t>(format_.team_size) + 1);
    for (int size = 1; size <= format_.team_size; ++size) {
      const auto limit = static_cast<std::size_t>(fill.max_of(size));
      counts[static_cast<std::size_t>(size)] = static_cast<std::uint16_t>(std::min(limit, pool_.tickets_of(size)));
    }
    SizeCounts chosen;
    return fill.choose(counts, 0, chosen);
  }

  // The ranges that the windows of the due tickets cover. planner_memory.h explains why no match reaches beyond them.
  void choose_ranges() {
    auto& ranges = work_.ranges;
    const SortedWaiters& all = pool_.sorted();
    ranges.clear();
    if (memory_.is_full_pass() || (!format_.use_rating && !memory_.due().empty())) {
      ranges.push_back({all.begin(), all.end()});
      return;
    }
    struct Reach {
      Rating low;
      Rating high;
    };
    constexpr std::size_t kPrefetchAhead = 8;
    std::vector<Reach> reaches;
    const auto due = memory_.due();
    for (std::size_t i = 0; i < due.size(); ++i) {
      if (i + kPrefetchAhead < due.size()) pool_.fetch(due[i + kPrefetchAhead]);
      const Rating rating = pool_.rating(due[i]);
      const Rating window = format_.window.at(now_ - pool_.queued_at(due[i]));
      reaches.push_back({rating - window, rating + window});
    }
    std::sort(reaches.begin(), reaches.end(), [](const Reach& a, const Reach& b) { return a.low < b.low; });
    for (std::size_t i = 0, next = 0; i < reaches.size(); i = next) {
      if (i + kPrefetchAhead < reaches.size()) all.fetch(reaches[i + kPrefetchAhead].low);
      Rating high = reaches[i].high;
      for (next = i + 1; next < reaches.size() && reaches[next].low <= high; ++next) {
        high = std::max(high, reaches[next].high);
      }
      const auto from = all.first_from(reaches[i].low);
      ranges.push_back({from, all.first_above(high, from)});
    }
  }

  // Calls `plan` for each island that has enough players for a match and in which something has changed.
  template <class Plan>
  void for_each_island(Plan&& plan) {
    for (const CandidateRange& range : work_.ranges) {
      work_.islands.clear();
      if (range.end - range.begin < 2) continue;
      if (format_.use_rating) {
        find_islands(candidates_, range.begin, range.end, work_.islands, work_.reach_down);
      } else {
        work_.islands.push_back({range.begin, range.end});
      }
      for (const Island island : work_.islands) {
        if (has_players(island) && !memory_.is_quiet(candidates_, island)) plan(island);
      }
    }
  }

  bool has_players(Island island) const {
    int players = 0;
    for (Index i = island.begin; i < island.end && players < format_.players; ++i) players += candidates_[i].size;
    return players >= format_.players;
  }

  void find_longest_waiting() {
    for (Index i = 0; i < candidates_.size(); ++i) {
      if (longest_waiting_ == kNobody || waits_longer(candidates_, i, longest_waiting_)) longest_waiting_ = i;
    }
  }

  void plan_island(Island island) {
    match_starving(island);
    const bool solo = std::all_of(candidates_.begin() + island.begin, candidates_.begin() + island.end,
                                  [](const Candidate& ticket) { return ticket.size == 1; });
    if (solo && !starving_here_ && format_.use_rating) tools().solo_scheduler.schedule(island, draft_);
    match_from_below(island);
    if (!has_match(island)) return;
    if (format_.use_rating && tools().improver.improve(island, fixed_)) match_from_below(island);
    if (!work_.skip_memory) find_passed_over(island);
  }

  // Tickets that were passed over too often are matched first, the longest-waiting of them before all others.
  void match_starving(Island island) {
    constexpr std::size_t kMaxStarving = 16;
    std::vector<Index> starving;
    starving_here_ = false;
    if (memory_.is_empty()) return;
    for (Index i = island.begin; i < island.end; ++i) {
      if (memory_.passed_over(candidates_[i]) >= kPatienceTicks) starving.push_back(i);
    }
    if (starving.empty()) return;
    starving_here_ = true;
    keep_longest_waiting(candidates_, starving, kMaxStarving);
    fixed_.resize(candidates_.size());  // never cleared within a tick: no ticket is on two islands
    tools().starvation_search.set_island(island, &draft_);
    std::vector<Index> match;
    for (const Index i : starving) {
      if (!draft_.is_free(i) || !tools().starvation_search.best_for(i, floors_for(i), tools().evaluator, match))
        continue;
      draft_.add(match, *tools().evaluator.utility(match));
      for (const Index member : match) fixed_[member] = true;
    }
  }

  // The longest-waiting ticket gets an exhaustive search, all others a limited one.
  Index floors_for(Index ticket) const {
    constexpr Index kFloors = 64;
    return ticket == longest_waiting_ ? StarvationSearch::kAllFloors : kFloors;
  }

  // Tries each free ticket as the lowest of a match. Afterwards no match is possible among the free tickets. (In modes
  // without ratings the list is in the order of waiting, so this step alone means "oldest first".)
  void match_from_below(Island island) {
    SeedSearch& seed_search = tools().seed_search;
    seed_search.set_island(island, &draft_);
    if (!seed_search.sizes_can_fill(island.begin, island.end, 0)) return;
    std::vector<Index> match;
    for (Index i = island.begin; i < island.end; ++i) {
      if (draft_.is_free(i) && seed_search.find(i, i, match)) draft_.add(match, tools().evaluator.estimate(match));
    }
  }

  bool has_match(Island island) const {
    for (Index i = island.begin; i < island.end; ++i) {
      if (!draft_.is_free(i)) return true;
    }
    return false;
  }

  // Marks the free tickets for which a match exists if all tickets of the island were free. If many are left, only the
  // longest-waiting are checked.
  void find_passed_over(Island island) {
    constexpr std::size_t kMaxChecked = 1024;
    std::vector<Index> unmatched;
    for (Index i = island.begin; i < island.end; ++i) {
      if (draft_.is_free(i)) unmatched.push_back(i);
    }
    if (unmatched.empty()) return;
    keep_longest_waiting(candidates_, unmatched, kMaxChecked);
    tools().starvation_search.set_island(island, nullptr);
    for (const Index i : unmatched) could_have_played_[i] = tools().starvation_search.exists_for(i, floors_for(i));
  }

  void write_matches(TickPlan& plan) {
    const auto matches = draft_.matches();
    if (format_.players == 2) {
      write_duels(plan, matches);
    } else {
      write_teams(plan, matches);
    }
    for (const Seat& seat : plan.seats) memory_.forget(seat.slot);
  }

  // Duels have no teams to choose, so the figures of all duels are computed at once.
  void write_duels(TickPlan& plan, std::span<const DraftPlan::MatchIndex> matches) {
    plan.seats.resize(2 * matches.size());
    auto& duels = tools().duels;
    duels.clear();
    for (std::size_t i = 0; i < matches.size(); ++i) {
      const auto members = draft_.members(matches[i]);
      const Candidate& first = candidates_[members[0]];
      const Candidate& second = candidates_[members[1]];
      plan.seats[2 * i] = {first.slot, 0};
      plan.seats[2 * i + 1] = {second.slot, 1};
      duels.add(first, second);
    }
    duels.evaluate();
    plan.matches.resize(matches.size());
    for (std::size_t i = 0; i < matches.size(); ++i) {
      const MatchFigures figures = duels.figures(i);
      plan.matches[i] = {static_cast<std::uint32_t>(2 * i), 2, figures.quality, figures.spread, figures.advantage};
    }
  }

  void write_teams(TickPlan& plan, std::span<const DraftPlan::MatchIndex> matches) {
    std::size_t seats = 0;
    for (const auto match : matches) seats += draft_.members(match).size();
    plan.matches.reserve(matches.size());
    plan.seats.resize(seats);
    std::vector<std::uint8_t> team_of;
    std::uint32_t first = 0;
    for (const auto match : matches) {
      const auto members = draft_.members(match);
      const auto count = static_cast<std::uint32_t>(members.size());
      const MatchFigures figures = tools().evaluator.evaluate(members, team_of);
      plan.matches.push_back({first, count, figures.quality, figures.spread, figures.advantage});
      seat(members, team_of, std::span(plan.seats).subspan(first, count));
      first += count;
    }
  }

  // Writes the seats sorted by team. For two teams without a branch on the team, which would often be mispredicted.
  void seat(std::span<const Index> members, const std::vector<std::uint8_t>& team_of, std::span<Seat> seats) const {
    std::size_t next = 0;
    if (format_.teams == 2) {
      auto second = static_cast<std::size_t>(std::count(team_of.begin(), team_of.end(), std::uint8_t{0}));
      for (std::size_t i = 0; i < members.size(); ++i) {
        const std::uint8_t team = team_of[i];
        seats[team == 0 ? next : second] = {candidates_[members[i]].slot, team};
        second += team;
        next += 1U - team;
      }
      return;
    }
    for (int team = 0; team < format_.teams; ++team) {
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (team_of[i] == team) seats[next++] = {candidates_[members[i]].slot, static_cast<std::uint32_t>(team)};
      }
    }
  }

  void remember_waiting() {
    for (const Slot slot : work_.closed) memory_.region_closed(pool_, slot, pool_.opens_at(slot));
    if (!format_.use_rating) {
      for (Index i = 0; i < candidates_.size(); ++i) {
        if (draft_.is_free(i)) memory_.remember_unmatched(candidates_[i], could_have_played_[i]);
      }
      return;
    }
    for (const CandidateRange& range : work_.ranges) {
      SortedWaiters::Place place = range.from;
      for (Index i = range.begin; i < range.end; ++i) {
        if (!draft_.is_free(i)) continue;
        place = place_of(i, place);
        memory_.remember_unmatched(pool_, format_, place, could_have_played_[i]);
      }
    }
  }

  // The position of candidate `i` in the pool's sorted list, searched from `place` on. If many tickets are left, the
  // next one is near.
  SortedWaiters::Place place_of(Index i, SortedWaiters::Place place) const {
    constexpr int kNear = 8;
    const SortedWaiters& all = pool_.sorted();
    for (int tries = 0; tries < kNear; ++tries, place = all.next(place)) {
      if (all.at(place).slot == candidates_[i].slot) return place;
    }
    place = std::max(place, all.first_from(candidates_[i].rating));
    while (all.at(place).slot != candidates_[i].slot) place = all.next(place);
    return place;
  }

  const Pool& pool_;
  BucketMs now_;
  PlannerMemory& memory_;
  Format format_;
  Workspace& work_;
  const Candidates& candidates_;
  DraftPlan& draft_;
  SearchContext* tools_ = nullptr;
  Index longest_waiting_ = kNobody;
  bool starving_here_ = false;           ///< whether the current island has passed-over tickets to match first
  std::vector<bool> fixed_;              ///< by ticket: its match is final; empty if no match is
  std::vector<bool> could_have_played_;  ///< by ticket: a match for it existed and was not made
};

}  // namespace

TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now) {
  PlannerMemory memory;
  return plan(pool, rules, now, memory);
}

TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, PlannerMemory& memory) {
  Workspace workspace;
  return plan(pool, rules, now, memory, workspace);
}

TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, PlannerMemory& memory, Workspace& workspace) {
  return Tick(pool, rules, now, memory, workspace).run();
}

}  // namespace mm::matching
