#include "services/gateway/docs/asyncapi.h"

#include <functional>
#include <map>
#include <type_traits>
#include <vector>

#include "common/contracts/explain.h"
#include "common/contracts/leaderboard.h"
#include "common/wire/schema.h"
#include "services/gateway/api/messages.h"

namespace mm::gateway::docs {
namespace {

using wire::Audience;
using wire::Schemas;

/// A message of a channel: a frame, a request, an answer or an event.
struct Message {
  std::string name;
  std::string payload;  ///< JSON schema
  std::string about;
};

struct Channel {
  std::string name;     ///< key in the document
  std::string address;  ///< path or subject; empty for the reply channel of a request
  std::string about;
  std::vector<Message> messages;
};

struct Operation {
  std::string name;
  std::string channel;
  bool send = false;  ///< true: the platform sends the messages; false: it receives them
  std::vector<std::string> messages;
  std::string reply_channel;  ///< empty: none
};

class Document {
 public:
  std::string make() {
    add_socket();
    add_requests();
    add_events();
    return write();
  }

 private:
  // --- the WebSocket ---

  template <class D>
  Message server_frame() {
    const std::string event(D::kEvent);
    return {event, frame_schema(event, client_.of<D>()), ""};
  }

  static std::string frame_schema(std::string_view event, const std::string& data) {
    const std::string name = R"({"const":")" + std::string(event) + R"("})";
    return wire::object_schema({{"event", name, true, wire::Place::body},
                                {"seq", R"({"type":"integer"})", true, wire::Place::body},
                                {"data", data, true, wire::Place::body},
                                {"timestamp", R"({"type":"string","format":"date-time"})", true, wire::Place::body},
                                {"ref", R"({"type":"string"})", false, wire::Place::body}},
                               false);
  }

  template <class Req>
  Message client_frame(std::string_view type, std::string about) {
    auto properties = client_.properties<Req>();
    for (auto& property : properties) {
      if (property.place == wire::Place::path) property.required = false;  // the gateway adds the player's party
      property.place = wire::Place::body;
    }
    std::erase_if(properties, [](const auto& property) { return property.name == "type" || property.name == "ref"; });
    const std::string name = R"({"const":")" + std::string(type) + R"("})";
    properties.insert(properties.begin(), {"type", name, true, wire::Place::body});
    properties.push_back({"ref", R"({"type":"string","maxLength":64})", false, wire::Place::body});
    return {std::string(type), wire::object_schema(properties, true), std::move(about)};
  }

  void add_socket() {
    Channel out{"frames_to_players",
                "/v1/ws",
                "Frames of the gateway. `seq` increases by one with each frame. ack, "
                "pong, error, welcome and bye repeat the last number. A client that names its last number "
                "(`?resume=`, or `resume` in hello) gets the frames that it has missed before the welcome, if all "
                "of them are stored.",
                {}};
    out.messages = {server_frame<Welcome>(),
                    server_frame<Bye>(),
                    server_frame<frames::MemberJoined>(),
                    server_frame<frames::MemberLeft>(),
                    server_frame<frames::MemberReady>(),
                    server_frame<frames::PartyChanged>(),
                    server_frame<frames::PartyGone>(),
                    server_frame<frames::Invited>(),
                    server_frame<frames::InviteEnded>(),
                    server_frame<frames::ChatMessage>(),
                    server_frame<frames::QueueEntered>(),
                    server_frame<frames::QueueLeft>(),
                    server_frame<frames::MatchFoundFrame>(),
                    server_frame<frames::SessionReady>(),
                    server_frame<frames::MatchCancelledFrame>(),
                    server_frame<frames::MatchCompletedFrame>(),
                    server_frame<frames::RatingChanged>()};
    const std::string anything = R"({"type":"object"})";
    out.messages.push_back({"ack", frame_schema("ack", anything), "The body of the corresponding HTTP answer"});
    out.messages.push_back({"pong", frame_schema("pong", anything), ""});
    out.messages.push_back({"error", frame_schema("error", anything), "The problem object"});
    Channel in{"frames_from_players", "/v1/ws", "Frames of clients, answered by ack or error with the same `ref`.", {}};
    in.messages = {
        client_frame<Hello>("hello",
                            "First frame without an Authorization header; later, renews the token. With resume: "
                            "answered by the missed frames and welcome"),
        client_frame<NoFields>("ping", "Answered by pong"),
        client_frame<EnterQueue>("enqueue", "With party_id: POST /v1/party/queue; else POST /v1/matchmaking/queue"),
        client_frame<LeaveQueue>("cancel",
                                 "With party_id: DELETE /v1/party/queue; "
                                 "else DELETE /v1/matchmaking/queue/{ticket_id}"),
        client_frame<SetReady>("ready", "POST /v1/party/{party_id}/ready; default: the player's party"),
        client_frame<SendChat>("chat", "POST /v1/party/{party_id}/chat; default: the player's party")};
    add_operation("send_frames", out, true);
    add_operation("receive_frames", in, false);
  }

