// Search context: the objects that search a tick's candidates for matches. It is created once per kind of bucket and
// reused, because its tables take longer to set up than most ticks, and its cached answers (which sizes fill the teams,
// how they split into halves) stay valid.
#pragma once

#include "services/matchmaker/core/appraise.h"
#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/duels.h"
#include "services/matchmaker/core/format.h"
#include "services/matchmaker/core/growth.h"
#include "services/matchmaker/core/improve.h"
#include "services/matchmaker/core/solo.h"
#include "services/matchmaker/core/starvation.h"

namespace mm::matchmaker {

struct Instruments {
  Instruments(const Format& made_for, const Line& line, Draft& draft)
      : format(made_for),
        appraiser(format, line),
        runs(format, line),
        growth(format, line),
        finder(format, line),
        improver(format, line, draft, appraiser) {}
  Instruments(const Instruments&) = delete;
  Instruments& operator=(const Instruments&) = delete;

  Format format;  ///< of the current tick; teams and team_size never change
  Appraiser appraiser;
  Runs runs;
  Growth growth;
  Finder finder;
  Improver improver;
  Duels duels;
};

}  // namespace mm::matchmaker
