// Which found matches may live.
#include "services/session/core/initial_state.h"

#include <gtest/gtest.h>

#include "tests/unit/session/found_matches.h"

namespace mm::session {
namespace {

ModeTable two_team_modes() {
  ModeRules rules;
  rules.id = ranked_mode();
  return ModeTable({rules});
}

struct RosterCase {
  const char* name;
  MatchFound found;
  bool good;
};

std::vector<RosterCase> roster_cases() {
  auto smaller = found_match({{{1, 'A'}, {2, 'A'}}, {{3, 'B'}}});
  auto made = smaller;
  made.source = MatchSource::challenge;
  auto unknown = found_match({{{1, 'A'}}, {{2, 'B'}}, {{3, 'C'}}});
  unknown.mode = *Mode::parse("newer");
  auto empty = found_match({{{1, 'A'}}, {{2, 'B'}}});
  empty.teams[1].players.clear();
  auto sizeless = found_match({{{1, 'A'}}, {{2, 'B'}}});
  sizeless.team_size = 0;
  return {
      {"one against one", found_match({{{1, 'A'}}, {{2, 'B'}}}), true},
      {"a party on one side", found_match({{{1, 'A'}, {2, 'A'}}, {{3, 'B'}, {4, 'C'}}}), true},
      {"no tickets at all", found_match({{{1, '-'}}, {{2, '-'}}}), true},
      {"one team", found_match({{{1, 'A'}}}), false},
      {"three teams in a mode of two", found_match({{{1, 'A'}}, {{2, 'B'}}, {{3, 'C'}}}), false},
      {"three teams in a mode we do not know", unknown, true},
      {"a team too small", smaller, false},
      {"a smaller team in a match that was made", made, true},
      {"an empty team", empty, false},
      {"no team size", sizeless, false},
      {"a player on both sides", found_match({{{1, 'A'}}, {{1, 'B'}}}), false},
      {"a player twice on one side", found_match({{{1, 'A'}, {1, 'A'}}, {{3, 'B'}, {4, 'B'}}}), false},
      {"a ticket on both sides", found_match({{{1, 'A'}}, {{2, 'A'}}}), false},
  };
}

TEST(Roster, IsGoodOrBad) {
  for (const auto& c : roster_cases()) {
    const auto wrong = bad_roster(c.found, two_team_modes());
    EXPECT_EQ(!wrong.has_value(), c.good) << c.name << ": " << wrong.value_or("good");
  }
}

TEST(Age, IsTooOldOnlyPastTheLimit) {
  const auto found = found_match({{{1, 'A'}}, {{2, 'B'}}});
  const Milliseconds limit{30'000};
  EXPECT_FALSE(too_old(found, found.created_at + limit, limit));
  EXPECT_TRUE(too_old(found, found.created_at + limit + Milliseconds{1}, limit));
  // A publisher whose clock is ahead of ours is not too old.
  EXPECT_FALSE(too_old(found, found.created_at - limit, limit));
}

}  // namespace
}  // namespace mm::session
