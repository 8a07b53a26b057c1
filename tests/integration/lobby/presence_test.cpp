// The grace periods of players who lost the connection. The tests control the clock. To check that a player is not
// affected, a test waits until another player, whose grace period ended at the same time, has been handled.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

constexpr Milliseconds kGrace{30'000};  // of the shipped modes

class PresenceGrace : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { stack_ = std::make_unique<Stack>(); }
  static void TearDownTestSuite() { stack_.reset(); }

  void disconnect(const Gamer& gamer, bool is_recorded = true) {
    gamer.close_socket();
    publish_presence(gamer, false);
    if (is_recorded) {
      ASSERT_TRUE(eventually([&] { return is_away(gamer); }));
    }
  }
  void publish_presence(const Gamer& gamer, bool connected) {
    ASSERT_TRUE(stack.bus->publish(PresenceChanged{gamer.id, default_tenant(), connected}));
  }
  /// When the grace period of the ticket ends; none if it has not begun.
  std::optional<std::int64_t> ticket_due(const Gamer& gamer) {
    const auto score = stack.queue.command({"ZSCORE", "mm:{default}:party_due", "ticket:" + gamer.id.to_string()},
                                           Deadline::after(Milliseconds{5'000}));
    if (!score || score->is_nil()) return std::nullopt;
    return std::stoll(score->text);
  }
  bool is_away(const Gamer& gamer) { return ticket_due(gamer).has_value(); }
  bool connected(PartyId party, const Gamer& gamer) {
    const auto seen = gamer.see(party);
    return seen && lobby::find_member(*seen, gamer.id)->connected;
  }
  bool ends_as(TicketId ticket, TicketStatus status) {
    return eventually([&] {
      const auto now = stack.matchmaker->ticket(ticket);
      return now && now->status == status;
    });
  }
  TicketStatus status_of(TicketId ticket) { return stack.matchmaker->ticket(ticket)->status; }

  static inline std::unique_ptr<Stack> stack_;
  Stack& stack = *stack_;
};

TEST_F(PresenceGrace, CancelsTheTicketOfAPlayerWhoDoesNotReconnect) {
  const Gamer ada(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  disconnect(ada);
  EXPECT_EQ(status_of(ticket), TicketStatus::searching);
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
  EXPECT_TRUE(eventually([&] { return !is_away(ada); }));
  ada.open_socket();
  stack.wait_for_frames();
  ASSERT_GE(stack.matchmaker->relay(), 1);
  const auto frame = stack.published.wait_for_frame(ada.id, "queue_left");
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->data, wire::encode(frames::QueueLeft{ticket, CloseReason::member_disconnected, ada.id}));
}

TEST_F(PresenceGrace, CancelsThePartysTicketWhenAMemberDoesNotReconnect) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  disconnect(bob);
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
  const auto after = ada.see(party);
  EXPECT_EQ(after->status, PartyStatus::idle);
  for (const auto& member : after->members) EXPECT_FALSE(member.ready) << "the members must set ready again";
}

TEST_F(PresenceGrace, DoesNotApplyToPlayersWhoReconnectInTimeOrNeverHadASocket) {
  const Gamer ada(stack), bob(stack), kim(stack, "kim", Gamer::Socket::none), eve(stack);
  const auto back = ada.queue_alone()->ticket_id;
  const auto back_unheard = bob.queue_alone()->ticket_id;
  const auto never = kim.queue_alone()->ticket_id;
  const auto away = eve.queue_alone()->ticket_id;
  disconnect(ada);
  disconnect(bob);
  disconnect(eve);
  ada.open_socket();
  publish_presence(ada, true);
  ASSERT_TRUE(eventually([&] { return !is_away(ada); }));
  bob.open_socket();  // without an event, as if it was lost
  stack.clock.advance(kGrace);
  ASSERT_TRUE(ends_as(away, TicketStatus::cancelled));
  ASSERT_TRUE(eventually([&] { return !is_away(bob); }));
  EXPECT_EQ(status_of(back), TicketStatus::searching);
  EXPECT_EQ(status_of(back_unheard), TicketStatus::searching);
  EXPECT_EQ(status_of(never), TicketStatus::searching);
}

TEST_F(PresenceGrace, DoesNotApplyToPlayersWhoAreNotQueued) {
  const Gamer ada(stack), bob(stack);
  disconnect(ada, false);
  const auto ticket = bob.queue_alone()->ticket_id;
  disconnect(bob);  // its event is handled after that of ada
  EXPECT_FALSE(is_away(ada));
  const auto later = ada.queue_alone()->ticket_id;
  stack.clock.advance(kGrace);
  ASSERT_TRUE(ends_as(ticket, TicketStatus::cancelled));
  EXPECT_EQ(status_of(later), TicketStatus::searching);
}

TEST_F(PresenceGrace, AppliesToTheTicketAtItsBeginningAndNotToALaterOne) {
  const Gamer ada(stack);
  const auto first = ada.queue_alone()->ticket_id;
  disconnect(ada);
  ASSERT_TRUE(ada.cancel(first));
  const auto second = ada.queue_alone()->ticket_id;
  stack.clock.advance(kGrace);
  ASSERT_TRUE(eventually([&] { return !is_away(ada); }));
  EXPECT_EQ(status_of(second), TicketStatus::searching);
}

TEST_F(PresenceGrace, RunsForATicketThatWasQueuedAfterTheSocketHadClosed) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  disconnect(bob, false);
  ASSERT_TRUE(eventually([&] { return !connected(party, bob); }));
  const auto ticket = ada.queue(party);
  ASSERT_TRUE(ticket) << "the grace period of the party has not ended";
  stack.clock.advance(lobby::kAbsenceGrace);
  ASSERT_TRUE(eventually([&] { return is_away(bob); }));
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket->ticket_id, TicketStatus::cancelled));
}

