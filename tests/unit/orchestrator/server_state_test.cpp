// The states of a game server: every transition and every timeout.
#include "services/orchestrator/core/server_state.h"

#include <gtest/gtest.h>

namespace mm::orchestrator {
namespace {

using Event = ServerEvent;
using Effects = std::vector<ServerEffect>;

SteadyPoint at(Milliseconds time) { return SteadyPoint(std::chrono::hours(1) + time); }
SteadyPoint at(int ms) { return at(Milliseconds(ms)); }

const ServerState kConnecting = Connecting{at(0)};
const ServerState kAwaiting = AwaitingHello{at(0)};
const ServerState kReady = Ready{};
const ServerState kSilentBeforeHello = Silent{at(0), AwaitingHello{at(-2'000)}};
const ServerState kSilentAfterHello = Silent{at(0), std::nullopt};

const Effects kNone{};
const Effects kHello{ServerEffect::accept_matches, ServerEffect::reset_start_delay};
const Effects kDisconnect{ServerEffect::stop_matches, ServerEffect::forget_matches, ServerEffect::fail_hand_overs};
const Effects kRemove{ServerEffect::remove};
const Effects kFailedStart{ServerEffect::extend_start_delay, ServerEffect::remove};

TEST(ServerState, ChangesByItsEventsOnly) {
  constexpr int kNow = 500;
  const ServerState connecting_anew = Connecting{at(kNow)}, awaiting_anew = AwaitingHello{at(kNow)};
  struct Row {
    ServerState before;
    Event event;
    ServerState after;
    Effects effects;
  };
  const std::vector<Row> rows{
      {kConnecting, Event::connected, awaiting_anew, kNone},
      {kConnecting, Event::tick, kConnecting, kNone},
      {kConnecting, Event::exited, kConnecting, kFailedStart},
      {kConnecting, Event::port_taken, kConnecting, kRemove},
      {kAwaiting, Event::hello, kReady, kHello},
      {kAwaiting, Event::other_line, kAwaiting, kNone},
      {kAwaiting, Event::send_failed, awaiting_anew, kDisconnect},
      {kAwaiting, Event::link_closed, connecting_anew, kDisconnect},
      {kAwaiting, Event::tick, kAwaiting, kNone},
      {kAwaiting, Event::exited, kAwaiting, kFailedStart},
      {kAwaiting, Event::port_taken, kAwaiting, kRemove},
      {kReady, Event::hello, kReady, kHello},
      {kReady, Event::other_line, kReady, kNone},
      {kReady, Event::send_failed, awaiting_anew, kDisconnect},
      {kReady, Event::link_closed, connecting_anew, kDisconnect},
      {kReady,
       Event::hand_over_timed_out,
       Silent{at(kNow), std::nullopt},
       {ServerEffect::report_silence, ServerEffect::stop_matches}},
      {kReady, Event::tick, kReady, kNone},
      {kReady, Event::exited, kReady, kRemove},
      {kSilentBeforeHello, Event::hello, kReady, kHello},
      {kSilentBeforeHello, Event::other_line, AwaitingHello{at(-2'000)}, kNone},
      {kSilentBeforeHello, Event::send_failed, awaiting_anew, kDisconnect},
      {kSilentBeforeHello, Event::link_closed, connecting_anew, kDisconnect},
      {kSilentBeforeHello, Event::tick, kSilentBeforeHello, kNone},
      {kSilentBeforeHello, Event::exited, kSilentBeforeHello, kFailedStart},
      {kSilentAfterHello, Event::hello, kReady, kHello},
      {kSilentAfterHello, Event::other_line, kReady, {ServerEffect::accept_matches}},
      {kSilentAfterHello, Event::send_failed, awaiting_anew, kDisconnect},
      {kSilentAfterHello, Event::link_closed, connecting_anew, kDisconnect},
      {kSilentAfterHello, Event::hand_over_timed_out, kSilentAfterHello, kNone},
      {kSilentAfterHello, Event::tick, kSilentAfterHello, kNone},
      {kSilentAfterHello, Event::exited, kSilentAfterHello, kRemove},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const auto next = transition(row.before, row.event, true, at(kNow));
    EXPECT_EQ(next.state, row.after) << "row " << i;
    EXPECT_EQ(next.effects, row.effects) << "row " << i;
  }
}

TEST(ServerState, ATickAppliesTheTimeouts) {
  struct Row {
    ServerState before;
    bool is_child;
    Milliseconds limit;
    bool at_limit;  // else after it
    Effects effects;
  };
  const Effects kill{ServerEffect::kill}, kill_and_remove{ServerEffect::kill, ServerEffect::remove};
  const std::vector<Row> rows{
      {kConnecting, true, kStartTimeout, false, kill},
      {kConnecting, false, kAdoptTimeout, false, kill_and_remove},
      {kAwaiting, true, kHelloTimeout, true, {ServerEffect::report_silence}},
      {kAwaiting, false, kHelloTimeout, true, {ServerEffect::report_silence}},
      {kSilentBeforeHello, true, kSilenceTimeout, false, kill},
      {kSilentAfterHello, true, kSilenceTimeout, false, kill},
      {kSilentAfterHello, false, kSilenceTimeout, false, kill_and_remove},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const auto end = row.limit + Milliseconds(row.at_limit ? 0 : 1);
    const auto early = transition(row.before, Event::tick, row.is_child, at(end - Milliseconds(1)));
    EXPECT_EQ(early.state, row.before) << "row " << i;
    EXPECT_EQ(early.effects, kNone) << "row " << i;
    EXPECT_EQ(transition(row.before, Event::tick, row.is_child, at(end)).effects, row.effects) << "row " << i;
  }
  EXPECT_EQ(transition(kAwaiting, Event::tick, true, at(2'500)).state,
            ServerState(Silent{at(2'500), AwaitingHello{at(0)}}));
  EXPECT_EQ(transition(kReady, Event::tick, true, at(std::chrono::hours(24))).effects, kNone);
}

TEST(ServerState, AnEventThatCannotOccurAborts) {
  for (const auto event : {Event::hello, Event::other_line, Event::send_failed, Event::link_closed}) {
    EXPECT_DEATH(transition(kConnecting, event, true, at(0)), "without a connection");
  }
  EXPECT_DEATH(transition(kReady, Event::connected, true, at(0)), "connected twice");
  EXPECT_DEATH(transition(kAwaiting, Event::hand_over_timed_out, true, at(0)), "without a hello");
}

TEST(ServerState, TellsAStartingServerFromOneThatHasSentHello) {
  EXPECT_TRUE(is_starting(kConnecting) && is_starting(kAwaiting));
  EXPECT_FALSE(is_starting(kReady) || is_starting(kSilentBeforeHello) || is_starting(kSilentAfterHello));
  EXPECT_TRUE(hello_received(kReady) && hello_received(kSilentAfterHello));
  EXPECT_FALSE(hello_received(kConnecting) || hello_received(kAwaiting) || hello_received(kSilentBeforeHello));
}

}  // namespace
}  // namespace mm::orchestrator
