// The handlers of events: tickets that closed or were queued again, matches that were found or have ended, ratings.
#include <gtest/gtest.h>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

class EventHandling : public ::testing::Test {
 protected:
  void SetUp() override {
    stack.matchmaker->relay();  // the events of earlier tests
    stack.wait_for_frames();
  }

  struct Match {
    PartyId party;
    TicketId partys;
    TicketId alone;
    MatchId id;
  };

  /// Matches the party of ada and bob with eve.
  Match matched() {
    Match match;
    match.party = party_of({&ada, &bob}, true);
    match.partys = ada.queue(match.party)->ticket_id;
    match.alone = eve.queue_alone()->ticket_id;
    match.id = stack.matchmaker->match(default_tenant(), {match.partys, match.alone});
    return match;
  }

  bool stored_ticket_is_gone(PartyId party) {
    return eventually([&] {
      const auto field = stack.queue.command({"HGET", "mm:{default}:party:" + party.to_string(), "ticket_id"},
                                             Deadline::after(Milliseconds{5'000}));
      return field && field->text.empty();
    });
  }

  int ready_in(PartyId party) {
    const auto seen = ada.see(party);
    int ready = 0;
    for (const auto& member : seen->members) ready += member.ready ? 1 : 0;
    return ready;
  }

  Stack& stack = Stack::shared();
  EventRecorder& published = stack.published;
  const Gamer ada{stack}, bob{stack}, eve{stack};
};

TEST_F(EventHandling, APartyIsNotifiedOfItsMatch) {
  const auto match = matched();
  EXPECT_TRUE(published.has_frame(bob.id, "party_updated", match.id.to_string()));
  EXPECT_EQ(ada.see(match.party)->status, PartyStatus::in_match);
}

TEST_F(EventHandling, AfterTheMatchNobodyIsReadyAndThePartyIsIdle) {
  const auto match = matched();
  const auto version = ada.see(match.party)->version;
  stack.matchmaker->publish_completed(match.id);
  ASSERT_TRUE(stored_ticket_is_gone(match.party));
  const auto party = ada.see(match.party);
  EXPECT_EQ(party->status, PartyStatus::idle) << "even before the queue has applied it";
  EXPECT_EQ(party->version, version + 1);
  EXPECT_EQ(ready_in(match.party), 0);
  EXPECT_TRUE(published.has_frame(bob.id, "party_updated", "\"idle\""));
  stack.matchmaker->apply_completed(match.id);
  ASSERT_TRUE(ada.ready(match.party) && bob.ready(match.party));
  EXPECT_TRUE(ada.queue(match.party));
}

TEST_F(EventHandling, TheSameEndTwiceHasOneEffect) {
  const auto match = matched();
  stack.matchmaker->publish_completed(match.id);
  ASSERT_TRUE(stored_ticket_is_gone(match.party));
  stack.matchmaker->apply_completed(match.id);
  ASSERT_TRUE(ada.ready(match.party) && bob.ready(match.party));
  const auto again = ada.queue(match.party);
  ASSERT_TRUE(again);
  const auto version = ada.see(match.party)->version;

  stack.matchmaker->publish_completed(match.id, "2");
  // Events are handled in order: when a later event shows an effect, the duplicate has been handled.
  const Gamer kim(stack), lee(stack);
  const auto other = party_of({&kim}, true);
  const auto ticket = kim.queue(other)->ticket_id;
  const auto later = stack.matchmaker->match(default_tenant(), {ticket, lee.queue_alone()->ticket_id});
  stack.matchmaker->publish_completed(later);
  ASSERT_TRUE(stored_ticket_is_gone(other));
  EXPECT_EQ(ada.see(match.party)->version, version);
  EXPECT_EQ(ada.see(match.party)->ticket_id, again->ticket_id);
}

TEST_F(EventHandling, AnEndWithoutAnEventIsReadFromTheQueue) {
  const auto match = matched();
  stack.matchmaker->apply_completed(match.id);
  EXPECT_EQ(ada.see(match.party)->status, PartyStatus::idle);
  EXPECT_EQ(ready_in(match.party), 0);
  EXPECT_EQ(refusal(ada.queue(match.party)), Code::not_all_ready);
  ASSERT_TRUE(ada.ready(match.party) && bob.ready(match.party));
  EXPECT_TRUE(ada.queue(match.party));
}

TEST_F(EventHandling, ARequeuedTicketIsNotifiedAndThePartyQueued) {
  const auto match = matched();
  const int entered = published.count(bob.id, "queue_entered");
  stack.matchmaker->publish_cancelled(match.id, {match.partys, match.alone});
  stack.matchmaker->apply_cancelled(match.id, {match.partys, match.alone});
  ASSERT_EQ(stack.matchmaker->relay(), 2);
  EXPECT_TRUE(published.wait_for_frame(bob.id, "queue_entered", entered + 1));
  EXPECT_TRUE(published.wait_for_frame(eve.id, "queue_entered", entered + 1));
  const auto party = ada.see(match.party);
  EXPECT_EQ(party->status, PartyStatus::queued);
  EXPECT_EQ(party->ticket_id, match.partys);
  EXPECT_EQ(ready_in(match.party), 2);
}

TEST_F(EventHandling, ATicketThatIsNotRequeuedLeavesThePartyIdleAndNotReady) {
  const auto match = matched();
  stack.matchmaker->publish_cancelled(match.id, {match.alone});
  ASSERT_TRUE(stored_ticket_is_gone(match.party));
  stack.matchmaker->apply_cancelled(match.id, {match.alone});
  ASSERT_EQ(stack.matchmaker->relay(), 2);
  EXPECT_TRUE(published.has_frame(bob.id, "queue_left", match.partys.to_string()));
  EXPECT_EQ(ada.see(match.party)->status, PartyStatus::idle);
  EXPECT_EQ(ready_in(match.party), 0);
}

TEST_F(EventHandling, TheQueueMayLearnOfTheEndBeforeLobby) {
  const auto match = matched();
  stack.matchmaker->apply_cancelled(match.id, {match.alone});
  stack.matchmaker->publish_cancelled(match.id, {match.alone});
  ASSERT_TRUE(stored_ticket_is_gone(match.party));
  EXPECT_EQ(ready_in(match.party), 0);
  EXPECT_EQ(stack.matchmaker->relay(), 2);
}

// H12: a player who left while matched must not be queued again with the others.
TEST_F(EventHandling, H12ALeaveWhileMatchedIsNotRequeued) {
  const auto match = matched();
  ASSERT_TRUE(bob.leave(match.party));
  EXPECT_EQ(ada.see(match.party)->status, PartyStatus::in_match) << "the match goes on";
  stack.matchmaker->publish_cancelled(match.id, {match.partys, match.alone});
  stack.matchmaker->apply_cancelled(match.id, {match.partys, match.alone});
  stack.matchmaker->relay();
  EXPECT_EQ(stack.matchmaker->ticket(match.partys)->status, TicketStatus::cancelled);
  EXPECT_EQ(stack.matchmaker->ticket(match.alone)->status, TicketStatus::searching);
  ASSERT_TRUE(stored_ticket_is_gone(match.party));
  EXPECT_EQ(ada.see(match.party)->status, PartyStatus::idle);
  EXPECT_TRUE(bob.queue_alone());
}

TEST_F(EventHandling, H12ACancelThatCameTooLateIsNotRequeued) {
  const auto match = matched();
  EXPECT_EQ(refusal(ada.cancel(match.party)), Code::already_matched);
  stack.matchmaker->publish_cancelled(match.id, {match.partys, match.alone});
  ASSERT_TRUE(stored_ticket_is_gone(match.party)) << "lobby sees that it must not be queued again";
  stack.matchmaker->apply_cancelled(match.id, {match.partys, match.alone});
  stack.matchmaker->relay();
  EXPECT_EQ(stack.matchmaker->ticket(match.partys)->status, TicketStatus::cancelled);
  EXPECT_EQ(ready_in(match.party), 0);
}

TEST_F(EventHandling, ACancelledTicketIsNotifiedAndRemoved) {
  const auto party = party_of({&ada, &bob}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  ASSERT_TRUE(ada.cancel(party));
  ASSERT_EQ(stack.matchmaker->relay(), 1);
  ASSERT_TRUE(stored_ticket_is_gone(party));
  for (const Gamer* member : {&ada, &bob}) {
    EXPECT_TRUE(published.has_frame(member->id, "queue_left", ticket.to_string()));
    EXPECT_TRUE(published.has_frame(member->id, "queue_left", "\"cancelled\""));
  }
  EXPECT_EQ(ready_in(party), 2) << "a cancelled ticket does not clear readiness";
}

// The reason and the player in the frame queue_left, for each way out of the queue.
TEST_F(EventHandling, QueueLeftHasTheReasonAndThePlayerWhoCausedIt) {
  struct Row {
    const char* reason;
    const Gamer& cause;
    std::function<bool(PartyId)> act;
  };
  const Gamer kim(stack);
  const std::vector<Row> rows{
      {"cancelled", ada, [&](PartyId party) { return ada.cancel(party).ok(); }},
      {"member_left", bob, [&](PartyId party) { return bob.leave(party).ok(); }},
      {"leader_left", ada, [&](PartyId party) { return ada.leave(party).ok(); }},
      {"kicked", kim, [&](PartyId party) { return ada.kick(party, kim).ok(); }},
  };
  for (const auto& row : rows) {
    const auto party = party_of({&ada, &bob, &kim, &eve}, true);
    const auto ticket = ada.queue(party)->ticket_id;
    ASSERT_TRUE(row.act(party)) << row.reason;
    ASSERT_EQ(stack.matchmaker->relay(), 1);
    const frames::QueueLeft expected{ticket, *enum_named<CloseReason>(row.reason), row.cause.id};
    for (const Gamer* member : {&ada, &bob, &kim, &eve}) {
      EXPECT_TRUE(published.has_frame(member->id, "queue_left", wire::encode(expected))) << row.reason;
      (void)member->leave(party);
    }
    stack.matchmaker->relay();
  }
}

TEST_F(EventHandling, QueueLeftHasTheReasonPartyDisbanded) {
  const auto party = party_of({&ada}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  ASSERT_TRUE(ada.leave(party));
  ASSERT_EQ(stack.matchmaker->relay(), 1);
  EXPECT_TRUE(published.has_frame(ada.id, "queue_left",
                                  wire::encode(frames::QueueLeft{ticket, CloseReason::party_disbanded, ada.id})));
}

TEST_F(EventHandling, QueueLeftHasTheReasonMatchCancelled) {
  const auto match = matched();
  stack.matchmaker->apply_cancelled(match.id, {});
  ASSERT_EQ(stack.matchmaker->relay(), 2);
  EXPECT_TRUE(published.has_frame(eve.id, "queue_left",
                                  wire::encode(frames::QueueLeft{match.alone, CloseReason::match_cancelled, {}})));
}

TEST_F(EventHandling, QueueLeftHasTheReasonTimedOut) {
  TicketClosed event;
  event.ticket_id = TicketId::fresh(SystemClock{}.now());
  event.tenant = default_tenant();
  event.players = {eve.id};
  event.reason = CloseReason::timed_out;
  ASSERT_TRUE(stack.bus->store(event, event.ticket_id.to_string(), Deadline::after(Milliseconds{5'000})));
  EXPECT_TRUE(published.has_frame(eve.id, "queue_left", "\"timed_out\""));
}

TEST_F(EventHandling, OldEventsSendNoFrames) {
  const auto party = party_of({&ada}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  ASSERT_TRUE(ada.cancel(party));
  stack.clock.advance(lobby::EventHandlers::kMaxFrameAge * 2);
  stack.matchmaker->relay();
  EXPECT_TRUE(stored_ticket_is_gone(party)) << "the party is updated although nobody is notified";
  stack.clock.advance(-lobby::EventHandlers::kMaxFrameAge * 2);
  ASSERT_TRUE(ada.queue(party));
  ASSERT_TRUE(ada.cancel(party));
  ASSERT_EQ(stack.matchmaker->relay(), 1);
  ASSERT_TRUE(published.wait_for_frame(ada.id, "queue_left"));
  EXPECT_FALSE(published.frames_of(ada.id).back().data.find(ticket.to_string()) != std::string::npos);
  EXPECT_EQ(published.count(ada.id, "queue_left"), 1);
}

TEST_F(EventHandling, RatedMatchesUpdateTheRatings) {
  MatchRated event;
  event.match_id = MatchId::fresh(SystemClock{}.now());
  event.tenant = default_tenant();
  event.mode = *Mode::parse("ranked");
  event.region = default_region();
  event.teams = {{{eve.id, {}, {}, {}, 1500, 1500, 1520.5, 90.25, 1, {}, {}}},
                 {{bob.id, {}, {}, {}, 1500, 1500, 1479.5, 60, 1, {}, {}, 4.825}}};
  event.teams[1][0].deviation_at = stack.clock.now() - std::chrono::hours(24 * 365);
  ASSERT_TRUE(stack.bus->store(event, event.match_id.to_string() + ".rated", Deadline::after(Milliseconds{5'000})));
  EXPECT_TRUE(eventually([&] {
    const auto ticket = eve.queue_alone("ranked");
    if (ticket) (void)eve.cancel(ticket->ticket_id);
    return stack.matchmaker->last_enqueue_of(eve.id)->players[0].mmr == 1520.5;
  }));
  EXPECT_EQ(stack.matchmaker->last_enqueue_of(eve.id)->players[0].deviation, 90.25);
  ASSERT_TRUE(bob.queue_alone("ranked"));
  EXPECT_NEAR(stack.matchmaker->last_enqueue_of(bob.id)->players[0].deviation, 110, 0.1) << "it was 60 a year ago";
  ASSERT_TRUE(eve.queue_alone("casual"));
  EXPECT_EQ(stack.matchmaker->last_enqueue_of(eve.id)->players[0].mmr, kInitialMmr)
      << "the rating of another mode is unchanged";
}

}  // namespace
}  // namespace mm::testing
