// A bot's WebSocket: connecting again, and what its frames say.
#include <algorithm>
#include <array>

#include "services/gateway/api/messages.h"
#include "tests/chaos/bots/bot.h"

namespace mm::chaos {
namespace {

constexpr Milliseconds kFirstPause{500};
constexpr Milliseconds kMaxPause{4'000};
constexpr std::size_t kMaxInvitations = 8;

std::optional<std::string> text_in(const json::Value& data, std::string_view name) {
  const auto found = data.is(json::Kind::object) ? data.find(name) : std::nullopt;
  if (!found || !found->is(json::Kind::string)) return std::nullopt;
  return std::string(found->string());
}

/// The id of a nested object and its state, as `ticket` and `ticket_state`.
void add_part(Fields& fields, const json::Value& data, const std::string& part) {
  const auto object = data.find(part);
  if (!object || !object->is(json::Kind::object)) return;
  fields.add(part, text_in(*object, part + "_id")).add(part + "_state", text_in(*object, "status"));
  if (const auto version = object->find("version")) fields.add_json("version", version->text());
}

/// The members of a frame line. Only these are copied, because frames also contain join tokens.
Fields frame_fields(std::string_view event, const json::Value& data) {
  Fields fields;
  if (!data.is(json::Kind::object)) return fields;
  if (event == "welcome") {
    for (const auto* part : {"party", "ticket", "match"}) add_part(fields, data, part);
    std::vector<std::string> recent;
    const auto list = data.find("recent");
    if (list && list->is(json::Kind::array)) {
      list->each_element([&](const json::Value& one) { recent.push_back(text_in(one, "match_id").value_or("")); });
    }
    if (!recent.empty()) fields.add("recent", recent);
    return fields;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kCopied{{{"ticket_id", "ticket"},
                                                                                  {"match_id", "match"},
                                                                                  {"party_id", "party"},
                                                                                  {"reason", "reason"},
                                                                                  {"player_id", "target"}}};
  for (const auto& [from, to] : kCopied) fields.add(to, text_in(data, from));
  for (const auto* name : {"requeued", "version"}) {
    if (const auto value = data.find(name)) fields.add_json(name, value->text());
  }
  return fields;
}

}  // namespace

void Bot::connect_later(Milliseconds wait) {
  connecting_ = true;
  world_.schedule.at(std::chrono::steady_clock::now() + wait,
                     [this] { world_.connects.submit([this] { connect(); }); });
}

void Bot::connect() {
  connecting_ = false;
  if (leaving_ || !login_ || socket_) return;
  const bool resumes = last_seq_ >= 0 && world_.random.chance(0.6);
  Fields fields;
  if (!player_.empty()) fields.add("player", player_);
  fields.add("login", login_->number);
  fields.add("gateway", static_cast<int>(route_.gateway % world_.caller.gateways()) + 1);
  hello_.clear();
  if (resumes) {
    fields.add("resume", last_seq_);
    Fields hello;
    hello.add("type", "hello").add("token", login_->access);
    hello.add_json("resume", object_of(Fields().add("seq", last_seq_)));
    hello_ = object_of(hello);
  }
  connection_ = world_.history.begin("connect", fields);
  SocketHandlers handlers;
  handlers.on_open = [this] { on_open(); };
  handlers.on_text = [this](std::string_view text) { on_text(text); };
  handlers.on_end = [this](const SocketEnd& how) { on_end(how); };
  socket_ = std::make_unique<PlayerSocket>(world_.io, world_.caller.gateway(route_.gateway),
                                           resumes ? std::string() : login_->access, std::move(handlers));
}

void Bot::on_open() {
  if (!hello_.empty()) socket_->send(hello_);
}

void Bot::on_end(const SocketEnd& how) {
  const bool refused = (how.status >= 400 && how.status < 500) || (how.code >= 4400 && how.code < 4500);
  Fields fields;
  if (!online_) {
    if (how.status != 0) fields.add("status", how.status);
    if (how.code != 0) fields.add("close_code", how.code);
    const auto phase = refused ? Phase::fail : Phase::info;
    world_.history.end(connection_, "connect", phase, fields);
    world_.stats.record("connect", phase, "", Milliseconds{0});
    ++failed_connects_;
    ++route_.gateway;
  } else {
    fields.add("player", player_).add("code", how.code).add("conn", connection_);
    if (dropped_by_bot_) fields.add("by", "bot");
    world_.history.fact("disconnect", fields);
    if (how.code == 0 && !dropped_by_bot_) ++route_.gateway;
  }
  if (how.status == 401 || how.code == 4401) access_refused_ = login_.has_value();
  dropped_by_bot_ = false;
  online_ = false;
  socket_.reset();
  if (leaving_) return;
  auto most = kFirstPause;
  for (int i = 0; i < failed_connects_ && most < kMaxPause; ++i) most *= 2;
  const Milliseconds jitter{static_cast<long>(static_cast<double>(most.count()) * world_.random.fraction())};
  connect_later(std::exchange(reconnect_after_, Milliseconds{0}) + jitter);
}

void Bot::on_text(std::string_view text) {
  const auto document = json::Document::parse(text, {limits::kMaxJsonDepth, 100'000});
  const auto event =
      document && document->root().is(json::Kind::object) ? text_in(document->root(), "event") : std::nullopt;
  const auto seq = event ? document->root().find("seq") : std::nullopt;
  const auto data = event ? document->root().find("data") : std::nullopt;
  Fields fields;
  if (!player_.empty()) fields.add("player", player_);
  if (!seq || !data || !seq->is(json::Kind::number) || !seq->integer()) {
    world_.history.fact("frame", fields.add("conn", connection_).add("malformed", true));
    return;
  }
  fields.add("type", *event).add("seq", *seq->integer()).add("conn", connection_);
  world_.history.fact("frame", fields.add_all(frame_fields(*event, *data)));
  if (*seq->integer() > 0 || *event == "welcome") last_seq_ = *seq->integer();
  if (*event == "welcome") return on_welcome(*data, last_seq_);
  on_frame(*event, *data);
}

void Bot::on_welcome(const json::Value& data, std::int64_t seq) {
  const auto welcome = wire::decode<gateway::Welcome>(data, wire::Unknown::ignored);
  if (!online_) {
    Fields fields;
    if (welcome) fields.add("player", welcome->player.player_id).add("resumed", welcome->resumed);
    else fields = malformed();
    world_.history.end(connection_, "connect", Phase::ok, fields.add("seq", seq));
    world_.stats.record("connect", Phase::ok, "", Milliseconds{0});
    online_ = true;
    failed_connects_ = 0;
  }
  if (!welcome) return;
  if (player_.empty()) player_ = welcome->player.player_id.to_string();
  const bool live = welcome->match && !is_over(welcome->match->status);
  adopt(welcome->party, welcome->ticket, live ? welcome->match->match_id.to_string() : std::string());
  invitations_.clear();
  if (!welcome->invites) return;
  for (const auto& invite : *welcome->invites) {
    if (invitations_.size() < kMaxInvitations) invitations_.push_back(invite.party_id.to_string());
  }
}

void Bot::on_frame(std::string_view event, const json::Value& data) {
  if (event == "bye") {
    const auto bye = wire::decode<gateway::Bye>(data, wire::Unknown::ignored);
    if (bye && bye->reconnect_after_ms)
      reconnect_after_ = Milliseconds(std::clamp(*bye->reconnect_after_ms, 0, 10'000));
  } else if (event == "invited") {
    const auto party = text_in(data, "party_id");
    if (party && invitations_.size() < kMaxInvitations) invitations_.push_back(*party);
  } else if (event == "invite_ended") {
    std::erase(invitations_, text_in(data, "party_id").value_or(""));
  } else if (event == "queue_entered") {
    ticket_ = text_in(data, "ticket_id");
    waits_since_ = std::chrono::steady_clock::now();
    at_rest_ = false;
  } else if (event == "queue_left") {
    if (ticket_ == text_in(data, "ticket_id")) ticket_.reset();
  } else if (event.starts_with("match_")) {
    on_match_frame(event, data);
  } else if (event.starts_with("member_") || event.starts_with("party_")) {
    on_party_frame(event, data);
  }
}

void Bot::on_match_frame(std::string_view event, const json::Value& data) {
  const auto match = text_in(data, "match_id");
  if (!match) return;
  if (event == "match_found") return on_match_found(*match);
  if (match_ != match) return;
  match_.reset();
  const auto requeued = data.find("requeued");
  if (event != "match_cancelled" || !requeued || !requeued->is(json::Kind::boolean) || !requeued->boolean()) return;
  ticket_ = matched_ticket_;
  waits_since_ = std::chrono::steady_clock::now();
}

void Bot::on_party_frame(std::string_view event, const json::Value& data) {
  if (event == "party_updated") {
    auto party = wire::decode<Party>(data, wire::Unknown::ignored);
    if (!party) return;
    const bool older = party_ && party_->party_id == party->party_id && party_->version > party->version;
    if (!older) party_ = *std::move(party);
    return;
  }
  const auto id = text_in(data, "party_id");
  if (!party_ || !id || party_->party_id.to_string() != *id) return;
  if (event == "party_disbanded") return party_.reset();
  auto& members = party_->members;
  const auto player = text_in(data, "player_id");
  if (event == "member_ready") {
    const auto ready = data.find("ready");
    for (auto& member : members) {
      if (ready && ready->is(json::Kind::boolean) && member.player_id.to_string() == player)
        member.ready = ready->boolean();
    }
    return;
  }
  // Someone joined or left, so nobody is ready any more.
  for (auto& member : members) member.ready = false;
  if (event == "member_left") {
    if (player == player_) return party_.reset();
    std::erase_if(members, [&](const PartyMember& member) { return member.player_id.to_string() == player; });
  } else if (const auto joined = data.find("member"); event == "member_joined" && joined) {
    auto member = wire::decode<PartyMember>(*joined, wire::Unknown::ignored);
    if (member) members.push_back(*std::move(member));
  }
}

void Bot::drop_socket() {
  dropped_by_bot_ = true;
  world_.random.chance(0.5) ? socket_->close() : socket_->cut();
}

void Bot::leave() {
  leaving_ = true;
  dropped_by_bot_ = true;
  if (socket_) socket_->close();
}

}  // namespace mm::chaos
