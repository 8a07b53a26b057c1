#include "services/gateway/docs/openapi.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "common/wire/problem_json.h"
#include "services/gateway/api/route.h"
#include "services/gateway/docs/advice.h"
#include "services/gateway/docs/examples.h"

namespace mm::gateway::docs {
namespace {

constexpr std::string_view kTraceExample = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A header field of answers, with its description.
struct HeaderInfo {
  std::string_view name;
  std::string_view about;
};
/// The header fields that every answer has.
constexpr HeaderInfo kAnswerHeaders[] = {
    {"X-Request-Id", "The X-Request-Id of the request if it was valid, else the trace id"},
    {"traceparent", "W3C trace context of the answer"},
    {"RateLimit", "Limit, remaining requests, seconds until all are available: `limit=100, remaining=99, reset=1`"},
    {"RateLimit-Policy", "The limit and its window in seconds: `100;w=60` is 100 requests a minute"},
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    if (space > 0) out.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out;
}

class Document {
 public:
  explicit Document(Routes routes) : routes_(routes) {}

  std::string make() {
    w_.begin_object();
    pair("openapi", "3.1.0");
    write_info();
    write_tags();
    w_.key("paths");
    write_paths();
    w_.key("components");
    write_components();
    w_.end_object();
    return w_.take();
  }

 private:
  void pair(std::string_view key, std::string_view text) {
    w_.key(key);
    w_.string(text);
  }

  void reference(std::string_view to) {
    w_.begin_object();
    pair("$ref", to);
    w_.end_object();
  }

  void write_info() {
    w_.key("info");
    w_.begin_object();
    pair("title", "Matchmaker API");
    pair("version", "1.0.0");
    pair("description",
         "Accounts, parties, matchmaking, sessions and standings of online games. Every answer with a status of 400 or "
         "above is a problem object (RFC 9457); clients should decide by its `code`. Unknown fields in requests are "
         "refused with 422; clients should ignore unknown fields in answers. Every path with GET also supports HEAD. "
         "The "
         "WebSocket is described in /asyncapi.json.");
    w_.key("license");
    w_.begin_object();
    pair("name", "MIT");
    pair("identifier", "MIT");
    w_.end_object();
    w_.end_object();
    w_.key("servers");
    w_.begin_array();
    w_.begin_object();
    pair("url", "/");
    w_.end_object();
    w_.end_array();
  }

  // The paths of the document are sorted, but the tags keep the order of the route table, which begins with what
  // players need first.
  void write_tags() {
    std::vector<std::string_view> areas;
    for (const auto& route : routes_) {
      if (std::find(areas.begin(), areas.end(), route.area) == areas.end()) areas.push_back(route.area);
    }
    w_.key("tags");
    w_.begin_array();
    for (const auto area : areas) {
      w_.begin_object();
      pair("name", area);
      w_.end_object();
    }
    w_.end_array();
  }

  void write_paths() {
    std::map<std::string_view, std::vector<const Route*>> by_path;
    for (const auto& route : routes_) by_path[route.path].push_back(&route);
    w_.begin_object();
    for (const auto& [path, of_path] : by_path) {
      w_.key(path);
      w_.begin_object();
      for (const auto* route : of_path) write_operation(*route);
      w_.end_object();
    }
    w_.end_object();
  }

  void write_operation(const Route& route) {
    auto messages = route.endpoint.messages(schemas_);
    std::erase_if(messages.request, [&](const auto& property) { return property.name == route.rules.without; });
    for (auto& property : messages.request) {
      if (property.name == route.rules.needs) property.required = true;
    }
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    w_.key(method);
    w_.begin_object();
    w_.key("tags");
    w_.begin_array();
    w_.string(route.area);
    w_.end_array();
    pair("summary", route.summary);
    pair("operationId", operation_id(method, route.path));
    write_security(route.audience);
    write_parameters(route, messages);
    write_body(route, messages);
    write_responses(route, messages);
    w_.end_object();
  }

  static std::string operation_id(const std::string& method, std::string_view path) {
    std::string out = method;
    for (char c : path) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      if (plain) out += c;
      else if (out.back() != '_') out += '_';
    }
    while (out.back() == '_') out.pop_back();
    return out;
  }

  // On routes for anyone the token is optional. An invalid token is refused on every route.
  void write_security(Audience audience) {
    w_.key("security");
    w_.begin_array();
    if (audience == Audience::anyone) {
      w_.begin_object();
      w_.end_object();
    }
    w_.begin_object();
    w_.key(audience == Audience::server  ? "server_token"
           : audience == Audience::admin ? "admin_token"
                                         : "access_token");
    w_.begin_array();
    w_.end_array();
    w_.end_object();
    w_.end_array();
  }

