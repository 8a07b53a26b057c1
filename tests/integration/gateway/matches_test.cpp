// Tests of a match that session does not know (yet).
#include "tests/integration/gateway/world.h"

namespace mm::gateway::testing {
namespace {

Ticket ticket_of(MatchId match) {
  auto ticket = ticket_in();
  ticket.status = TicketStatus::matched;
  ticket.match_id = match;
  return ticket;
}

Answer get_match(MatchId match, const Player& player) {
  return gateway().get("/v1/session/" + match.to_string(), player.auth());
}

TEST(UnknownMatch, InWhichTheQueueHasPutThePlayerIsNotReadyYet) {
  const auto player = fresh_player();
  const auto match = MatchId::fresh(beginning());
  fake<GetMatch>().refuse(Code::not_found);
  fake<GetTicket>().answer(ticket_of(match));
  const auto answer = get_match(match, player);
  expect_problem(answer, 503, "not_ready_yet");
  EXPECT_EQ(answer.header("retry-after"), "1");
  EXPECT_EQ(fake<GetTicket>().last().player_id, player.id);
  expect_problem(get_match(MatchId::fresh(beginning()), player), 404, "not_found");
}

TEST(UnknownMatch, IsNotFoundWithoutATicketOrWithoutTheQueue) {
  const auto player = fresh_player();
  fake<GetMatch>().refuse(Code::not_found);
  for (const auto code : {Code::not_found, Code::unavailable}) {
    fake<GetTicket>().refuse(code);
    expect_problem(get_match(MatchId::fresh(beginning()), player), 404, "not_found");
  }
}

TEST(UnknownMatch, IsTheOnlyOneThatCostsASecondRequest) {
  const auto player = fresh_player();
  const auto match = MatchId::fresh(beginning());
  fake<GetTicket>().answer(ticket_of(match));
  fake<GetMatch>().answer(match_with(player));
  EXPECT_EQ(get_match(match, player).status, 200);
  fake<GetMatch>().refuse(Code::unavailable);
  expect_problem(get_match(match, player), 503, "unavailable");
  EXPECT_EQ(fake<GetTicket>().requests(), 0);
}

}  // namespace
}  // namespace mm::gateway::testing
