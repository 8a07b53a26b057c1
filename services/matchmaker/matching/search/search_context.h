// Search context: the objects that search a tick's candidates for matches. It is created once per kind of bucket and
// reused, because its tables take longer to set up than most ticks, and its cached answers (which sizes fill the teams,
// how they split into halves) stay valid.
#pragma once

#include "services/matchmaker/matching/rules/format.h"
#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/search/duels.h"
#include "services/matchmaker/matching/search/improver.h"
#include "services/matchmaker/matching/search/match_evaluator.h"
#include "services/matchmaker/matching/search/seed_search.h"
#include "services/matchmaker/matching/search/solo_scheduler.h"
#include "services/matchmaker/matching/search/starvation_search.h"

namespace mm::matching {

struct SearchContext {
  SearchContext(const Format& made_for, const Candidates& candidates, DraftPlan& draft)
      : format(made_for),
        evaluator(format, candidates),
        solo_scheduler(format, candidates),
        seed_search(format, candidates),
        starvation_search(format, candidates),
        improver(format, candidates, draft, evaluator) {}
  SearchContext(const SearchContext&) = delete;
  SearchContext& operator=(const SearchContext&) = delete;

  Format format;  ///< of the current tick; teams and team_size never change
  MatchEvaluator evaluator;
  SoloScheduler solo_scheduler;
  SeedSearch seed_search;
  StarvationSearch starvation_search;
  Improver improver;
  Duels duels;
};

}  // namespace mm::matching