  void add_operation(std::string name, Channel channel, bool send) {
    Operation operation{std::move(name), channel.name, send, {}, {}};
    for (const auto& message : channel.messages) operation.messages.push_back(message.name);
    operations_.push_back(std::move(operation));
    channels_.push_back(std::move(channel));
  }

  // --- the bus ---

  template <class T>
  Message bus_message() {
    bus_.of<T>();  // registers it
    return {std::string(wire::detail::type_name<T>()), bus_.of<T>(), ""};
  }

  template <class Req>
  void add_request(const std::string& address = "") {
    const std::string subject(Req::kSubject.text);
    auto name = key_of(subject);
    channels_.push_back({name, subject + address, "Request", {bus_message<Req>()}});
    Operation operation{"serve_" + name, name, false, {channels_.back().messages.front().name}, name + "_answer"};
    channels_.push_back({name + "_answer",
                         "",
                         "Answer, or a problem object with Nats-Service-Error headers",
                         {bus_message<typename Req::Answer>()}});
    operations_.push_back(std::move(operation));
  }

  template <class E>
  void add_event() {
    const std::string subject(E::kSubject.text);
    const auto name = key_of(subject);
    add_operation("publish_" + name, {name, subject, "Event", {bus_message<E>()}}, true);
  }

  static std::string key_of(std::string subject) {
    for (char& c : subject) {
      if (c == '.') c = '_';
    }
    return subject;
  }

  void add_requests() {
    add_request<RegisterPlayer>();
    add_request<LoginPlayer>();
    add_request<GetProfile>();
    add_request<UpdateProfile>();
    add_request<GetRatings>();
    add_request<GetRatingChanges>();
    add_request<CreateParty>();
    add_request<GetParty>();
    add_request<JoinParty>();
    add_request<LeaveParty>();
    add_request<SetReady>();
    add_request<InvitePlayer>();
    add_request<GetInvitations>();
    add_request<RemoveInvitation>();
    add_request<KickPlayer>();
    add_request<PromotePlayer>();
    add_request<SendChat>();
    add_request<EnterQueue>();
    add_request<LeaveQueue>();
    add_request<Enqueue>();
    add_request<CancelTicket>();
    add_request<GetTicket>();
    add_request<MakeMatch>();
    add_request<GetQueues>();
    add_request<GetExplanation>();
    add_request<ExplainHere>(".{address}");
    add_request<GetMatch>();
    add_request<GetRecentMatches>();
    add_request<Heartbeat>();
    add_request<ReportResult>();
    add_request<AllocateServer>();
    add_request<ReleaseServer>();
    add_request<GetLeaderboard>();
    add_request<GetHistory>();
    add_request<GetFinishedMatch>();
  }

  void add_events() {
    add_event<MatchFound>();
    add_event<MatchReady>();
    add_event<MatchCompleted>();
    add_event<MatchCancelled>();
    add_event<MatchRated>();
    add_event<TicketClosed>();
    add_event<TicketRequeued>();
    add_event<PartyCreated>();
    add_event<PartyUpdated>();
    add_event<PartyDisbanded>();
    add_event<PresenceChanged>();
    add_event<CloseSockets>();
    add_event<QueueChanged>();
    add_event<SessionStateChanged>();
    const std::string anything = R"({"type":"object"})";
    add_operation("notify_players",
                  {"notify", "notify.{player_id}", "A WebSocket frame for that player", {{"frame", anything, ""}}},
                  true);
    add_operation("report_violations",
                  {"violations", "events.violation.{code}", "An invariant is violated", {{"violation", anything, ""}}},
                  true);
  }

