// The grace of players who are gone. Time moves only when the test moves it; that somebody is left alone shows when
// somebody else, whose grace ended with theirs, has been dealt with.
#include <gtest/gtest.h>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

constexpr Milliseconds kGrace{30'000};  // of the shipped modes

class PresenceGrace : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { stack_ = std::make_unique<Stack>(); }
  static void TearDownTestSuite() { stack_.reset(); }

  void goes(const Gamer& gamer, bool is_noted = true) {
    gamer.close_socket();
    tell(gamer, false);
    if (is_noted) {
      ASSERT_TRUE(eventually([&] { return is_away(gamer); }));
    }
  }
  void tell(const Gamer& gamer, bool connected) {
    ASSERT_TRUE(stack.bus->publish(PresenceChanged{gamer.id, default_tenant(), connected}));
  }
  bool is_away(const Gamer& gamer) {
    const auto score = stack.queue.command({"ZSCORE", "mm:{default}:away", gamer.id.to_string()},
                                           Deadline::after(Milliseconds{5'000}));
    return score && !score->is_nil();
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

TEST_F(PresenceGrace, CancelsTheTicketOfWhoStaysAway) {
  const Gamer ada(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  goes(ada);
  EXPECT_EQ(status_of(ticket), TicketStatus::searching);
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
  EXPECT_TRUE(eventually([&] { return !is_away(ada); }));
  ada.open_socket();
  stack.wait_for_frames();
  ASSERT_GE(stack.matchmaker->relay(), 1);
  const auto frame = stack.ear->wait_for(ada.id, "queue_left");
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->data, wire::encode(frames::QueueLeft{ticket, CloseReason::member_disconnected, ada.id}));
}

TEST_F(PresenceGrace, CancelsThePartysTicketWhenAMemberStaysAway) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto ticket = ada.queue(party)->ticket_id;
  goes(bob);
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
  const auto after = ada.see(party);
  EXPECT_EQ(after->status, PartyStatus::idle);
  for (const auto& member : after->members) EXPECT_FALSE(member.ready) << "nobody was asked again";
}

TEST_F(PresenceGrace, SparesWhoIsBackInTimeAndWhoNeverHadASocket) {
  const Gamer ada(stack), bob(stack), kim(stack, "kim", Gamer::Socket::none), eve(stack);
  const auto back = ada.queue_alone()->ticket_id;
  const auto back_unheard = bob.queue_alone()->ticket_id;
  const auto never = kim.queue_alone()->ticket_id;
  const auto away = eve.queue_alone()->ticket_id;
  goes(ada);
  goes(bob);
  goes(eve);
  ada.open_socket();
  tell(ada, true);
  ASSERT_TRUE(eventually([&] { return !is_away(ada); }));
  bob.open_socket();  // the event about it was lost
  stack.clock.advance(kGrace);
  ASSERT_TRUE(ends_as(away, TicketStatus::cancelled));
  ASSERT_TRUE(eventually([&] { return !is_away(bob); }));
  EXPECT_EQ(status_of(back), TicketStatus::searching);
  EXPECT_EQ(status_of(back_unheard), TicketStatus::searching);
  EXPECT_EQ(status_of(never), TicketStatus::searching);
}

TEST_F(PresenceGrace, LeavesAloneWhoIsNotQueued) {
  const Gamer ada(stack), bob(stack);
  goes(ada, false);
  const auto ticket = bob.queue_alone()->ticket_id;
  goes(bob);  // handled after ada's event
  EXPECT_FALSE(is_away(ada));
  const auto later = ada.queue_alone()->ticket_id;
  stack.clock.advance(kGrace);
  ASSERT_TRUE(ends_as(ticket, TicketStatus::cancelled));
  EXPECT_EQ(status_of(later), TicketStatus::searching);
}

TEST_F(PresenceGrace, ConcernsTheTicketTheyHadAndNotALaterOne) {
  const Gamer ada(stack);
  const auto first = ada.queue_alone()->ticket_id;
  goes(ada);
  ASSERT_TRUE(ada.cancel(first));
  const auto second = ada.queue_alone()->ticket_id;
  stack.clock.advance(kGrace);
  ASSERT_TRUE(eventually([&] { return !is_away(ada); }));
  EXPECT_EQ(status_of(second), TicketStatus::searching);
}

TEST_F(PresenceGrace, WaitsForAMatchmakerThatIsDown) {
  const Gamer ada(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  goes(ada);
  stack.matchmaker.reset();
  stack.clock.advance(kGrace);
  const auto taken = [&] {
    const auto score = stack.queue.command({"ZSCORE", "mm:{default}:away", ada.id.to_string()},
                                           Deadline::after(Milliseconds{5'000}));
    return score && std::stoll(score->text) > stack.clock.now().time_since_epoch().count();
  };
  ASSERT_TRUE(eventually(taken)) << "somebody has set out to cancel it";
  stack.matchmaker = std::make_unique<QueueStandIn>(*stack.bus, stack.queue, stack.registry);
  stack.clock.advance(lobby::Presence::kTakeAgain);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
}

TEST_F(PresenceGrace, NotesAnEventThatCameWhileRedisWasDown) {
  const Gamer ada(stack);
  const auto ticket = ada.queue_alone()->ticket_id;
  ada.close_socket();
  stack.queue_server.kill();
  tell(ada, false);
  stack.queue_server.restart();
  ASSERT_TRUE(eventually([&] { return is_away(ada); }));
  stack.clock.advance(kGrace);
  EXPECT_TRUE(ends_as(ticket, TicketStatus::cancelled));
}

}  // namespace
}  // namespace mm::testing
