#include "services/gateway/docs/examples.h"

#include <array>
#include <string_view>

#include "common/base/result.h"
#include "common/wire/json.h"

namespace mm::gateway::docs {
namespace {

constexpr std::string_view kId = R"("01890a5d-ac96-774b-bcce-b302099a8057")";

/// The example of a field name. A field name has the same meaning in all messages.
struct Example {
  std::string_view field;
  std::string_view json;
  bool shown_when_optional = false;
};
constexpr std::array kExamples{
    Example{"username", R"("alice")"},
    Example{"email", R"("alice@example.com")"},
    Example{"password", R"("correct horse")"},
    Example{"refresh_token", R"("r1.default.paste-the-one-that-login-gave")"},
    Example{"region", R"("eu-west")", true},
    Example{"preferences", R"({"language":"en"})", true},
    Example{"max_size", "5", true},
    Example{"is_public", "true", true},
    Example{"ready", "true", true},
    Example{"mode", R"("duel")"},
    Example{"text", R"("Shall we?")"},
    Example{"player_count", "2"},
    Example{"winning_team", "0", true},
    Example{"duration_seconds", "900", true},
    Example{"season", R"("s1")"},
    Example{"code", R"("party_full")"},
    Example{"file", R"("start.js")"},
};

const Example* listed(std::string_view field) {
  for (const auto& example : kExamples) {
    if (example.field == field) return &example;
  }
  return nullptr;
}

std::string text_of(const json::Value& schema, std::string_view keyword) {
  const auto found = schema.find(keyword);
  return found && found->is(json::Kind::string) ? std::string(found->string()) : std::string{};
}

std::string first_of(const json::Value& list) {
  std::string first;
  list.each_element([&](const json::Value& element) {
    if (first.empty()) first = element.text();
  });
  return first;
}

std::string from_schema(const json::Value& schema) {
  if (const auto names = schema.find("enum")) return first_of(*names);
  if (text_of(schema, "format") == "uuid") return std::string(kId);
  const auto type = text_of(schema, "type");
  if (type == "boolean") return "true";
  if (type == "integer" || type == "number") {
    const auto least = schema.find("minimum");
    return least ? least->text() : "1";
  }
  if (type == "array") return "[]";
  if (type == "object") return "{}";
  return {};
}

}  // namespace

std::string example_of(const wire::Property& property) {
  if (const auto* example = listed(property.name)) return std::string(example->json);
  const auto schema = json::Document::parse(property.schema);
  auto made = schema ? from_schema(schema->root()) : std::string{};
  check(!made.empty(), ("there is no example for the field " + property.name).c_str());
  return made;
}

std::string example_body(const std::vector<wire::Property>& properties) {
  std::string body;
  for (const auto& property : properties) {
    if (property.place != wire::Place::body) continue;
    const auto* example = listed(property.name);
    const bool shown = property.required || (example != nullptr && example->shown_when_optional);
    if (!shown) continue;
    body += (body.empty() ? "" : ",") + wire::detail::json_text(property.name) + ":" + example_of(property);
  }
  return "{" + body + "}";
}

}  // namespace mm::gateway::docs
