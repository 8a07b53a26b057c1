#include "services/matchmaker/core/plan.h"

#include <algorithm>

#include "services/matchmaker/core/appraise.h"
#include "services/matchmaker/core/format.h"
#include "services/matchmaker/core/growth.h"
#include "services/matchmaker/core/improve.h"
#include "services/matchmaker/core/solo.h"
#include "services/matchmaker/core/starvation.h"
#include "services/matchmaker/core/why.h"

namespace mm::matchmaker {
namespace {

/// One tick. The steps stand in the order in which they are taken.
class Tick {
 public:
  Tick(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory, Workspace& workspace)
      : pool_(pool),
        now_(now),
        memory_(memory),
        format_(rules, pool.team_size()),
        work_(workspace),
        line_(workspace.line),
        draft_(workspace.draft) {}

  TickPlan run() {
    build_line(pool_, format_, now_, work_.line, work_.aside);
    find_islands(line_, work_.islands, work_.reach_down);
    memory_.open(pool_, now_);
    draft_.reset(line_.size());
    outbid_.assign(line_.size(), false);
    find_longest_waiting();
    for (const Island island : work_.islands) {
      if (island.size() > 0 && !memory_.is_quiet(line_, island)) plan_island(island);
    }
    TickPlan plan;
    write_matches(plan);
    write_waiting(plan);
    plan.expired = std::move(work_.aside.expired);
    return plan;
  }

 private:
  struct Tools {
    Tools(const Format& format, const Line& line, Draft& draft)
        : appraiser(format, line),
          runs(format, line),
          growth(format, line),
          finder(format, line),
          improver(format, line, draft, appraiser) {}
    Appraiser appraiser;
    Runs runs;
    Growth growth;
    Finder finder;
    Improver improver;
  };

  // Most ticks of most buckets find nothing changed and need none of them.
  Tools& tools() { return tools_ ? *tools_ : tools_.emplace(format_, line_, draft_); }

  void find_longest_waiting() {
    for (Index i = 0; i < line_.size(); ++i) {
      if (longest_waiting_ == kNobody || waits_longer(line_, i, longest_waiting_)) longest_waiting_ = i;
    }
  }

  void plan_island(Island island) {
    match_the_starving(island);
    const bool solo = std::all_of(line_.begin() + island.begin, line_.begin() + island.end,
                                  [](const Candidate& ticket) { return ticket.size == 1; });
    if (solo && fixed_.empty() && format_.use_rating) tools().runs.schedule(island, draft_, tools().appraiser);
    match_from_below(island);
    if (!has_match(island)) return;
    if (format_.use_rating && tools().improver.improve(island, fixed_)) match_from_below(island);
    note_the_outbid(island);
  }

  // Who was passed over too often comes first, the longest-waiting of them before all others.
  void match_the_starving(Island island) {
    constexpr std::size_t kMostStarving = 16;
    std::vector<Index> starving;
    for (Index i = island.begin; i < island.end; ++i) {
      if (memory_.passed_over(line_[i]) >= kPatienceTicks) starving.push_back(i);
    }
    fixed_.clear();
    if (starving.empty()) return;
    keep_longest_waiting(line_, starving, kMostStarving);
    fixed_.assign(line_.size(), false);
    tools().finder.survey(island, &draft_);
    std::vector<Index> match;
    for (const Index i : starving) {
      if (!draft_.is_free(i) || !tools().finder.best_for(i, floors_for(i), tools().appraiser, match)) continue;
      draft_.add(match, *tools().appraiser.worth(match));
      for (const Index member : match) fixed_[member] = true;
    }
  }

  // For the longest-waiting nothing is left untried.
  Index floors_for(Index ticket) const {
    constexpr Index kFloors = 64;
    return ticket == longest_waiting_ ? Finder::kAllFloors : kFloors;
  }

  // Each free ticket in turn as the lowest of a match; in the end no match is left among the free. (Where ratings do
  // not count, the line's order is that of waiting, and this alone is "oldest first".)
  void match_from_below(Island island) {
    Growth& growth = tools().growth;
    growth.survey(island, &draft_);
    if (!growth.sizes_suffice(island.begin, island.end, 0)) return;
    std::vector<Index> match;
    for (Index i = island.begin; i < island.end; ++i) {
      if (draft_.is_free(i) && growth.grow(i, i, match)) draft_.add(match, *tools().appraiser.worth(match));
    }
  }

  bool has_match(Island island) const {
    for (Index i = island.begin; i < island.end; ++i) {
      if (!draft_.is_free(i)) return true;
    }
    return false;
  }

  // Who could have played, had nobody else. In a crowd only the longest-waiting are asked after.
  void note_the_outbid(Island island) {
    constexpr std::size_t kMostAsked = 1024;
    std::vector<Index> left;
    for (Index i = island.begin; i < island.end; ++i) {
      if (draft_.is_free(i)) left.push_back(i);
    }
    if (left.empty()) return;
    keep_longest_waiting(line_, left, kMostAsked);
    tools().finder.survey(island, nullptr);
    for (const Index i : left) outbid_[i] = tools().finder.exists_for(i, floors_for(i));
  }

  void write_matches(TickPlan& plan) {
    const auto standing = draft_.standing();
    plan.matches.reserve(standing.size());
    std::vector<std::uint8_t> team_of;
    for (const auto match : standing) {
      const auto members = draft_.members(match);
      const Verdict verdict = tools().appraiser.judge(members, team_of);
      const auto first = static_cast<std::uint32_t>(plan.seats.size());
      plan.matches.push_back({first, static_cast<std::uint32_t>(members.size()), verdict.quality, verdict.spread,
                              verdict.win_probability});
      for (int team = 0; team < format_.teams; ++team) {
        for (std::size_t i = 0; i < members.size(); ++i) {
          if (team_of[i] == team) plan.seats.push_back({line_[members[i]].slot, static_cast<std::uint32_t>(team)});
        }
      }
      for (const Index i : members) memory_.matched(line_[i]);
    }
  }

  void write_waiting(TickPlan& plan) {
    const Reasons reasons(format_, line_);
    for (Index i = 0; i < line_.size(); ++i) {
      if (!draft_.is_free(i)) continue;
      plan.waiting.push_back(outbid_[i] ? Waiting{line_[i].slot, Binding::outbid, 0} : reasons.of(i));
      memory_.weighed_in_vain(line_, i, format_, outbid_[i]);
    }
    for (const Slot slot : work_.aside.closed) plan.waiting.push_back(why_closed(pool_, slot, now_));
  }

  const Pool& pool_;
  BucketMs now_;
  Memory& memory_;
  Format format_;
  Workspace& work_;
  const Line& line_;
  Draft& draft_;
  std::optional<Tools> tools_;
  Index longest_waiting_ = kNobody;
  std::vector<bool> fixed_;   ///< by ticket: plays in a match that stays; empty: nobody does
  std::vector<bool> outbid_;  ///< by ticket
};

}  // namespace

TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now) {
  Memory memory;
  return plan(pool, rules, now, memory);
}

TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory) {
  Workspace workspace;
  return plan(pool, rules, now, memory, workspace);
}

TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory, Workspace& workspace) {
  return Tick(pool, rules, now, memory, workspace).run();
}

}  // namespace mm::matchmaker