  void write_parameters(const Route& route, const Messages& messages) {
    std::set<std::string> described;
    w_.key("parameters");
    w_.begin_array();
    for (const auto& property : messages.request) {
      const bool in_path = route.path.find("{" + property.name + "}") != std::string_view::npos;
      if (property.place == wire::Place::body || (property.place == wire::Place::path && !in_path)) continue;
      described.insert(property.name);
      auto shown = property;
      shown.required = in_path || property.required;
      write_parameter(shown, in_path ? "path" : "query");
    }
    for (const char* name : {"code", "file", "party_id"}) {
      const bool in_path = route.path.find("{" + std::string(name) + "}") != std::string_view::npos;
      const bool is_id = std::string_view(name).ends_with("_id");
      const auto* schema = is_id ? R"({"type":"string","format":"uuid"})" : R"({"type":"string"})";
      if (in_path && !described.contains(name)) write_parameter({name, schema, true, wire::Place::path}, "path");
    }
    reference("#/components/parameters/RequestId");
    if (route.rules.keyed) reference("#/components/parameters/IdempotencyKey");
    w_.end_array();
  }

  // Optional parameters have no example, because Swagger UI would send it.
  void write_parameter(const wire::Property& property, std::string_view in) {
    w_.begin_object();
    pair("name", property.name);
    pair("in", in);
    w_.key("required");
    w_.boolean(property.required);
    w_.key("schema");
    w_.raw(property.schema);
    if (property.required) {
      w_.key("example");
      w_.raw(example_of(property));
    }
    w_.end_object();
  }

  static bool has_body(const Messages& messages) {
    return std::any_of(messages.request.begin(), messages.request.end(),
                       [](const auto& property) { return property.place == wire::Place::body; });
  }

  void write_body(const Route& route, const Messages& messages) {
    if (!has_body(messages) || route.method == "GET") return;
    const bool needed = std::any_of(messages.request.begin(), messages.request.end(), [](const auto& property) {
      return property.place == wire::Place::body && property.required;
    });
    w_.key("requestBody");
    w_.begin_object();
    w_.key("required");
    w_.boolean(needed);
    write_content("application/json", wire::object_schema(messages.request, true), example_body(messages.request));
    w_.end_object();
  }

  void write_content(std::string_view type, std::string_view schema, std::string_view example = {}) {
    w_.key("content");
    w_.begin_object();
    w_.key(type);
    w_.begin_object();
    w_.key("schema");
    w_.raw(schema);
    if (!example.empty()) {
      w_.key("example");
      w_.raw(example);
    }
    w_.end_object();
    w_.end_object();
  }

  void write_responses(const Route& route, const Messages& messages) {
    w_.key("responses");
    w_.begin_object();
    w_.key(std::to_string(route.status));
    write_success(route, messages);
    for (const auto& [status, codes] : refusals_of(route)) {
      w_.key(std::to_string(status));
      write_shared_refusal(status, codes);
    }
    w_.end_object();
  }

  void write_success(const Route& route, const Messages& messages) {
    w_.begin_object();
    pair("description", route.summary);
    std::vector<HeaderInfo> more;
    if (route.status == 201 || route.status == 302) more.push_back({"Location", "The path of the resource"});
    write_headers(more);
    if (!route.rules.media.empty()) {
      write_content(route.rules.media, R"({"type":"string"})");
    } else if (!messages.answer.empty() && route.status != 204) {
      write_content("application/json", messages.answer);
    }
    w_.end_object();
    if (route.rules.media.empty()) return;
    w_.key("304");
    w_.begin_object();
    pair("description", "Not modified: If-None-Match has the current ETag");
    write_headers({});
    w_.end_object();
  }

  // The first seven codes do not depend on the route.
  static std::map<int, std::vector<Code>> refusals_of(const Route& route) {
    std::set<Code> codes{Code::malformed_request,  Code::origin_not_allowed, Code::request_timeout,
                         Code::payload_too_large,  Code::uri_too_long,       Code::headers_too_large,
                         Code::misdirected_request};
    codes.insert({Code::unsupported_media_type, Code::invalid_fields, Code::internal_error, Code::unavailable});
    codes.insert(route.audience == Audience::admin ? Code::not_found : Code::unauthorized);
    if (route.audience == Audience::server) codes.insert({Code::invalid_server_token, Code::forbidden});
    if (route.cost != Cost::free) codes.insert({Code::rate_limited, Code::deadline_exceeded});
    if (route.rules.keyed) codes.insert({Code::idempotency_running, Code::idempotency_mismatch});
    for (const auto& name : words(route.errors)) codes.insert(code_named(name));
    std::map<int, std::vector<Code>> by_status;
    for (const auto code : codes) by_status[info(code).status].push_back(code);
    return by_status;
  }

  // Most routes share most refusals, so each set of codes is written once as a component, named after its status and
  // codes.
  void write_shared_refusal(int status, const std::vector<Code>& codes) {
    std::string name = std::to_string(status);
    for (const auto code : codes) name += "." + std::string(info(code).name);
    reference("#/components/responses/" + name);
    refusals_.emplace(std::move(name), codes);
  }

