// The realtime connection: opened with the access token, renewed in band, reconnected with jittered, doubling pauses.
// Every connection starts with `welcome`, which carries the whole present state.
#include "src/client_impl.h"

namespace matchmaker {
namespace {

// Close codes of the service that mean: this login is not accepted (any more).
constexpr int kNotAuthenticated = 4401;
constexpr int kReplaced = 4409;

template <class E>
void deliver(const Json& data, const std::function<void(const E&)>& handler) {
  if (!handler) return;
  E event{};
  read(data, event);
  handler(event);
}

}  // namespace

void Client::Impl::open_socket() {
  reconnect_at = Clock::time_point::max();
  if (renewing || renewal_due()) {
    // The socket outlives this token's last minutes only with a fresh one.
    after_renewal.push_back([this](bool renewed) {
      if (!wants_socket || socket) return;
      if (renewed || !renewal_due()) open_socket();
      else schedule_reconnect();
    });
    if (!renewing) renew();
    return;
  }
  const auto number = ++socket_number;
  auto mine = [this, mail = mailbox, number](auto step) {
    mail->post([this, number, step = std::move(step)]() mutable {
      if (number == socket_number) step();
    });
  };
  Socket::Handlers handlers;
  handlers.opened = [this, mine] { mine([this] { socket_opened(); }); };
  handlers.received = [this, mine](std::string text) { mine([this, text = std::move(text)] { received(text); }); };
  handlers.closed = [this, mine](int code, std::string why) {
    mine([this, code, why = std::move(why)] { socket_closed(code, why); });
  };
  socket = transport->open("/v1/ws", access.text, std::move(handlers));
}

void Client::Impl::close_socket() {
  ++socket_number;
  socket.reset();
  socket_open = false;
  reconnect_at = Clock::time_point::max();
}

void Client::Impl::socket_opened() { socket_open = true; }

void Client::Impl::socket_closed(int code, const std::string& why) {
  const bool was_open = socket_open;
  close_socket();
  if (code == kReplaced) wants_socket = false;  // this player has opened newer ones elsewhere
  if (code == kNotAuthenticated) renew_at = Clock::now();
  if (was_open && events.disconnected) events.disconnected(why);
  if (wants_socket) schedule_reconnect();
}

void Client::Impl::schedule_reconnect() {
  pause = pause.count() == 0 ? options.reconnect_least : std::min(pause * 2, options.reconnect_most);
  // Full jitter in the upper half: many clients of one restarted gateway spread out.
  std::uniform_int_distribution<std::int64_t> spread(pause.count() / 2, pause.count());
  reconnect_at = Clock::now() + std::chrono::milliseconds(spread(random));
}

void Client::Impl::renew_socket_login() {
  if (!socket_open || !socket) return;
  socket->send(JsonBody().set("type", "hello").set("token", access.text).text());
}

void Client::Impl::received(const std::string& text) {
  const auto frame = Json::parse(text);
  if (!frame) return;
  dispatch(frame->text("event"), frame->at("data"));
}

void Client::Impl::dispatch(const std::string& event, const Json& data) {
  if (event == "welcome") {
    pause = std::chrono::milliseconds{0};
    deliver<Active>(data, events.connected);
  } else if (event == "member_joined") deliver<MemberJoined>(data, events.member_joined);
  else if (event == "member_left") deliver<MemberLeft>(data, events.member_left);
  else if (event == "member_ready") deliver<MemberReady>(data, events.member_ready);
  else if (event == "party_updated") deliver<Party>(data, events.party_updated);
  else if (event == "party_disbanded") {
    if (events.party_disbanded) events.party_disbanded(data.text("party_id"));
  } else if (event == "invited") deliver<Invitation>(data, events.invited);
  else if (event == "chat_message") deliver<ChatMessage>(data, events.chat_message);
  else if (event == "queue_entered") deliver<Ticket>(data, events.queue_entered);
  else if (event == "queue_left") deliver<QueueLeft>(data, events.queue_left);
  else if (event == "match_found") deliver<MatchFound>(data, events.match_found);
  else if (event == "session_ready") deliver<SessionReady>(data, events.session_ready);
  else if (event == "match_cancelled") deliver<MatchCancelled>(data, events.match_cancelled);
  else if (event == "match_completed") deliver<MatchCompleted>(data, events.match_completed);
  else if (event == "rating_changed") deliver<RatingChanged>(data, events.rating_changed);
  // Anything else is of a newer service.
}

}  // namespace matchmaker
