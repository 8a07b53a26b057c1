// The requests to enter and leave the queue, and their races with changes of the party.
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

class Queueing : public ::testing::Test {
 protected:
  void SetUp() override { stack.wait_for_frames(); }
  void TearDown() override { stack.matchmaker->before_enqueue({}); }

  std::optional<TicketStatus> status_of(TicketId id) {
    const auto ticket = stack.matchmaker->ticket(id);
    if (!ticket) return std::nullopt;
    return ticket->status;
  }

  Stack& stack = Stack::shared();
  EventRecorder& published = stack.published;
};

TEST_F(Queueing, APlayerQueuesAlone) {
  const Gamer ada(stack);
  EnterQueue options;
  options.mode = *Mode::parse("ranked");
  options.team_size = 2;
  options.home_region = Region::parse("us-east");
  options.latencies = Latencies{{*Region::parse("us-east"), 30.0}};
  const auto ticket = ada.send(options);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->status, TicketStatus::searching);
  EXPECT_EQ(ticket->queue_entry_id, ticket->ticket_id);
  EXPECT_FALSE(ticket->party_id);
  EXPECT_EQ(ticket->region.str(), "us-east");
  EXPECT_EQ(ticket->team_size, 2);
  EXPECT_EQ(ticket->estimated_wait_seconds, 10);
  EXPECT_EQ(ticket->rating_window, 100);
  EXPECT_FALSE(ticket->players);
  const auto asked = stack.matchmaker->last_enqueue_of(ada.id);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->players[0].mmr, kInitialMmr);
  EXPECT_EQ(asked->players[0].deviation, kInitialDeviation);
  EXPECT_EQ(asked->latencies, options.latencies);
  EXPECT_FALSE(asked->party_version);
  EXPECT_TRUE(published.wait_for_frame(ada.id, "queue_entered"));
}

TEST_F(Queueing, TheSameTicketAgainIsTheSameEntryAndAnotherOneIsRefused) {
  const Gamer ada(stack);
  const auto id = TicketId::fresh(SystemClock{}.now());
  ASSERT_TRUE(ada.queue_alone("casual", id));
  const auto again = ada.queue_alone("casual", id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->ticket_id, id);
  const auto other = ada.queue_alone();
  EXPECT_EQ(refusal(other), Code::already_queued);
  EXPECT_EQ(other.error().ticket_id, id);
}

TEST_F(Queueing, RefusesWhatTheModeTableDoesNotHave) {
  const Gamer ada(stack);
  EXPECT_EQ(refusal(ada.queue_alone("nowhere")), Code::unknown_mode);
  EnterQueue options;
  options.mode = *Mode::parse("duel");
  options.team_size = 2;
  EXPECT_EQ(refusal(ada.send(options)), Code::invalid_team_size);
  options.team_size = 0;
  EXPECT_EQ(refusal(ada.send(options)), Code::invalid_fields);
}

TEST_F(Queueing, AMemberOfAPartyOfOneMayQueueAloneOneOfTwoMayNot) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada});
  const auto alone = ada.queue_alone();
  ASSERT_TRUE(alone);
  ASSERT_TRUE(ada.cancel(alone->ticket_id));
  ASSERT_TRUE(bob.join(party));
  EXPECT_EQ(refusal(ada.queue_alone()), Code::in_party);
  EXPECT_EQ(refusal(bob.queue_alone()), Code::in_party);
}

TEST_F(Queueing, TheLeaderQueuesTheReadyParty) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob});
  EXPECT_EQ(refusal(ada.queue(party)), Code::not_all_ready);
  ASSERT_TRUE(bob.ready(party));
  EXPECT_EQ(refusal(ada.queue(party)), Code::not_all_ready);
  ASSERT_TRUE(ada.ready(party));
  EXPECT_EQ(refusal(bob.queue(party)), Code::not_leader);
  EXPECT_EQ(refusal(ada.queue(party, "duel")), Code::party_too_large);
  const auto before = ada.see(party)->version;
  const auto ticket = ada.queue(party);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->party_id, party);
  const auto after = ada.see(party);
  EXPECT_EQ(after->status, PartyStatus::queued);
  EXPECT_EQ(after->ticket_id, ticket->ticket_id);
  EXPECT_EQ(after->version, before + 1);
  EXPECT_EQ(stack.matchmaker->last_enqueue_of(bob.id)->party_version, before);
  for (const Gamer* member : {&ada, &bob}) {
    const auto frame = published.wait_for_frame(member->id, "queue_entered");
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->data.find("players"), std::string::npos);
    EXPECT_TRUE(eventually([&] {
      const auto updated = published.wait_for_frame(member->id, "party_updated");
      return updated && updated->data.find("\"queued\"") != std::string::npos;
    }));
  }
  const auto again = ada.queue(party);
  EXPECT_EQ(refusal(again), Code::already_queued);
  EXPECT_EQ(again.error().ticket_id, ticket->ticket_id);
}

