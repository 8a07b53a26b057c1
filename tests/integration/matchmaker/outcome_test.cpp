// Tests of what follows a commit: the outcome of a match, by event or by request, frees the players or queues their
// tickets again, exactly once.
#include <atomic>
#include <set>

#include "common/bus/consumer.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

Ticket status_of(const Tenant& tenant, TicketId ticket) {
  GetTicket request;
  request.tenant = tenant;
  request.ticket_id = ticket;
  const auto answer = shared().send(request);
  EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().detail);
  return answer ? *answer : Ticket{};
}

std::string claim_of(const Tenant& tenant, PlayerId player) {
  return shared().redis_command({"HGET", "mm:{" + tenant.str() + "}:claim", player.to_string()}).text;
}

bool is_live(const Tenant& tenant, MatchId match) {
  return shared().redis_command({"HEXISTS", "mm:{" + tenant.str() + "}:live", match.to_string()}).integer == 1;
}

/// Two players who are alone in their bucket, and their match.
struct Duel {
  Tenant tenant = fresh_tenant();
  Enqueue left = request_of(tenant, "duel", 1, {1500});
  Enqueue right = request_of(tenant, "duel", 1, {1500});
  MatchFound match;

  explicit Duel(const std::string& mode = "duel") {
    left.mode = right.mode = mode_named(mode);
    EXPECT_TRUE(shared().send(left).ok());
    EXPECT_TRUE(shared().send(right).ok());
    EXPECT_TRUE(eventually([&] { return shared().published.match_of(*left.ticket_id).has_value(); }));
    match = shared().published.match_of(*left.ticket_id).value_or(MatchFound{});
  }

  MatchCancelled cancelled(std::vector<TicketId> requeue, CancelReason reason = CancelReason::no_server) const {
    MatchCancelled event;
    event.match_id = match.match_id;
    event.tenant = tenant;
    event.reason = reason;
    event.requeue = std::move(requeue);
    return event;
  }
  MatchReady ready() const {
    MatchReady event;
    event.match_id = match.match_id;
    event.tenant = tenant;
    event.mode = match.mode;
    event.region = match.region;
    return event;
  }
  MatchCompleted completed() const {
    MatchCompleted event;
    event.match_id = match.match_id;
    event.tenant = tenant;
    event.mode = match.mode;
    event.region = match.region;
    event.started_at = event.ended_at = wall();
    return event;
  }
  void expect_over() const {
    EXPECT_TRUE(eventually([&] { return !is_live(tenant, match.match_id); }));
  }
};

TEST(Outcome, ReadyConfirmsTheMatch) {
  Duel duel;
  EXPECT_TRUE(is_live(duel.tenant, duel.match.match_id));
  shared().publish(duel.ready());
  EXPECT_TRUE(eventually([&] {
    return shared().redis_command({"ZCARD", "mm:{" + duel.tenant.str() + "}:unconfirmed"}).integer == 0;
  }));
  EXPECT_TRUE(is_live(duel.tenant, duel.match.match_id));
  EXPECT_EQ(claim_of(duel.tenant, duel.left.players[0].player_id), "m:" + duel.match.match_id.to_string());
}

TEST(Outcome, CompletedFreesThePlayers) {
  Duel duel;
  shared().publish(duel.completed());
  duel.expect_over();
  EXPECT_EQ(claim_of(duel.tenant, duel.left.players[0].player_id), "");
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).status, TicketStatus::matched) << "its match was played";
  auto next = request_of(duel.tenant, "duel", 1, {1500});
  next.players[0].player_id = duel.left.players[0].player_id;
  EXPECT_TRUE(shared().send(next).ok());
}

