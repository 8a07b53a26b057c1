#include "services/gateway/sockets/frames.h"

#include "common/wire/time_text.h"
#include "services/gateway/core/router.h"

namespace mm::gateway {
namespace {

constexpr std::size_t kMaxRefBytes = 64;
/// The limits of frames that daemons send.
constexpr json::ReadLimits kTrustedFrame{limits::kMaxJsonDepth, 1'000'000};

bool has(const ClientFrame& frame, std::string_view name) {
  const auto found = frame.document.root().find(name);
  return found && !found->is(json::Kind::null);
}

const Route* route_of(const ClientFrame& frame, Routes routes) {
  if (frame.type == "enqueue") {
    return &route_named(routes, "POST", has(frame, "party_id") ? "/v1/party/queue" : "/v1/matchmaking/queue");
  }
  if (frame.type == "cancel") {
    return has(frame, "party_id") ? &route_named(routes, "DELETE", "/v1/party/queue")
                                  : &route_named(routes, "DELETE", "/v1/matchmaking/queue/{ticket_id}");
  }
  if (frame.type == "ready") return &route_named(routes, "POST", "/v1/party/{party_id}/ready");
  if (frame.type == "chat") return &route_named(routes, "POST", "/v1/party/{party_id}/chat");
  return nullptr;
}

/// Where the route expects the field. Among the commands, only DELETE routes have query parameters.
wire::Place place_of(const Route& route, std::string_view name) {
  if (route.path.find("{" + std::string(name) + "}") != std::string_view::npos) return wire::Place::path;
  return route.method == "DELETE" ? wire::Place::query : wire::Place::body;
}

std::string text_of_value(const json::Value& value) {
  return value.is(json::Kind::string) ? std::string(value.string()) : value.text();
}

}  // namespace

std::string frame_text(std::string_view event, std::int64_t seq, std::string_view data, TimePoint now,
                       const std::optional<std::string>& ref) {
  json::Writer writer;
  writer.begin_object();
  writer.key("event");
  writer.string(event);
  writer.key("seq");
  writer.integer(seq);
  writer.key("data");
  writer.raw(data.empty() ? "{}" : data);
  writer.key("timestamp");
  writer.string(wire::format_time(now));
  if (ref) {
    writer.key("ref");
    writer.string(*ref);
  }
  writer.end_object();
  return writer.take();
}

std::optional<std::int64_t> read_frame_seq(std::string_view text) {
  const auto document = json::Document::parse(text, kTrustedFrame);
  if (!document || !document->root().is(json::Kind::object)) return std::nullopt;
  const auto event = document->root().find("event");
  const auto seq = document->root().find("seq");
  const bool valid = event && event->is(json::Kind::string) && seq && seq->is(json::Kind::number);
  return valid ? seq->integer() : std::nullopt;
}

std::vector<StoredFrame> read_frame_log(std::string_view log) {
  std::vector<StoredFrame> frames;
  for (auto feed = log.find('\n'); feed != std::string_view::npos;) {
    const auto next = log.find('\n', feed + 1);
    const auto text = log.substr(feed + 1, next == std::string_view::npos ? next : next - feed - 1);
    if (const auto seq = read_frame_seq(text)) frames.push_back({*seq, std::make_shared<const std::string>(text)});
    feed = next;
  }
  return frames;
}

void LastKnown::set(const Welcome& state) {
  ticket = state.ticket ? std::optional(state.ticket->ticket_id) : std::nullopt;
  party = state.party ? std::optional(state.party->party_id) : std::nullopt;
}

// Most frames concern neither tickets nor parties, so the event is read before the frame is parsed.
void LastKnown::follow(std::string_view text) {
  constexpr std::string_view kStart = R"({"event":")";
  if (!text.starts_with(kStart)) return;
  const auto event = text.substr(kStart.size(), text.find('"', kStart.size()) - kStart.size());
  const auto id_in_data = [&]<class I>(std::string_view field, std::optional<I> none) {
    const auto document = json::Document::parse(text, kTrustedFrame);
    const auto data = document ? document->root().find("data") : std::nullopt;
    const auto id = data ? data->find(field) : std::nullopt;
    return id && id->is(json::Kind::string) ? I::parse(id->string()) : none;
  };
  if (event == frames::QueueEntered::kEvent) {
    ticket = id_in_data("ticket_id", ticket);
  } else if (event == frames::QueueLeft::kEvent || event == frames::MatchCompletedFrame::kEvent ||
             event == frames::MatchCancelledFrame::kEvent) {
    ticket.reset();  // a ticket that is queued again is entered again
  } else if (event == frames::PartyChanged::kEvent || event == frames::MemberJoined::kEvent) {
    party = id_in_data("party_id", party);
  } else if (event == frames::PartyGone::kEvent) {
    party.reset();
  }
}

LastKnown LastKnown::losses(const Welcome& state) const {
  LastKnown present;
  present.set(state);
  LastKnown lost;
  if (ticket && ticket != present.ticket && !state.match) lost.ticket = ticket;
  if (party && party != present.party) lost.party = party;
  return lost;
}

Result<ClientFrame, std::string> read_client_frame(std::string_view text) {
  auto document = json::Document::parse(text);
  if (!document) return fail(document.error().detail);
  if (!document->root().is(json::Kind::object)) return fail(std::string("not an object"));
  ClientFrame frame{{}, std::nullopt, *std::move(document)};
  const auto root = frame.document.root();
  if (const auto type = root.find("type"); type && type->is(json::Kind::string)) frame.type = type->string();
  if (const auto ref = root.find("ref");
      ref && ref->is(json::Kind::string) && !ref->string().empty() && ref->string().size() <= kMaxRefBytes) {
    frame.ref = ref->string();
  }
  return frame;
}

Reply<Command> read_command(const ClientFrame& frame, Routes routes) {
  Command command;
  command.route = route_of(frame, routes);
  if (command.route == nullptr) return refuse_field("/type", "is not a known type");
  if (!frame.ref && has(frame, "ref")) return refuse_field("/ref", "must be a string of 1 to 64 characters");
  json::Writer body;
  body.begin_object();
  frame.document.root().each_member([&](std::string_view key, const json::Value& value) {
    if (key == "type" || key == "ref") return;
    const auto place = place_of(*command.route, key);
    if (place == wire::Place::path) command.parts.path.emplace_back(key, text_of_value(value));
    if (place == wire::Place::query) command.parts.query.emplace_back(key, text_of_value(value));
    if (place != wire::Place::body) return;
    body.key(key);
    body.raw(value.text());
  });
  body.end_object();
  command.body_text = body.take();
  for (const auto& [name, value] : command.parts.path) {
    // An HTTP path with an invalid id matches no route, so the command is answered with 404 too.
    if (!accepts_parameter(name, value)) return refuse(Code::not_found, "there is no such " + name);
  }
  return command;
}

bool lacks_party(const Command& command) {
  return command.parts.path.empty() && command.route->path.find("{party_id}") != std::string_view::npos;
}

}  // namespace mm::gateway
