// Tests which found matches start as allocating, and which as cancelled.
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
      {"three teams in an unknown mode", unknown, true},
      {"a team too small", smaller, false},
      {"a smaller team in a match made from given teams", made, true},
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

struct StartCase {
  const char* name;
  InitialFacts facts;
  Milliseconds age;                    ///< of the match when its row was stored
  std::optional<CancelReason> reason;  ///< none: it starts as allocating
  std::vector<TicketId> requeue;
};

TEST(InitialState, FollowsTheRosterTheAgeAndTheBusyPlayers) {
  constexpr Milliseconds kMaxAge{30'000};
  constexpr Milliseconds kOld{30'001};
  const std::vector<TicketId> all{ticket('A'), ticket('B'), ticket('C')};
  const StartCase cases[] = {
      {"a good match", {{}, {}, kMaxAge}, Milliseconds{0}, {}, {}},
      {"just young enough", {{}, {}, kMaxAge}, kMaxAge, {}, {}},
      {"found by a clock ahead of ours", {{}, {}, kMaxAge}, -kMaxAge, {}, {}},
      {"too old", {{}, {}, kMaxAge}, kOld, CancelReason::no_server, all},
      {"bad roster", {"a team has the wrong size", {}, kMaxAge}, Milliseconds{0}, CancelReason::conflict, {}},
      {"bad roster and too old", {"a team has the wrong size", {}, kMaxAge}, kOld, CancelReason::conflict, {}},
      {"one busy player of a party",
       {{}, {player(2)}, kMaxAge},
       Milliseconds{0},
       CancelReason::conflict,
       {ticket('B'), ticket('C')}},
      {"everybody busy",
       {{}, {player(1), player(2), player(3), player(4)}, kMaxAge},
       Milliseconds{0},
       CancelReason::conflict,
       {}},
  };
  auto row = row_of(found_match({{{1, 'A'}, {2, 'A'}}, {{3, 'B'}, {4, 'C'}}}));
  for (const auto& c : cases) {
    row.stored_at = row.found_at + c.age;
    const auto refusal = initial_refusal(row, c.facts);
    ASSERT_EQ(refusal.has_value(), c.reason.has_value()) << c.name;
    if (!refusal) continue;
    EXPECT_FALSE(refusal->why.empty()) << c.name;
    EXPECT_EQ(refusal->event.match_id, row.id) << c.name;
    EXPECT_EQ(refusal->event.reason, *c.reason) << c.name;
    EXPECT_EQ(refusal->event.requeue, c.requeue) << c.name;
  }
}

}  // namespace
}  // namespace mm::session