TEST(Outcome, CancelledQueuesTheListedTicketsAgainWithTheirAge) {
  Duel duel("hasty");
  const auto before =
      shared().redis_command({"HMGET", "mm:{" + duel.tenant.str() + "}:ticket:" + duel.left.ticket_id->to_string(),
                              "queued_at", "deadline", "matched_at"});
  // The match takes longer than the longest wait of the mode. This time does not count as waiting.
  ASSERT_TRUE(eventually([&] { return wall() - duel.match.created_at > Milliseconds{1'200}; }));
  shared().publish(duel.cancelled({*duel.left.ticket_id}));
  duel.expect_over();
  std::optional<TicketRequeued> event;
  ASSERT_TRUE(eventually([&] {
    for (const auto& one : shared().published.events<TicketRequeued>()) {
      if (one.ticket_id == *duel.left.ticket_id) event = one;
    }
    return event.has_value();
  }));
  EXPECT_EQ(event->attempt, 2);
  EXPECT_EQ(event->match_id, duel.match.match_id);
  const auto queued_at = std::stoll(before.items[0].text);
  const auto matched_at = std::stoll(before.items[2].text);
  const auto moved = event->queued_at.time_since_epoch().count() - queued_at;
  EXPECT_GE(moved, 1'200);
  EXPECT_LE(moved, (wall().time_since_epoch().count() - matched_at) + 100);

  // The ticket that is not listed ends.
  EXPECT_EQ(status_of(duel.tenant, *duel.right.ticket_id).status, TicketStatus::cancelled);
  EXPECT_TRUE(eventually([&] { return shared().published.times_closed(*duel.right.ticket_id) == 1; }));
  EXPECT_EQ(claim_of(duel.tenant, duel.right.players[0].player_id), "");
  // The ticket has as much waiting time left as before the match. Then it times out.
  EXPECT_TRUE(eventually([&] { return shared().published.times_closed(*duel.left.ticket_id) == 1; }));
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).status, TicketStatus::timed_out);
}

TEST(Outcome, ARequeuedTicketIsMatchedAgain) {
  Duel duel;
  shared().publish(duel.cancelled({*duel.left.ticket_id, *duel.right.ticket_id}));
  ASSERT_TRUE(eventually([&] {
    const auto now = status_of(duel.tenant, *duel.left.ticket_id);
    return now.match_id.has_value() && *now.match_id != duel.match.match_id;
  }));
  const auto again = *status_of(duel.tenant, *duel.left.ticket_id).match_id;
  EXPECT_EQ(status_of(duel.tenant, *duel.right.ticket_id).match_id, again);
  EXPECT_FALSE(is_live(duel.tenant, duel.match.match_id));

  // A second copy of the cancellation of the first match has no effect on the second.
  shared().publish(duel.cancelled({*duel.left.ticket_id, *duel.right.ticket_id}));
  Duel later;  // its events come after the copy: when they are handled, the copy has been handled
  shared().publish(later.completed());
  later.expect_over();
  EXPECT_TRUE(is_live(duel.tenant, again));
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).match_id, again);
  EXPECT_EQ(claim_of(duel.tenant, duel.left.players[0].player_id), "m:" + again.to_string());
}

TEST(Outcome, ATicketWithdrawnDuringTheMatchIsNotQueuedAgain) {
  Duel duel;
  CancelTicket cancel;
  cancel.tenant = duel.tenant;
  cancel.ticket_id = *duel.left.ticket_id;
  EXPECT_EQ(code_of(shared().send(cancel)), Code::already_matched);
  shared().publish(duel.cancelled({*duel.left.ticket_id, *duel.right.ticket_id}));
  duel.expect_over();
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).status, TicketStatus::cancelled);
  EXPECT_EQ(status_of(duel.tenant, *duel.right.ticket_id).status, TicketStatus::searching);
  EXPECT_EQ(claim_of(duel.tenant, duel.left.players[0].player_id), "");
}

// A result that is delivered again must not free a claim that the player acquired after the first delivery.
TEST(Outcome, ARedeliveredResultFreesNoNewerClaim) {
  Duel duel;
  shared().publish(duel.completed());
  duel.expect_over();
  auto next = request_of(duel.tenant, "ranked", 5, {1500});
  next.players[0].player_id = duel.left.players[0].player_id;
  ASSERT_TRUE(shared().send(next).ok());
  shared().publish(duel.completed());
  Duel later;
  shared().publish(later.completed());
  later.expect_over();
  EXPECT_EQ(claim_of(duel.tenant, next.players[0].player_id), "t:" + next.ticket_id->to_string());
  auto third = next;
  third.ticket_id = TicketId::fresh(wall());
  EXPECT_EQ(code_of(shared().send(third)), Code::already_queued);
}