TEST_F(PresenceGrace, DoesNotEndWhileTheRecordOfSocketsCannotBeRead) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  disconnect(bob);
  stack.cache_server.kill();
  const auto due = ticket_due(bob);
  stack.clock.advance(kGrace);
  ASSERT_TRUE(eventually([&] { return ticket_due(bob) > due; })) << "a sweep has claimed it";
  EXPECT_EQ(status_of(ticket), TicketStatus::searching);
  stack.cache_server.restart();
  bob.open_socket();
  stack.clock.advance(lobby::PresenceWatch::kClaimTimeout);
  ASSERT_TRUE(eventually([&] { return !is_away(bob); }));
  EXPECT_EQ(status_of(ticket), TicketStatus::searching);
  stack.wait_for_frames();
}

TEST_F(PresenceGrace, WaitsForAMatchmakerThatIsDown) {
  const Gamer ada(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  disconnect(ada);
  stack.matchmaker.reset();
  stack.clock.advance(kGrace);
  const auto taken = [&] { return ticket_due(ada) > stack.clock.now().time_since_epoch().count(); };
  ASSERT_TRUE(eventually(taken)) << "a sweep has claimed it";
  stack.matchmaker.emplace(*stack.bus, stack.queue, stack.registry);
  stack.clock.advance(lobby::PresenceWatch::kClaimTimeout);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
}

TEST_F(PresenceGrace, StartsForAnEventThatArrivedWhileRedisWasDown) {
  const Gamer ada(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  ada.close_socket();
  stack.queue_server.kill();
  publish_presence(ada, false);
  stack.queue_server.restart();
  ASSERT_TRUE(eventually([&] { return is_away(ada); }));
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
}

/// Tests of members of a party who lose their last socket.
class PartyPresence : public PresenceGrace {
 protected:
  void SetUp() override { stack.wait_for_frames(); }

  PartyMember member(PartyId party, const Gamer& gamer) {
    const auto seen = gamer.see(party);
    const auto* found = seen ? lobby::find_member(*seen, gamer.id) : nullptr;
    return found == nullptr ? PartyMember{} : *found;
  }
  void becomes_absent(PartyId party, const Gamer& gamer) {
    const int ready = member(party, gamer).ready ? 1 : 0;
    disconnect(gamer, false);
    ASSERT_TRUE(eventually([&] { return !member(party, gamer).connected; }));
    ASSERT_EQ(member(party, gamer).ready ? 1 : 0, ready) << "nothing may change before the grace period has ended";
    stack.clock.advance(lobby::kAbsenceGrace);
    ASSERT_TRUE(eventually([&] { return presence_in(party, gamer) == "absent"; }));
  }
  std::string presence_in(PartyId party, const Gamer& gamer) {
    const auto field =
        stack.queue.command({"HGET", "mm:{default}:party:" + party.to_string(), "s:" + gamer.id.to_string()},
                            Deadline::after(Milliseconds{5'000}));
    return field ? field->text : "";
  }
};

TEST_F(PartyPresence, ALostSocketIsShownAtOnceAndClearsReadinessAfterTheGracePeriod) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  EXPECT_TRUE(member(party, bob).connected);
  becomes_absent(party, bob);
  EXPECT_FALSE(member(party, bob).ready);
  EXPECT_TRUE(member(party, ada).ready);
  EXPECT_TRUE(stack.published.has_frame(ada.id, "party_updated", "\"connected\":false"));
  EXPECT_TRUE(stack.published.has_frame(ada.id, "member_ready", "\"ready\":false"));
  const auto refused = ada.queue(party);
  ASSERT_EQ(refusal(refused), Code::member_absent);
  EXPECT_EQ(refused.error().player_id, bob.id);

  ASSERT_TRUE(bob.ready(party)) << "the request may come over HTTP; the player is still absent";
  EXPECT_EQ(refusal(ada.queue(party)), Code::member_absent);
  bob.open_socket();
  publish_presence(bob, true);
  ASSERT_TRUE(eventually([&] { return member(party, bob).connected; }));
  EXPECT_TRUE(ada.queue(party));
}

TEST_F(PartyPresence, AMemberWhoReconnectsWithinTheGracePeriodStaysReady) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob}, true), other = party_of({&eve}, true);
  disconnect(bob, false);
  ASSERT_TRUE(eventually([&] { return !member(party, bob).connected; }));
  bob.open_socket();
  publish_presence(bob, true);
  ASSERT_TRUE(eventually([&] { return member(party, bob).connected; }));
  becomes_absent(other, eve);  // bob's grace period would have ended too
  EXPECT_TRUE(member(party, bob).ready);
  EXPECT_TRUE(ada.queue(party));
}

TEST_F(PartyPresence, AMemberWhoNeverHadASocketNeverBecomesAbsent) {
  const Gamer ada(stack), bot(stack, "bot", Gamer::Socket::none), eve(stack);
  const auto party = party_of({&ada, &bot}, true), other = party_of({&eve}, true);
  EXPECT_FALSE(member(party, bot).connected);
  becomes_absent(other, eve);
  EXPECT_TRUE(member(party, bot).ready);
  EXPECT_TRUE(ada.queue(party));
}

// A gateway that was killed publishes nothing; after a while its sockets are missing from the record.
TEST_F(PartyPresence, ASocketThatDisappearsWithoutAnEventIsDetected) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  bob.close_socket();
  const auto noted = [&] {
    const auto due = stack.queue.command({"ZSCORE", "mm:{default}:party_due", "member:" + bob.id.to_string()},
                                         Deadline::after(Milliseconds{5'000}));
    return due && !due->is_nil();
  };
  ASSERT_TRUE(eventually(noted));
  EXPECT_TRUE(member(party, bob).ready);
  stack.clock.advance(lobby::kAbsenceGrace);
  EXPECT_TRUE(eventually([&] { return presence_in(party, bob) == "absent"; }));
  EXPECT_FALSE(member(party, bob).ready);
  bob.open_socket();  // also without an event
  EXPECT_TRUE(eventually([&] { return member(party, bob).connected; }));
}

TEST_F(PartyPresence, TheConnectedMemberWhoJoinedFirstReplacesAnAbsentLeader) {
  const Gamer ada(stack), bot(stack, "bot", Gamer::Socket::none), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bot, &bob, &eve});
  becomes_absent(party, ada);
  EXPECT_EQ(ada.see(party)->leader_id, bob.id);
  EXPECT_TRUE(stack.published.has_frame(eve.id, "party_updated", "\"leader_id\":\"" + bob.id.to_string()));
  const auto led = [&](const PartyUpdated& event) {
    return event.party.party_id == party && event.party.leader_id == bob.id;
  };
  EXPECT_TRUE(eventually([&] {
    const auto events = stack.published.events<PartyUpdated>();
    return std::any_of(events.begin(), events.end(), led);
  }));
  const auto refused = bob.promote(party, ada);
  ASSERT_EQ(refusal(refused), Code::member_absent);
  EXPECT_EQ(refused.error().player_id, ada.id);
}

TEST_F(PartyPresence, AnAbsentMemberDoesNotBecomeLeader) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob, &eve});
  becomes_absent(party, bob);
  ASSERT_TRUE(ada.leave(party));
  EXPECT_EQ(eve.see(party)->leader_id, eve.id);
}

TEST_F(PartyPresence, TheLeadOfAQueuedPartyPassesToo) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  disconnect(ada);
  ASSERT_TRUE(eventually([&] { return !member(party, ada).connected; }));
  stack.clock.advance(lobby::kAbsenceGrace);
  ASSERT_TRUE(eventually([&] { return bob.see(party)->leader_id == bob.id; }));
  EXPECT_EQ(status_of(ticket), TicketStatus::searching) << "the grace period of the mode is longer";
  EXPECT_TRUE(bob.cancel(party));
}

}  // namespace
}  // namespace mm::testing
