#include "services/orchestrator/core/server_state.h"

#include "common/base/result.h"

namespace mm::orchestrator {
namespace {

using Effects = std::vector<ServerEffect>;

Transition on_tick(const ServerState& state, bool is_child, SteadyPoint now) {
  if (const auto* awaiting = std::get_if<AwaitingHello>(&state)) {
    if (now - awaiting->since < kHelloTimeout) return {state, {}};
    return {Silent{now, *awaiting}, {ServerEffect::report_silence}};
  }
  bool is_late = false;
  if (const auto* silent = std::get_if<Silent>(&state)) is_late = now - silent->since > kSilenceTimeout;
  if (const auto* connecting = std::get_if<Connecting>(&state)) {
    is_late = now - connecting->since > (is_child ? kStartTimeout : kAdoptTimeout);
  }
  if (!is_late) return {state, {}};
  // A child is removed when its exit is collected. Of another process only the connection can be seen.
  return {state, is_child ? Effects{ServerEffect::kill} : Effects{ServerEffect::kill, ServerEffect::remove}};
}

Transition on_other_line(const ServerState& state) {
  const auto* silent = std::get_if<Silent>(&state);
  if (silent == nullptr) return {state, {}};
  if (silent->before) return {*silent->before, {}};
  return {Ready{}, {ServerEffect::accept_matches}};
}

Transition on_hand_over_timeout(const ServerState& state, SteadyPoint now) {
  check(hello_received(state), "a match was handed over to a server without a hello");
  if (std::holds_alternative<Silent>(state)) return {state, {}};
  return {Silent{now, std::nullopt}, {ServerEffect::report_silence, ServerEffect::stop_matches}};
}

Effects effects_of_disconnect() {
  return {ServerEffect::stop_matches, ServerEffect::forget_matches, ServerEffect::fail_hand_overs};
}

}  // namespace

Transition transition(const ServerState& state, ServerEvent event, bool is_child, SteadyPoint now) {
  const auto* connecting = std::get_if<Connecting>(&state);
  const bool needs_connection = event == ServerEvent::hello || event == ServerEvent::other_line ||
                                event == ServerEvent::send_failed || event == ServerEvent::link_closed;
  check(connecting == nullptr || !needs_connection, "a server without a connection sent or closed something");
  switch (event) {
    case ServerEvent::connected:
      check(connecting != nullptr, "a server was connected twice");
      return {AwaitingHello{now}, {}};
    case ServerEvent::hello: return {Ready{}, {ServerEffect::accept_matches, ServerEffect::reset_start_delay}};
    case ServerEvent::other_line: return on_other_line(state);
    case ServerEvent::send_failed: return {AwaitingHello{now}, effects_of_disconnect()};
    case ServerEvent::link_closed: return {Connecting{now}, effects_of_disconnect()};
    case ServerEvent::hand_over_timed_out: return on_hand_over_timeout(state, now);
    case ServerEvent::tick: return on_tick(state, is_child, now);
    case ServerEvent::exited:
      if (hello_received(state)) return {state, {ServerEffect::remove}};
      return {state, {ServerEffect::extend_start_delay, ServerEffect::remove}};
    case ServerEvent::port_taken: return {state, {ServerEffect::remove}};
  }
  return {state, {}};
}

bool hello_received(const ServerState& state) {
  const auto* silent = std::get_if<Silent>(&state);
  return std::holds_alternative<Ready>(state) || (silent != nullptr && !silent->before);
}

bool is_starting(const ServerState& state) {
  return std::holds_alternative<Connecting>(state) || std::holds_alternative<AwaitingHello>(state);
}

}  // namespace mm::orchestrator