TEST(Outcome, AnEnqueueDuringAMatchAsksItsSession) {
  Duel duel;
  auto next = request_of(duel.tenant, "ranked", 5, {1500});
  next.players[0].player_id = duel.left.players[0].player_id;
  EXPECT_EQ(code_of(shared().send(next)), Code::in_match);
  // No event is published: the answer of session alone frees the player.
  shared().session.set_status(duel.match.match_id, MatchStatus::completed);
  EXPECT_TRUE(eventually([&] { return shared().send(next).ok(); }));
  EXPECT_FALSE(is_live(duel.tenant, duel.match.match_id));
}

TEST(Pull, LearnsWhatNoEventHasTold) {
  Duel duel;
  shared().session.set_status(duel.match.match_id, MatchStatus::cancelled, {*duel.left.ticket_id});
  duel.expect_over();
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).status, TicketStatus::searching);
  EXPECT_EQ(status_of(duel.tenant, *duel.right.ticket_id).status, TicketStatus::cancelled);
}

TEST(Pull, BringsAMatchToASessionThatHasNotHeardOfIt) {
  shared().session.set_ignoring_events(true);
  Duel duel;
  EXPECT_TRUE(eventually([&] {
    return shared().redis_command({"ZCARD", "mm:{" + duel.tenant.str() + "}:unconfirmed"}).integer == 0;
  }));
  shared().session.set_ignoring_events(false);
  EXPECT_EQ(shared().session.requests_about(duel.match.match_id), 1);
  EXPECT_TRUE(is_live(duel.tenant, duel.match.match_id)) << "the match is confirmed, but has no server yet";
}

// match.found is republished under the same message id, so the stream has one event, however often it is published.
TEST(Pull, NeverPutsASecondEventOfAMatchIntoTheStream) {
  shared().session.set_ignoring_events(true);
  std::atomic<int> stored = 0;
  std::atomic<bool> later_seen = false;
  Duel duel;
  bus::Consumer consumer(*shared().bus, streams::kMatch,
                         {.name = shared().fresh_consumer(streams::kMatch, MatchFound::kSubject)}, shared().metrics);
  consumer.on<MatchFound>([&](const MatchFound& found, const bus::EventInfo&) {
    if (found.match_id == duel.match.match_id) ++stored;
    if (found.created_at > duel.match.created_at && stored > 0) later_seen = true;
    return bus::Ack::done;
  });
  consumer.start();
  EXPECT_TRUE(eventually([&] { return shared().published.times_found(duel.match.match_id) > 1; })) << "said again";
  shared().session.set_ignoring_events(false);
  Duel later;
  // In the stream, the event of the later match follows all copies.
  EXPECT_TRUE(eventually([&] { return later_seen.load(); }));
  EXPECT_EQ(stored, 1);
}

// The following tests check the frames, the state of the ticket and its end, if no server could be allocated.
TEST(NoServer, EndsATicketAfterThreeAttempts) {
  Duel duel;
  auto match = duel.match;
  for (int attempt = 1; attempt <= kMaxServerlessMatches; ++attempt) {
    auto event = duel.cancelled({*duel.left.ticket_id, *duel.right.ticket_id});
    event.match_id = match.match_id;
    shared().publish(event);
    if (attempt == kMaxServerlessMatches) break;
    ASSERT_TRUE(eventually([&] {
      for (const auto& found : shared().published.events<MatchFound>()) {
        if (found.tenant == duel.tenant && found.created_at > match.created_at) match = found;
      }
      return match.match_id != event.match_id;
    })) << attempt;
  }
  ASSERT_TRUE(eventually([&] { return shared().published.times_closed(*duel.left.ticket_id) > 0; }));
  for (const auto& closed : shared().published.events<TicketClosed>()) {
    if (closed.tenant != duel.tenant) continue;
    EXPECT_EQ(closed.reason, CloseReason::no_server);
  }
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).status, TicketStatus::cancelled);
  EXPECT_EQ(claim_of(duel.tenant, duel.left.players[0].player_id), "");
}