TEST_F(Queueing, APartysTicketAgainIsTheSameEntry) {
  const Gamer ada(stack);
  const auto party = party_of({&ada}, true);
  EnterQueue options;
  options.party_id = party;
  options.mode = *Mode::parse("casual");
  options.ticket_id = TicketId::fresh(SystemClock{}.now());
  ASSERT_TRUE(ada.send(options));
  const auto again = ada.send(options);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->ticket_id, options.ticket_id);
  EXPECT_FALSE(again->players);
}

TEST_F(Queueing, AQueuedPartyAcceptsNoMembersAndKeepsItsReadiness) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob}, true);
  ASSERT_TRUE(ada.queue(party));
  EXPECT_EQ(refusal(eve.join(party)), Code::party_in_queue);
  EXPECT_EQ(refusal(bob.ready(party, false)), Code::party_in_queue);
  EXPECT_EQ(refusal(ada.promote(party, bob)), Code::party_in_queue);
  EXPECT_TRUE(ada.invite(party, eve));
}

TEST_F(Queueing, ATicketIsCancelledByItsPlayerAndNobodyElse) {
  const Gamer ada(stack), eve(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  EXPECT_EQ(refusal(eve.cancel(ticket)), Code::not_found);
  EXPECT_EQ(refusal(ada.cancel(TicketId::fresh(SystemClock{}.now()))), Code::not_found);
  EXPECT_EQ(status_of(ticket), TicketStatus::searching);
  EXPECT_TRUE(ada.cancel(ticket));
  EXPECT_TRUE(ada.cancel(ticket));
  EXPECT_EQ(status_of(ticket), TicketStatus::cancelled);
}

TEST_F(Queueing, APartysTicketIsCancelledByItsLeader) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  EXPECT_EQ(refusal(ada.cancel(party)), Code::not_queued);
  const auto first = ada.queue(party)->ticket_id;
  EXPECT_EQ(refusal(bob.cancel(first)), Code::not_leader);
  EXPECT_EQ(refusal(bob.cancel(party)), Code::not_leader);
  EXPECT_TRUE(ada.cancel(first));
  EXPECT_TRUE(ada.cancel(first));
  EXPECT_EQ(ada.see(party)->status, PartyStatus::idle);
  const auto second = ada.queue(party);
  ASSERT_TRUE(second) << "a cancelled ticket does not clear readiness";
  EXPECT_TRUE(ada.cancel(party));
  EXPECT_EQ(refusal(ada.cancel(party)), Code::not_queued);
  EXPECT_EQ(refusal(ada.send(LeaveQueue{})), Code::invalid_fields);
}

TEST_F(Queueing, AMatchedTicketIsNotCancelledAndItsPartyIsInAMatch) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto partys = ada.queue(party, "casual", 2)->ticket_id;
  const auto alone = eve.queue_alone("casual")->ticket_id;
  const auto match = stack.matchmaker->match(default_tenant(), {partys, alone});
  EXPECT_EQ(refusal(ada.cancel(partys)), Code::already_matched);
  EXPECT_EQ(refusal(ada.cancel(party)), Code::already_matched);
  EXPECT_EQ(refusal(eve.cancel(alone)), Code::already_matched);
  EXPECT_EQ(ada.see(party)->match_id, match);
  EXPECT_EQ(refusal(ada.queue(party)), Code::in_match);
  const auto alone_again = eve.queue_alone();
  ASSERT_EQ(refusal(alone_again), Code::in_match);
  EXPECT_EQ(alone_again.error().player_id, eve.id);
  const Gamer kim(stack);
  EXPECT_EQ(refusal(kim.join(party)), Code::party_in_match);
  EXPECT_EQ(refusal(bob.ready(party, false)), Code::party_in_match);
}

TEST_F(Queueing, APlayerWhoIsQueuedAloneCannotEnterAParty) {
  const Gamer ada(stack), bob(stack);
  CreateParty options;
  options.is_public = false;
  const auto party = party_of({&ada}, false, options);
  ASSERT_TRUE(ada.invite(party, bob));
  const auto ticket = bob.queue_alone()->ticket_id;
  const auto joined = bob.join(party);
  for (const auto& refused : {joined, bob.create()}) {
    ASSERT_EQ(refusal(refused), Code::already_queued);
    EXPECT_EQ(refused.error().player_id, bob.id);
    EXPECT_EQ(refused.error().ticket_id, ticket);
  }
  ASSERT_TRUE(bob.cancel(ticket));
  EXPECT_TRUE(bob.join(party)) << "the invitation is still open";
}

TEST_F(Queueing, TheTicketOfALoneLeaderIsThePartys) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada});
  const auto ticket = ada.queue_alone();
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->party_id, party);
  EXPECT_EQ(ada.see(party)->status, PartyStatus::queued);
  EXPECT_EQ(refusal(bob.join(party)), Code::party_in_queue);
  EXPECT_EQ(ada.queue_alone("casual", ticket->ticket_id)->ticket_id, ticket->ticket_id);
  const auto other = ada.queue_alone();
  ASSERT_EQ(refusal(other), Code::already_queued);
  EXPECT_EQ(other.error().player_id, ada.id);
  ASSERT_TRUE(ada.cancel(ticket->ticket_id));
  EXPECT_TRUE(bob.join(party));
}