  // --- writing ---

  void pair(std::string_view key, std::string_view text) {
    w_.key(key);
    w_.string(text);
  }

  void reference(const std::string& to) {
    w_.begin_object();
    pair("$ref", to);
    w_.end_object();
  }

  std::string write() {
    w_.begin_object();
    pair("asyncapi", "3.0.0");
    w_.key("info");
    w_.raw(
        R"({"title":"Matchmaker frames and events","version":"1.0.0","license":{"name":"MIT"},"description":)"
        R"("The WebSocket (subprotocol mm.v1.json; close codes 4400 bad frame, 4401 not authenticated or expired, 4403 not a member, )"
        R"(4408 no hello, 4409 replaced, 4413 too slow, 4429 too many, 1012 restarting, 1013 try later) and the subjects of the bus."})");
    w_.key("servers");
    w_.raw(
        R"({"gateway":{"host":"localhost:8080","protocol":"ws"},"bus":{"host":"localhost:4222","protocol":"nats"}})");
    w_.key("channels");
    w_.begin_object();
    for (const auto& channel : channels_) write_channel(channel);
    w_.end_object();
    w_.key("operations");
    w_.begin_object();
    for (const auto& operation : operations_) write_operation(operation);
    w_.end_object();
    write_components();
    w_.end_object();
    return w_.take();
  }

  void write_channel(const Channel& channel) {
    const bool socket = channel.address.starts_with("/");
    w_.key(channel.name);
    w_.begin_object();
    w_.key("address");
    channel.address.empty() ? w_.null() : w_.string(channel.address);
    pair("description", channel.about);
    w_.key("servers");
    w_.begin_array();
    reference(socket ? "#/servers/gateway" : "#/servers/bus");
    w_.end_array();
    if (const auto open = channel.address.find('{'); open != std::string::npos) {
      w_.key("parameters");
      w_.begin_object();
      w_.key(channel.address.substr(open + 1, channel.address.size() - open - 2));
      w_.begin_object();
      w_.end_object();
      w_.end_object();
    }
    w_.key("messages");
    w_.begin_object();
    for (const auto& message : channel.messages) {
      w_.key(message.name);
      w_.begin_object();
      pair("name", message.name);
      if (!message.about.empty()) pair("summary", message.about);
      pair("contentType", "application/json");
      w_.key("payload");
      w_.raw(message.payload);
      w_.end_object();
    }
    w_.end_object();
    w_.end_object();
  }

  void write_operation(const Operation& operation) {
    const auto channel = "#/channels/" + operation.channel;
    w_.key(operation.name);
    w_.begin_object();
    pair("action", operation.send ? "send" : "receive");
    w_.key("channel");
    reference(channel);
    w_.key("messages");
    w_.begin_array();
    for (const auto& message : operation.messages) reference(channel + "/messages/" + message);
    w_.end_array();
    if (!operation.reply_channel.empty()) {
      w_.key("reply");
      w_.begin_object();
      w_.key("channel");
      reference("#/channels/" + operation.reply_channel);
      w_.end_object();
    }
    w_.end_object();
  }

  // For a struct that both clients and daemons use, the schema for daemons is written, which has the internal fields
  // too.
  void write_components() {
    w_.key("components");
    w_.begin_object();
    w_.key("schemas");
    w_.begin_object();
    std::map<std::string, std::string> all = client_.named();
    for (const auto& [name, schema] : bus_.named()) all[name] = schema;
    for (const auto& [name, schema] : all) {
      w_.key(name);
      w_.raw(schema);
    }
    w_.end_object();
    w_.end_object();
  }

  json::Writer w_;
  Schemas client_{Audience::client};
  Schemas bus_{Audience::bus};
  std::vector<Channel> channels_;
  std::vector<Operation> operations_;
};

}  // namespace

std::string asyncapi_document() { return Document().make(); }

}  // namespace mm::gateway::docs