TEST(NoServer, AnotherReasonDoesNotCount) {
  Duel duel;
  auto match = duel.match;
  for (int attempt = 1; attempt <= kMaxServerlessMatches; ++attempt) {
    auto event = duel.cancelled({*duel.left.ticket_id, *duel.right.ticket_id}, CancelReason::conflict);
    event.match_id = match.match_id;
    shared().publish(event);
    ASSERT_TRUE(eventually([&] {
      for (const auto& found : shared().published.events<MatchFound>()) {
        if (found.tenant == duel.tenant && found.created_at > match.created_at) match = found;
      }
      return match.match_id != event.match_id;
    })) << attempt;
  }
  EXPECT_EQ(shared().published.times_closed(*duel.left.ticket_id), 0);
}

TEST(NoServer, TheTimeWithoutAServerCountsAsWaitingForThePlayer) {
  Duel duel;
  const auto queued_at = status_of(duel.tenant, *duel.left.ticket_id).queued_at;
  ASSERT_TRUE(eventually([&] { return wall() - duel.match.created_at > Milliseconds{700}; }));
  EXPECT_GE(status_of(duel.tenant, *duel.left.ticket_id).waited_ms, 600) << "the ticket is matched, but has no server";
  shared().publish(duel.cancelled({*duel.left.ticket_id}));
  ASSERT_TRUE(
      eventually([&] { return status_of(duel.tenant, *duel.left.ticket_id).status == TicketStatus::searching; }));
  const auto again = status_of(duel.tenant, *duel.left.ticket_id);
  EXPECT_GE(again.waited_ms, 700);
  EXPECT_EQ(again.queued_at, queued_at);
}

TEST(NoServer, AMatchThatGotItsServerEndsTheWait) {
  Duel duel;
  shared().publish(duel.ready());
  const auto key = "mm:{" + duel.tenant.str() + "}:ticket:" + duel.left.ticket_id->to_string();
  ASSERT_TRUE(eventually([&] { return !shared().redis_command({"HGET", key, "ready_at"}).is_nil(); }));
  const auto waited = status_of(duel.tenant, *duel.left.ticket_id).waited_ms;
  const auto at = wall();
  ASSERT_TRUE(eventually([&] { return wall() - at > Milliseconds{50}; }));
  EXPECT_EQ(status_of(duel.tenant, *duel.left.ticket_id).waited_ms, waited);
}

// The player who has cancelled is notified of the end, and the other player that the search goes on.
TEST(NoServer, EachPlayerIsToldWhatBecomesOfThem) {
  Duel duel;
  const auto left = duel.left.players[0].player_id;
  const auto right = duel.right.players[0].player_id;
  shared().set_connected(duel.tenant, left);
  shared().set_connected(duel.tenant, right);
  CancelTicket cancel;
  cancel.tenant = duel.tenant;
  cancel.ticket_id = *duel.left.ticket_id;
  EXPECT_EQ(code_of(shared().send(cancel)), Code::already_matched);
  shared().publish(duel.cancelled({*duel.left.ticket_id, *duel.right.ticket_id}));
  EXPECT_TRUE(shared().published.has_frame(left, "match_cancelled", "\"requeued\":false"));
  EXPECT_TRUE(shared().published.has_frame(right, "match_cancelled", "\"requeued\":true"));
}

TEST(TimeOut, EndsATicketAfterTheModesLongestWait) {
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "hasty", 1, {1500});
  const auto answer = shared().send(request);
  ASSERT_TRUE(answer.ok());
  ASSERT_TRUE(eventually([&] { return shared().published.times_closed(*request.ticket_id) > 0; }));
  EXPECT_GE((wall() - answer->queued_at).count(), 1'000);
  for (const auto& event : shared().published.events<TicketClosed>()) {
    if (event.ticket_id != *request.ticket_id) continue;
    EXPECT_EQ(event.reason, CloseReason::timed_out);
  }
  EXPECT_EQ(status_of(tenant, *request.ticket_id).status, TicketStatus::timed_out);
  EXPECT_EQ(claim_of(tenant, request.players[0].player_id), "");
  CancelTicket cancel;
  cancel.tenant = tenant;
  cancel.ticket_id = *request.ticket_id;
  const auto late = shared().send(cancel);
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->status, TicketStatus::timed_out);
}