TEST_F(Queueing, AJoinBetweenTheCheckAndTheEntryPreventsTheEntry) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto of_bob = party_of({&bob}), of_eve = party_of({&eve});
  stack.matchmaker->before_enqueue([&](const Enqueue&) { (void)ada.join(of_bob); });
  const auto alone = ada.queue_alone();
  ASSERT_EQ(refusal(alone), Code::in_party);
  EXPECT_EQ(alone.error().player_id, ada.id);
  const Gamer kim(stack);
  stack.matchmaker->before_enqueue([&](const Enqueue&) { (void)kim.join(of_eve); });
  EXPECT_EQ(refusal(eve.queue_alone()), Code::in_party)
      << "a leader may not queue alone after another player has joined";
}

// The match was found for the player alone. If it is cancelled, the ticket is not queued beside the new party.
TEST_F(Queueing, ATicketFromBeforeThePartyIsNotQueuedAgain) {
  const Gamer ada(stack), bob(stack), eve(stack), kim(stack);
  const auto of_ada = ada.queue_alone("duel")->ticket_id, of_bob = bob.queue_alone("duel")->ticket_id;
  const auto match = stack.matchmaker->match(default_tenant(), {of_ada, of_bob});
  const auto party = party_of({&ada}), other = party_of({&kim});
  ASSERT_TRUE(eve.join(party) && bob.join(other));
  stack.matchmaker->apply_cancelled(match, {of_ada, of_bob});
  EXPECT_EQ(status_of(of_ada), TicketStatus::cancelled);
  EXPECT_EQ(status_of(of_bob), TicketStatus::cancelled);
}

TEST_F(Queueing, ALeaveWhileQueuedCancelsTheTicket) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob, &eve}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  ASSERT_TRUE(bob.leave(party));
  EXPECT_EQ(status_of(ticket), TicketStatus::cancelled);
  EXPECT_EQ(ada.see(party)->status, PartyStatus::idle);
  EXPECT_TRUE(bob.queue_alone()) << "the claim was removed with the ticket";
}

TEST_F(Queueing, AKickWhileQueuedCancelsTheTicket) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  const auto after = ada.kick(party, bob);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->status, PartyStatus::idle);
  EXPECT_FALSE(after->ticket_id);
  EXPECT_EQ(status_of(ticket), TicketStatus::cancelled);
}

TEST_F(Queueing, DisbandingAQueuedPartyCancelsTheTicket) {
  const Gamer ada(stack);
  const auto party = party_of({&ada}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  ASSERT_TRUE(ada.leave(party));
  EXPECT_EQ(status_of(ticket), TicketStatus::cancelled);
  EXPECT_TRUE(ada.cancel(ticket));
}

// H11: a member leaves after lobby has read the party and before the ticket is queued.
TEST_F(Queueing, H11ATicketNeverContainsAMemberWhoLeftMeanwhile) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  std::atomic<int> left{0};
  stack.matchmaker->before_enqueue([&](const Enqueue&) { left += bob.leave(party) ? 1 : 0; });
  EXPECT_EQ(refusal(ada.queue(party)), Code::not_all_ready);
  EXPECT_EQ(left, 1);
  EXPECT_EQ(ada.see(party)->status, PartyStatus::idle);
  stack.matchmaker->before_enqueue({});
  EXPECT_TRUE(bob.queue_alone());
}

TEST_F(Queueing, H11LeavesDuringEntriesCancelTheTicket) {
  for (int round = 0; round < 20; ++round) {
    const Gamer ada(stack, "ada", Gamer::Socket::none), bob(stack, "bob", Gamer::Socket::none);
    const auto party = party_of({&ada, &bob}, true);
    std::thread leaver([&] { EXPECT_TRUE(bob.leave(party)); });
    const auto ticket = ada.queue(party);
    leaver.join();
    if (ticket) {
      EXPECT_EQ(status_of(ticket->ticket_id), TicketStatus::cancelled);
    }
    EXPECT_EQ(ada.see(party)->status, PartyStatus::idle);
    EXPECT_TRUE(bob.queue_alone());
  }
}

TEST_F(Queueing, APartyThatChangedMeanwhileIsQueuedAtTheSecondTry) {
  const Gamer ada(stack), eve(stack);
  const auto party = party_of({&ada}, true);
  std::atomic<int> tries{0};
  stack.matchmaker->before_enqueue([&](const Enqueue&) {
    if (++tries > 1) return;
    EXPECT_TRUE(ada.invite(party, eve));
  });
  EXPECT_TRUE(ada.queue(party));
  EXPECT_EQ(tries, 2);
}

TEST_F(Queueing, APartyThatKeepsChangingIsRefused) {
  const Gamer ada(stack), eve(stack);
  const auto party = party_of({&ada}, true);
  stack.matchmaker->before_enqueue([&](const Enqueue&) { EXPECT_TRUE(ada.invite(party, eve)); });
  EXPECT_EQ(refusal(ada.queue(party)), Code::party_changed);
  EXPECT_EQ(ada.see(party)->status, PartyStatus::idle);
}

}  // namespace
}  // namespace mm::testing