  void write_refusal(const std::vector<Code>& codes) {
    const auto status = info(codes.front()).status;
    w_.begin_object();
    std::string about;
    for (const auto code : codes) about += (about.empty() ? "" : " | ") + std::string(info(code).title);
    pair("description", about);
    std::vector<HeaderInfo> more;
    const bool may_run = std::find(codes.begin(), codes.end(), Code::idempotency_running) != codes.end();
    if (status == 429 || status == 503 || may_run) more.push_back({"Retry-After", "Seconds to wait before a retry"});
    if (status == 401) more.push_back({"WWW-Authenticate", "Bearer"});
    write_headers(more);
    w_.key("content");
    w_.begin_object();
    w_.key("application/problem+json");
    w_.begin_object();
    w_.key("schema");
    reference("#/components/schemas/Problem");
    w_.key("examples");
    w_.begin_object();
    for (const auto code : codes) write_example(code);
    w_.end_object();
    w_.end_object();
    w_.end_object();
    w_.end_object();
  }

  void write_example(Code code) {
    Problem problem = refuse(code).error;
    if (code == Code::invalid_fields) problem.errors.push_back({"/team_size", "must be from 1 to 100"});
    if (code == Code::rate_limited) problem.retry_after_seconds = 2;
    w_.key(info(code).name);
    w_.begin_object();
    pair("description", advice(code));
    w_.key("value");
    w_.raw(wire::encode_problem(problem, kTraceExample));
    w_.end_object();
  }

  void write_headers(const std::vector<HeaderInfo>& more) {
    w_.key("headers");
    w_.begin_object();
    for (const auto& header : kAnswerHeaders) {
      w_.key(header.name);
      reference("#/components/headers/" + std::string(header.name));
    }
    for (const auto& header : more) write_header(header);
    w_.end_object();
  }

  void write_header(const HeaderInfo& header) {
    w_.key(header.name);
    w_.begin_object();
    pair("description", header.about);
    w_.key("schema");
    w_.raw(R"({"type":"string"})");
    w_.end_object();
  }

  void write_components() {
    w_.begin_object();
    w_.key("securitySchemes");
    w_.begin_object();
    write_scheme("access_token", "A player's access token, from login or refresh");
    write_scheme("server_token", "The token that a game server received for its match");
    write_scheme("admin_token", "The operator's token");
    w_.end_object();
    w_.key("parameters");
    w_.raw(R"({"IdempotencyKey":{"name":"Idempotency-Key","in":"header","required":false,)"
           R"("description":"A duplicate request within 24 hours gets the same answer and has no second effect",)"
           R"("schema":{"type":"string","minLength":1,"maxLength":255}},)"
           R"("RequestId":{"name":"X-Request-Id","in":"header","required":false,"description":"Copied to the answer",)"
           R"("schema":{"type":"string","pattern":"^[A-Za-z0-9._:-]{1,128}$"}}})");
    w_.key("headers");
    w_.begin_object();
    for (const auto& header : kAnswerHeaders) write_header(header);
    w_.end_object();
    w_.key("responses");
    w_.begin_object();
    for (const auto& [name, codes] : refusals_) {
      w_.key(name);
      write_refusal(codes);
    }
    w_.end_object();
    w_.key("schemas");
    w_.begin_object();
    w_.key("Problem");
    w_.raw(problem_schema());
    for (const auto& [name, schema] : schemas_.named()) {
      w_.key(name);
      w_.raw(schema);
    }
    w_.end_object();
    w_.end_object();
  }

  void write_scheme(std::string_view name, std::string_view about) {
    w_.key(name);
    w_.begin_object();
    pair("type", "http");
    pair("scheme", "bearer");
    pair("description", about);
    w_.end_object();
  }

  static std::string problem_schema() {
    std::vector<std::string_view> names;
    for (const auto& code : kCodes) names.push_back(code.name);
    const std::string text = R"({"type":"string"})";
    const std::vector<wire::Property> properties{
        {"type", text, true, wire::Place::body},
        {"title", text, true, wire::Place::body},
        {"status", R"({"type":"integer"})", true, wire::Place::body},
        {"detail", text, true, wire::Place::body},
        {"code", wire::detail::enum_schema(names), true, wire::Place::body},
        {"trace_id", text, true, wire::Place::body},
        {"errors",
         R"({"type":"array","items":{"type":"object","properties":{"pointer":{"type":"string"},"detail":{"type":"string"}},)"
         R"("required":["pointer","detail"]}})",
         false, wire::Place::body},
        {"retry_after_seconds", R"({"type":"integer"})", false, wire::Place::body},
        {"ticket_id", R"({"type":"string","format":"uuid"})", false, wire::Place::body},
        {"player_id", R"({"type":"string","format":"uuid"})", false, wire::Place::body},
    };
    return wire::object_schema(properties, false);
  }

  const Routes routes_;
  json::Writer w_;
  std::map<std::string, std::vector<Code>> refusals_;
  wire::Schemas schemas_{wire::Audience::client};
};

}  // namespace

std::string openapi_document(Routes routes) { return Document(routes).make(); }

}  // namespace mm::gateway::docs