MakeMatch challenge_of(const Tenant& tenant) {
  MakeMatch request;
  request.match_id = MatchId::fresh(wall());
  request.tenant = tenant;
  request.mode = mode_named("duel");
  request.region = default_region();
  request.teams = {{player_rated(1500)}, {player_rated(1700)}};
  return request;
}

TEST(MakeMatch, ClaimsAllPlayersOrNone) {
  const auto tenant = fresh_tenant();
  auto request = challenge_of(tenant);
  const auto made = shared().send(request);
  ASSERT_TRUE(made.ok()) << made.error().detail;
  EXPECT_EQ(made->match_id, *request.match_id);
  ASSERT_TRUE(eventually([&] { return shared().published.times_found(*request.match_id) > 0; }));
  EXPECT_TRUE(shared().send(request).ok()) << "the repeated request is accepted";
  for (const auto& match : shared().published.events<MatchFound>()) {
    if (match.match_id != *request.match_id) continue;
    EXPECT_EQ(match.source, MatchSource::challenge);
    EXPECT_EQ(match.team_size, 1);
    EXPECT_NEAR(match.mmr_spread, 200, 0.01);
    EXPECT_EQ(match.teams.at(1).players.at(0).player_id, request.teams[1][0].player_id);
  }

  auto second = challenge_of(tenant);
  second.teams[1] = request.teams[0];
  EXPECT_EQ(code_of(shared().send(second)), Code::in_match);
  EXPECT_EQ(claim_of(tenant, second.teams[0][0].player_id), "") << "or none";

  const auto ticket = request_of(tenant, "ranked", 5, {1500});
  ASSERT_TRUE(shared().send(ticket).ok());
  auto third = challenge_of(tenant);
  third.teams[1] = ticket.players;
  const auto refused = shared().send(third);
  ASSERT_EQ(code_of(refused), Code::already_queued);
  EXPECT_EQ(refused.error().ticket_id, ticket.ticket_id);

  MatchCompleted over;
  over.match_id = *request.match_id;
  over.tenant = tenant;
  over.mode = request.mode;
  over.region = request.region;
  shared().publish(over);
  EXPECT_TRUE(eventually([&] { return claim_of(tenant, request.teams[0][0].player_id).empty(); }));
  EXPECT_EQ(code_of(shared().send(request)), Code::match_over) << "a match that has ended is not made again";
}

TEST(MakeMatch, RefusesWhatIsNoMatchOfTheMode) {
  const auto tenant = fresh_tenant();
  auto one_team = challenge_of(tenant);
  one_team.teams.pop_back();
  EXPECT_EQ(pointer_of(shared().send(one_team)), "/teams");
  auto uneven = challenge_of(tenant);
  uneven.teams[1].push_back(player_rated(1500));
  EXPECT_EQ(pointer_of(shared().send(uneven)), "/teams/1");
  auto twice = challenge_of(tenant);
  twice.teams[1] = twice.teams[0];
  EXPECT_EQ(pointer_of(shared().send(twice)), "/teams/1/0/player_id");
  auto empty = challenge_of(tenant);
  empty.teams = {{}, {}};
  EXPECT_EQ(pointer_of(shared().send(empty)), "/teams/0");
  auto no_such_size = challenge_of(tenant);
  for (auto& team : no_such_size.teams) team.push_back(player_rated(1500));
  EXPECT_EQ(code_of(shared().send(no_such_size)), Code::invalid_team_size);
  auto old = challenge_of(tenant);
  old.match_id = MatchId(uuid_issued(wall() - Seconds(400)));
  EXPECT_EQ(code_of(shared().send(old)), Code::ticket_expired);
  EXPECT_EQ(code_of(shared().send(challenge_of(tenant), as_player(tenant, fresh_player()))), Code::forbidden);
}

}  // namespace
}  // namespace mm::matchmaker
