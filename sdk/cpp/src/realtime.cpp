// The realtime connection. It is opened with the access token; a renewed token is sent on the open connection. Pauses
// between reconnects double and have jitter. A connection names the last frame that the client has. It starts with the
// frames that the client has missed, if the service has all of them, and then `welcome`, which carries the complete
// current state.
#include <utility>

#include "src/client_impl.h"

namespace matchmaker {
namespace {

// Close codes of the service. 4401: the access token is not accepted. 4409: newer connections replaced this connection.
constexpr int kNotAuthenticated = 4401;
constexpr int kReplaced = 4409;

template <class E>
E as(const JsonValue& data) {
  E event{};
  read(data, event);
  return event;
}

/// These frames repeat the number of the frame before them.
bool has_own_number(const std::string& event) {
  return event != "ack" && event != "pong" && event != "error" && event != "bye";
}

}  // namespace

void Client::Impl::open_socket() {
  if (over) return;
  reconnect_at = Clock::time_point::max();
  if (renewing || renewal_due()) {
    // The token is about to expire, so it is renewed before the connection is opened.
    after_renewal.push_back([this](bool renewed) {
      if (!wants_socket || socket) return;
      if (renewed || !renewal_due()) open_socket();
      else schedule_reconnect();
    });
    if (!renewing) renew();
    return;
  }
  const auto number = ++socket_number;
  auto mine = [this, queue = tasks, number](auto step) {
    queue->post([this, number, step = std::move(step)]() mutable {
      if (number == socket_number) step();
    });
  };
  Socket::Handlers handlers;
  handlers.opened = [this, mine] { mine([this] { socket_opened(); }); };
  handlers.received = [this, mine](std::string text) { mine([this, text = std::move(text)] { received(text); }); };
  handlers.closed = [this, mine](int code, std::string why) {
    mine([this, code, why = std::move(why)] { socket_closed(code, why); });
  };
  const auto resume = last_seq > 0 ? "?resume=" + std::to_string(last_seq) : std::string();
  socket = transport->open("/v1/ws" + resume, access.text, std::move(handlers));
}

void Client::Impl::close_socket() {
  ++socket_number;
  socket.reset();
  socket_open = false;
  reconnect_at = Clock::time_point::max();
}

// Called when the transport reports the open connection and when a frame arrives. These come from different threads, so
// either may be first.
void Client::Impl::socket_opened() {
  if (std::exchange(socket_open, true)) return;
  log(LogLevel::info, "the realtime connection is open");
}

void Client::Impl::socket_closed(int code, const std::string& why) {
  const bool was_open = socket_open;
  close_socket();
  if (code == kReplaced) wants_socket = false;  // the player opened newer connections elsewhere
  if (code == kNotAuthenticated) renew_at = Clock::now();
  log(LogLevel::warning, "the realtime connection is closed: " + std::to_string(code) + " " + why);
  if (wants_socket) schedule_reconnect();
  if (was_open) call_game(events.disconnected, why);
}

void Client::Impl::schedule_reconnect() {
  pause = std::min(pause.count() == 0 ? options.reconnect_least : pause * 2, options.reconnect_most);
  // Random between half of the pause and the pause, so that the clients of a restarted gateway do not all reconnect at
  // once.
  std::uniform_int_distribution<std::int64_t> spread(pause.count() / 2, pause.count());
  reconnect_at = Clock::now() + std::chrono::milliseconds(spread(random));
}

void Client::Impl::renew_socket_login() {
  if (!socket_open || !socket) return;
  socket->send(JsonBody().set("type", "hello").set("token", access.text).text());
}

void Client::Impl::received(const std::string& text) {
  socket_opened();
  if (over) return;
  const auto frame = parse_message(text);
  if (!frame) return log(LogLevel::warning, "a frame is not valid JSON");
  const auto event = text_of(*frame, "event");
  if (is_new(event, read_member<std::int64_t>(*frame, "seq"))) dispatch(event, member(*frame, "data"));
}

// Returns false for an event that was delivered before. A welcome may set the number back: the service has then started
// new numbers, or it cannot name a number.
bool Client::Impl::is_new(const std::string& event, std::int64_t seq) {
  if (event == "welcome") {
    last_seq = seq;
    return true;
  }
  if (seq <= 0 || !has_own_number(event)) return true;
  if (seq <= last_seq) return false;
  last_seq = seq;
  return true;
}

void Client::Impl::dispatch(const std::string& event, const JsonValue& data) {
  if (event == "welcome") welcomed(as<Active>(data));
  else if (event == "member_joined") call_game(events.member_joined, as<MemberJoined>(data));
  else if (event == "member_left") call_game(events.member_left, as<MemberLeft>(data));
  else if (event == "member_ready") call_game(events.member_ready, as<MemberReady>(data));
  else if (event == "party_updated") call_game(events.party_updated, as<Party>(data));
  else if (event == "party_disbanded") call_game(events.party_disbanded, text_of(data, "party_id"));
  else if (event == "invited") call_game(events.invited, as<Invitation>(data));
  else if (event == "invite_ended") call_game(events.invite_ended, as<InviteEnded>(data));
  else if (event == "chat_message") call_game(events.chat_message, as<ChatMessage>(data));
  else if (event == "queue_entered") call_game(events.queue_entered, as<Ticket>(data));
  else if (event == "queue_left") call_game(events.queue_left, as<QueueLeft>(data));
  else if (event == "match_found") {
    ends.known.add(text_of(data, "match_id"));
    call_game(events.match_found, as<MatchFound>(data));
  } else if (event == "session_ready") {
    ends.known.add(text_of(data, "match_id"));
    call_game(events.session_ready, as<SessionReady>(data));
  } else if (event == "match_cancelled") deliver(as<MatchCancelled>(data));
  else if (event == "match_completed") deliver(as<MatchCompleted>(data));
  else if (event == "rating_changed") deliver(as<RatingChanged>(data));
  // Other events come from a newer service and are ignored.
}

void Client::Impl::welcomed(const Active& active) {
  pause = std::chrono::milliseconds{0};
  deliver_missed(active);
  call_game(events.connected, active);
}

void Client::Impl::deliver_missed(const Active& active) {
  if (active.match) ends.known.add(active.match->match_id);
  for (const auto& match : active.recent) {
    if (!ends.concerns(match.match_id, match.ended_at)) continue;
    if (match.status == MatchStatus::cancelled) {
      deliver(MatchCancelled{match.match_id, match.reason, match.requeued});
    } else {
      deliver(MatchCompleted{match.match_id, match.winning_team, match.duration_seconds});
      if (match.rated) {
        deliver(RatingChanged{match.match_id, match.mode, match.mmr_before, match.mmr_after, match.mmr_change});
      }
    }
  }
}

// The service sends the end of a match as an event, and again in the recent matches of every state within ten minutes.
// These functions deliver each end once.
void Client::Impl::deliver(const MatchCompleted& event) {
  if (ends.ended.add(event.match_id)) call_game(events.match_completed, event);
}

void Client::Impl::deliver(const MatchCancelled& event) {
  if (ends.ended.add(event.match_id)) call_game(events.match_cancelled, event);
}

void Client::Impl::deliver(const RatingChanged& event) {
  if (ends.rated.add(event.match_id)) call_game(events.rating_changed, event);
}

}  // namespace matchmaker
