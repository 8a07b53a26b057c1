// Search context: the objects that search a tick's candidates for matches. It is created once per kind of bucket and
// reused, because its tables take longer to set up than most ticks, and its cached answers (which sizes fill the teams,
// how they split into halves) stay valid.
#pragma once

#include "services/matchmaker/matching/search/match_evaluator.h"
#include "services/matchmaker/matching/search/draft.h"
#include "services/matchmaker/matching/search/duels.h"
#include "services/matchmaker/matching/rules/format.h"
#include "services/matchmaker/matching/search/seed_search.h"
#include "services/matchmaker/matching/search/improver.h"
#include "services/matchmaker/matching/search/solo_scheduler.h"
#include "services/matchmaker/matching/search/starvation_search.h"

namespace mm::matching {

struct SearchContext {
  SearchContext(const Format& made_for, const Candidates& line, Draft& draft)
      : format(made_for),
        appraiser(format, line),
        runs(format, line),
        growth(format, line),
        finder(format, line),
        improver(format, line, draft, appraiser) {}
  SearchContext(const SearchContext&) = delete;
  SearchContext& operator=(const SearchContext&) = delete;

  Format format;  ///< of the current tick; teams and team_size never change
  MatchEvaluator appraiser;
  SoloScheduler runs;
  SeedSearch growth;
  StarvationSearch finder;
  Improver improver;
  Duels duels;
};

}  // namespace mm::matching
