// Tests the transitions of a match, its views, and which tickets return to the queue when it is cancelled.
#include "services/session/core/match.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "tests/unit/session/found_matches.h"

namespace mm::session {
namespace {

TEST(MatchLife, HasTheTransitionsOfTheProtocolAndNoOthers) {
  using enum MatchStatus;
  const std::map<MatchStatus, std::vector<MatchStatus>> table{
      {allocating, {ready, cancelled}},
      {ready, {running, completed, cancelled}},
      {running, {completed, cancelled}},
  };
  for (const auto& [from, from_text] : EnumText<MatchStatus>::kAll) {
    for (const auto& [to, to_text] : EnumText<MatchStatus>::kAll) {
      const auto allowed = table.find(from);
      const bool expected =
          allowed != table.end() && std::count(allowed->second.begin(), allowed->second.end(), to) > 0;
      EXPECT_EQ(may_become(from, to), expected) << from_text << " -> " << to_text;
    }
  }
}

TEST(MatchLife, NothingLeavesAnEnd) {
  for (const auto& [to, text] : EnumText<MatchStatus>::kAll) {
    EXPECT_FALSE(may_become(MatchStatus::completed, to)) << text;
    EXPECT_FALSE(may_become(MatchStatus::cancelled, to)) << text;
  }
}

TEST(MatchLife, NamesTheStatesBeforeAnother) {
  using enum MatchStatus;
  EXPECT_EQ(states_before(ready), std::vector{allocating});
  EXPECT_EQ(states_before(completed), (std::vector{ready, running}));
  EXPECT_EQ(states_before(cancelled), (std::vector{allocating, ready, running}));
  EXPECT_TRUE(states_before(allocating).empty());
}

TEST(Cancellation, OfAMatchWithoutServerRequeuesEveryTicketOnce) {
  const auto found = found_match({{{1, 'A'}, {2, 'A'}}, {{3, 'B'}, {4, 'C'}}});
  const auto result = cancelled_event(row_of(found), CancelReason::no_server);
  EXPECT_EQ(result.requeue, (std::vector{ticket('A'), ticket('B'), ticket('C')}));
  EXPECT_TRUE(result.dropped.empty());
}

TEST(Cancellation, OfALostServerRequeuesNobody) {
  const auto found = found_match({{{1, 'A'}}, {{2, 'B'}}});
  const auto result = cancelled_event(row_of(found), CancelReason::server_lost);
  EXPECT_TRUE(result.requeue.empty());
  EXPECT_EQ(result.dropped, (std::vector{player(1), player(2)}));
}

TEST(Cancellation, OfAConflictEndsTheWholeTicketOfACulprit) {
  const auto found = found_match({{{1, 'A'}, {2, 'A'}}, {{3, 'B'}, {4, 'C'}}});
  const auto result = cancelled_event(row_of(found), CancelReason::conflict, {player(2)});
  EXPECT_EQ(result.requeue, (std::vector{ticket('B'), ticket('C')}));
  EXPECT_EQ(result.dropped, (std::vector{player(1), player(2)}));
}

TEST(Cancellation, DropsPlayersWithoutATicket) {
  const auto found = found_match({{{1, '-'}}, {{2, 'B'}}});
  const auto result = cancelled_event(row_of(found), CancelReason::no_server);
  EXPECT_EQ(result.requeue, std::vector{ticket('B')});
  EXPECT_EQ(result.dropped, std::vector{player(1)});
}

TEST(Cancellation, PutsEveryPlayerOnExactlyOneSide) {
  const bool holds = rc::check("each player's ticket is requeued or the player is dropped, never both", [] {
    std::vector<std::vector<Seat>> teams(2);
    const auto size = *rc::gen::inRange(1, 6);
    int next = 1;
    for (std::size_t team = 0; team < 2; ++team) {
      for (int i = 0; i < size; ++i) {
        // The teams have no common ticket: A to D in one, E to H in the other; - is none.
        const char letter = *rc::gen::arbitrary<bool>() || i == 0
                                ? static_cast<char>((team == 0 ? 'A' : 'E') + *rc::gen::inRange(0, 4))
                                : '-';
        teams[team].push_back({next++, letter});
      }
    }
    const auto found = found_match(teams);
    std::set<PlayerId> culprits;
    for (int i = 1; i < next; ++i) {
      if (*rc::gen::arbitrary<bool>()) culprits.insert(player(i));
    }
    const auto reason = *rc::gen::element(CancelReason::no_server, CancelReason::conflict, CancelReason::server_lost,
                                          CancelReason::voided);
    const auto result = cancelled_event(row_of(found), reason, culprits);
    for (const auto& team : found.teams) {
      for (const auto& member : team.players) {
        const bool dropped = std::count(result.dropped.begin(), result.dropped.end(), member.player_id) > 0;
        const bool requeued =
            member.ticket_id && std::count(result.requeue.begin(), result.requeue.end(), *member.ticket_id) > 0;
        RC_ASSERT(dropped != requeued);
        RC_ASSERT(!(requeued && reason == CancelReason::conflict && culprits.contains(member.player_id)));
      }
    }
  });
  EXPECT_TRUE(holds);
}

TEST(View, ShowsTheServerOnlyWhileTheMatchIsPlayed) {
  auto match = row_of(found_match({{{1, 'A'}}, {{2, 'B'}}}));
  match.server_endpoint = "127.0.0.1:1";
  match.server_url = "ws://127.0.0.1:1/match/x";
  for (const auto& [status, text] : EnumText<MatchStatus>::kAll) {
    match.status = status;
    const bool shown = status == MatchStatus::ready || status == MatchStatus::running;
    EXPECT_EQ(seen_by_player(match, player(1)).server_url.has_value(), shown) << text;
    EXPECT_EQ(seen_by_service(match).server_endpoint.has_value(), shown) << text;
  }
}

TEST(View, HasRequeuedTicketsForServicesAndTheTeamForPlayers) {
  auto match = row_of(found_match({{{1, 'A'}}, {{2, 'B'}}}));
  match.status = MatchStatus::cancelled;
  match.requeue = {ticket('A')};
  EXPECT_EQ(seen_by_service(match).requeue, std::vector{ticket('A')});
  EXPECT_EQ(seen_by_service(match).team, -1);
  EXPECT_FALSE(seen_by_player(match, player(2)).requeue.has_value());
  EXPECT_EQ(seen_by_player(match, player(2)).team, 1);
}

}  // namespace
}  // namespace mm::session
