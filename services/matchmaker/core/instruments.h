// What searches a tick's line for matches, made once for all ticks of the same kind of bucket: it has tables that take
// longer to set up than most ticks take, and answers it remembers (which sizes fill teams, which halves they make) stay
// true.
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

  Format format;  ///< this tick's; always of the same number of teams and players
  Appraiser appraiser;
  Runs runs;
  Growth growth;
  Finder finder;
  Improver improver;
  Duels duels;
};

}  // namespace mm::matchmaker
