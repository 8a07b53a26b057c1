#include "services/gateway/sockets/player_socket.h"

#include <utility>

#include "common/runtime/log.h"
#include "services/gateway/admission/request_admission.h"
#include "services/gateway/core/close_codes.h"
#include "services/gateway/exchange/active_state.h"
#include "services/gateway/sockets/sockets.h"

namespace mm::gateway {
namespace {

// 20 frames a second, with bursts of up to 40.
constexpr Quota kFrames{40, Seconds{2}};
constexpr int kMaxWelcomeAttempts = 30;
constexpr Milliseconds kWelcomeRetryInterval{500};

}  // namespace

PlayerSocket::PlayerSocket(Sockets& sockets, std::uint64_t number, SocketLink& link, SocketAdmission admission)
    : sockets_(sockets),
      shard_(sockets.shard()),
      number_(number),
      link_(&link),
      claims_(std::move(admission.player)),
      party_(admission.party),
      address_(std::move(admission.address)),
      opened_at_(shard_.gateway.runtime.clock.now()),
      started_(std::chrono::steady_clock::now()),
      frames_(kFrames, started_) {
  order_.stop_after(admission.resume);
}

std::string PlayerSocket::name() const { return shard_.gateway.instance + "/" + std::to_string(number_); }

RequestContext PlayerSocket::context() const {
  Principal principal;
  principal.player = claims_;
  return {principal.caller(), trace::new_trace(), Deadline::after(limits::kRequestTimeout)};
}

void PlayerSocket::start() {
  // The upgrade handler has checked the token of the header and, for a party's stream, the membership.
  if (!claims_) return;
  phase_ = Phase::entering;
  join();
}

void PlayerSocket::enter(security::AccessClaims claims) {
  phase_ = Phase::entering;
  claims_ = std::move(claims);
  if (party_) return check_member();
  join();
}

void PlayerSocket::check_member() {
  GetParty request;
  request.player_id = claims_->player;
  send_request(shard_, request, context(), [self = shared_from_this()](Reply<Party> party) {
    if (self->is_over()) return;
    if (party && party->party_id == *self->party_) return self->join();
    const bool away = !party && party.error().status() == 503;
    self->end(away ? close_codes::kTryLater : close_codes::kNotMember, away ? "try later" : "not a member");
  });
}

// Presence is written before the state is read. From then on daemons send frames for the player, which are held until
// the welcome with the state is sent. So no change is lost between the state and the first frame.
void PlayerSocket::join() {
  sockets_.entered(shared_from_this(), [self = shared_from_this()] {
    if (!self->is_over()) self->welcome();
  });
}

bool PlayerSocket::resync() {
  if (phase_ != Phase::entering && phase_ != Phase::live) return false;
  if (welcoming_) {
    read_again_ = true;
  } else if (phase_ == Phase::live) {
    welcome();
  }
  return true;
}

bool PlayerSocket::resync_after_reset() {
  reset_ = resync();
  return reset_;
}

// The frames are read before the state, so the state includes the effects of all replayed frames. Frames that arrive
// meanwhile are held; those that were replayed are dropped when the welcome is sent.
void PlayerSocket::welcome() {
  if (welcoming_) return;
  welcoming_ = true;
  read_again_ = false;
  order_.stop();
  shard_.store.read_frames(claims_->tenant, claims_->player, order_.last(),
                           [self = shared_from_this()](storage::RedisResult<LoggedFrames> stored) {
                             if (self->is_over()) return;
                             // Without the cache, frames get no numbers and are not sent. Any frame sent after its
                             // recovery follows this state.
                             if (!stored) return self->read_state(0, false);
                             const bool resumed = self->replay(*stored);
                             if (!self->is_over()) self->read_state(stored->last, resumed);
                           });
}

/// Sends the frames that the client has missed. Returns false, and sends nothing, if not all of them are stored.
bool PlayerSocket::replay(const LoggedFrames& stored) {
  const auto missed = missed_frames(order_.last(), stored.last, read_frame_log(stored.log));
  if (!missed) {
    if (order_.last() != 0) shard_.gateway.metrics.replays_impossible.add();
    return false;
  }
  for (const auto& text : *missed) {
    if (link_ == nullptr || is_over()) return false;
    shard_.gateway.metrics.frames_replayed.add();
    known_.follow(*text);
    link_->send(text);
  }
  order_.stop_after(stored.last);
  return true;
}

void PlayerSocket::read_state(std::int64_t seq, bool resumed) {
  read_active_state(shard_, context(), [self = shared_from_this(), seq, resumed](Reply<ActiveState> state) {
    if (self->is_over()) return;
    self->welcoming_ = false;
    if (!state) return self->welcome_failed();
    if (self->read_again_) return self->welcome();
    const bool member = !self->party_ || (state->party && state->party->party_id == *self->party_);
    if (!member) return self->end(close_codes::kNotMember, "no longer a member");
    Welcome welcome;
    welcome.player = {self->claims_->player, self->claims_->name, self->claims_->region};
    welcome.party = std::move(state->party);
    welcome.ticket = std::move(state->ticket);
    welcome.match = std::move(state->match);
    welcome.invites = std::move(state->invites);
    welcome.recent = std::move(state->recent);
    welcome.resumed = resumed;
    self->send_welcome(welcome, seq);
  });
}

void PlayerSocket::send_welcome(const Welcome& state, std::int64_t seq) {
  if (phase_ == Phase::entering) phase_ = Phase::live;
  welcome_failures_ = 0;
  shard_.gateway.metrics.welcomes.add();
  const auto ref = std::exchange(welcome_ref_, std::nullopt);
  if (std::exchange(reset_, false)) send_losses(state);
  known_.set(state);
  if (link_ != nullptr)
    link_->send(std::make_shared<const std::string>(frame_text(Welcome::kEvent, seq, wire::encode(state), now(), ref)));
  apply(order_.start(seq, std::chrono::steady_clock::now()));
}

// Without a number: a client would drop a frame with a number that it has seen.
void PlayerSocket::send_losses(const Welcome& state) {
  const auto tell = [this](std::string_view event, const std::string& data) {
    if (!is_over() && link_ != nullptr)
      link_->send(std::make_shared<const std::string>(frame_text(event, 0, data, now(), std::nullopt)));
  };
  const auto losses = known_.losses(state);
  if (losses.ticket) {
    tell(frames::QueueLeft::kEvent, wire::encode(frames::QueueLeft{*losses.ticket, CloseReason::queue_reset, {}}));
  }
  if (losses.party) tell(frames::PartyGone::kEvent, wire::encode(frames::PartyGone{*losses.party}));
}

void PlayerSocket::welcome_failed() {
  if (++welcome_failures_ >= kMaxWelcomeAttempts) return end(close_codes::kTryLater, "try later");
  welcome_at_ = std::chrono::steady_clock::now() + kWelcomeRetryInterval;
}

void PlayerSocket::on_frame(std::int64_t seq, const FrameText& text) {
  if (phase_ != Phase::entering && phase_ != Phase::live) return;
  apply(order_.frame(seq, text, std::chrono::steady_clock::now()));
}

void PlayerSocket::apply(const FrameOrder::Step& step) {
  for (const auto& text : step.relay) {
    shard_.gateway.metrics.frames_relayed.add();
    known_.follow(*text);
    if (link_ != nullptr) link_->send(text);
  }
  if (step.resync && !is_over()) welcome();
}

void PlayerSocket::on_tick(SteadyPoint now_steady) {
  switch (phase_) {
    case Phase::greeting:
      if (now_steady - started_ >= kHelloTimeout) end(close_codes::kNoHello, "no hello");
      return;
    case Phase::over: return;
    case Phase::entering:
    case Phase::live: break;
  }
  if (now() >= claims_->expires_at + security::kTokenLeeway)
    return end(close_codes::kNotAuthenticated, "token expired");
  if (welcome_at_ && now_steady >= *welcome_at_) {
    welcome_at_.reset();
    welcome();
  }
  if (!welcoming_) apply(order_.tick(now_steady));
}

void PlayerSocket::on_binary() { end(close_codes::kBadFrame, "frames are text"); }

void PlayerSocket::on_control() { count_frame(); }

/// Counts a received frame against the frame limit. Returns false if the socket is over or was ended because of the
/// limit.
bool PlayerSocket::count_frame() {
  if (is_over()) return false;
  shard_.gateway.metrics.frames_received.add();
  const bool allowed = frames_.take(kFrames, std::chrono::steady_clock::now()).allowed;
  if (!allowed) end(close_codes::kTooMany, "too many frames");
  return allowed;
}

void PlayerSocket::on_text(std::string_view text) {
  if (!count_frame()) return;
  const auto frame = read_client_frame(text);
  if (!frame) return end(close_codes::kBadFrame, frame.error());
  if (frame->type == "hello") return on_hello(*frame);
  if (phase_ == Phase::greeting) return end(close_codes::kNotAuthenticated, "hello comes first");
  if (frame->type == "ping") return on_ping(*frame);
  on_command(*frame);
}

void PlayerSocket::on_hello(const ClientFrame& frame) {
  auto hello = wire::decode<Hello>(frame.document.root(), wire::Unknown::refused);
  if (!hello) {
    if (phase_ == Phase::greeting) return end(close_codes::kBadFrame, hello.error().detail);
    return refuse(frame.ref, hello.error());
  }
  auto claims = read_access(shard_.gateway, hello->token);
  if (!claims || shard_.gateway.denials.contains(claims->login))
    return end(close_codes::kNotAuthenticated, "token not accepted");
  if (claims_ && (claims->player != claims_->player || claims->tenant != claims_->tenant)) {
    return end(close_codes::kNotAuthenticated, "another player's token");
  }
  const auto on_login_read = [self = shared_from_this(), claims = *claims, resume = hello->resume,
                              ref = hello->ref](storage::RedisResult<LimitAnswer> taken) {
    if (self->is_over()) return;
    if (taken && taken->denied) return self->end(close_codes::kNotAuthenticated, "token not accepted");
    if (self->phase_ == Phase::greeting) {
      self->welcome_ref_ = ref;
      if (resume) self->order_.stop_after(resume->seq);
      return self->enter(claims);
    }
    self->renew(claims, resume, ref);
  };
  shard_.store.read_login(claims->tenant, claims->login, claims->player, on_login_read);
}

void PlayerSocket::renew(security::AccessClaims claims, const std::optional<Resume>& resume,
                         const std::optional<std::string>& ref) {
  claims_ = std::move(claims);
  if (!resume) return send("ack", {}, ref);
  welcome_ref_ = ref;
  order_.stop_after(resume->seq);
  resync();
}

void PlayerSocket::on_ping(const ClientFrame& frame) {
  const auto ping = wire::decode<Ping>(frame.document.root(), wire::Unknown::refused);
  if (!ping) return refuse(frame.ref, ping.error());
  send("pong", {}, frame.ref);
}

void PlayerSocket::on_command(const ClientFrame& frame) {
  auto command = read_command(frame, shard_.gateway.routes);
  if (!command) return refuse(frame.ref, command.error());
  if (!lacks_party(*command)) return run(*std::move(command), frame.ref);
  if (!party_) return find_party(*std::move(command), frame.ref);
  command->parts.path.emplace_back("party_id", party_->to_string());
  run(*std::move(command), frame.ref);
}

// Looks up the player's party for a command without party_id. A player is in at most one party.
void PlayerSocket::find_party(Command command, const std::optional<std::string>& ref) {
  GetParty request;
  request.player_id = claims_->player;
  send_request(shard_, request, context(),
               [self = shared_from_this(), command = std::move(command), ref](Reply<Party> party) mutable {
                 if (!party) return self->refuse(ref, party.error());
                 command.parts.path.emplace_back("party_id", party->party_id.to_string());
                 self->run(std::move(command), ref);
               });
}

void PlayerSocket::run(Command command, const std::optional<std::string>& ref) {
  auto x = std::make_shared<Exchange>(
      shard_, [self = shared_from_this(), ref](Outcome outcome) { self->answer(ref, outcome.answer); });
  x->route = command.route;
  x->request.method = command.route->method;
  x->request.body = std::move(command.body_text);
  x->parts = std::move(command.parts);
  x->parts.body = x->request.body;
  if (auto document = json::Document::parse(x->request.body)) x->body.emplace(*std::move(document));
  x->trace = trace::new_trace();
  x->address = address_;
  x->principal.player = claims_;
  admit_and_run(x);
}

void PlayerSocket::refuse(const std::optional<std::string>& ref, const Problem& problem) {
  answer(ref, problem_answer(problem, trace::new_trace().trace_id_text()));
}

void PlayerSocket::answer(const std::optional<std::string>& ref, const HttpAnswer& answer) {
  send(answer.status < 300 ? "ack" : "error", answer.content(), ref);
}

void PlayerSocket::send(std::string_view event, std::string_view data, const std::optional<std::string>& ref) {
  if (is_over() || link_ == nullptr) return;
  link_->send(std::make_shared<const std::string>(frame_text(event, order_.last(), data, now(), ref)));
}

void PlayerSocket::end(std::uint16_t code, std::string_view reason) {
  if (is_over()) return;
  Bye bye;
  bye.code = code;
  bye.reason = reason;
  // The delays are spread over two seconds, so that the clients do not reconnect all at once after a restart.
  if (code == close_codes::kRestarting) bye.reconnect_after_ms = static_cast<int>(number_ * 7919 % 2000);
  send(Bye::kEvent, wire::encode(bye));
  phase_ = Phase::over;
  if (link_ != nullptr) link_->close(code, reason);
}

void PlayerSocket::on_closed() {
  phase_ = Phase::over;
  link_ = nullptr;
  sockets_.closed(*this);
}

}  // namespace mm::gateway
