// The state of one game server process as the orchestrator sees it, and the events that change it. Pure: the caller
// passes the time in and executes the effects.
//
//   Connecting --connected--> AwaitingHello --hello--> Ready
//   AwaitingHello --tick after kHelloTimeout--> Silent        Silent --hello--> Ready
//   Ready --hand_over_timed_out--> Silent                     Silent --other_line--> the state before it was silent
//   any state --link_closed--> Connecting                     any state --send_failed--> AwaitingHello
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "common/base/clock.h"

namespace mm::orchestrator {

/// There is no connection to the server's socket.
struct Connecting {
  SteadyPoint since;
  friend bool operator==(const Connecting&, const Connecting&) = default;
};
/// The server has not sent `hello` on the present connection.
struct AwaitingHello {
  SteadyPoint since;  ///< when the server was started or found, or when the last connection failed
  friend bool operator==(const AwaitingHello&, const AwaitingHello&) = default;
};
/// The server takes new matches.
struct Ready {
  friend bool operator==(const Ready&, const Ready&) = default;
};
/// The server did not answer in time. It gets no new matches, and is killed after kSilenceTimeout.
struct Silent {
  SteadyPoint since;
  std::optional<AwaitingHello> before;  ///< the state before; none: Ready
  friend bool operator==(const Silent&, const Silent&) = default;
};
using ServerState = std::variant<Connecting, AwaitingHello, Ready, Silent>;

enum class ServerEvent {
  connected,            ///< to the server's socket
  hello,                ///< the line that the server sends first on a connection
  other_line,           ///< any other line from the server
  send_failed,          ///< the connection takes no more lines; it is closed when the next read fails too
  link_closed,          ///< the connection is closed; the process may still run
  hand_over_timed_out,  ///< the server did not answer a hand-over
  tick,                 ///< time has passed
  exited,               ///< the process has ended
  port_taken,           ///< the process has ended because its port is in use; another port will be tried
};

enum class ServerEffect {
  accept_matches,      ///< assign new matches to the server
  stop_matches,        ///< assign no new matches to the server
  forget_matches,      ///< the matches that the server hosts are unknown until its next hello
  fail_hand_overs,     ///< answer the hand-overs to the server that are under way with `lost`
  reset_start_delay,   ///< the program starts: count failures from 0 again
  extend_start_delay,  ///< the program does not start: delay the next start
  report_silence,      ///< log it, and let waiting callers look again
  kill,                ///< log it, and end the process
  remove,              ///< forget the server, its slots and its files, and fail its hand-overs
};

/// A server that the orchestrator started has kStartTimeout to open its socket; a socket that it found, kAdoptTimeout.
inline constexpr Milliseconds kStartTimeout{10'000};
inline constexpr Milliseconds kAdoptTimeout{1'000};
inline constexpr Milliseconds kHelloTimeout{2'000};
inline constexpr Milliseconds kSilenceTimeout{60'000};

struct Transition {
  ServerState state;
  std::vector<ServerEffect> effects;  ///< in the order of execution
};

/// `is_child`: this orchestrator started the process, so it will learn of its exit. Aborts if the event cannot occur in
/// that state, for example a line without a connection.
Transition transition(const ServerState& state, ServerEvent event, bool is_child, SteadyPoint now);

/// The server has sent hello on the present connection.
bool hello_received(const ServerState& state);
/// The server may become ready soon.
bool is_starting(const ServerState& state);

}  // namespace mm::orchestrator
