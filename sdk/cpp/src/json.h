// Parsing and writing of JSON texts with cpprestsdk.
#pragma once

#include <cpprest/json.h>

#include <optional>
#include <string>
#include <utility>

namespace matchmaker {

using JsonValue = web::json::value;

/// Returns nothing if the text is not valid JSON. cpprestsdk throws for some invalid texts although it is given an
/// error code, for example for a lone surrogate.
inline std::optional<JsonValue> parse_json(const std::string& text) {
  try {
    std::error_code error;
    auto value = JsonValue::parse(text, error);
    if (!error) return value;
  } catch (const std::exception&) {
    // Not valid JSON.
  }
  return std::nullopt;
}

/// Parses the body of an HTTP answer or the text of a frame. An empty text counts as an empty object.
inline std::optional<JsonValue> parse_message(const std::string& text) {
  return parse_json(text.empty() ? "{}" : text);
}

/// The member `name` of `object`. Null if `object` is not a JSON object or has no such member.
inline const JsonValue& member(const JsonValue& object, const std::string& name) {
  static const JsonValue kNull;
  return object.is_object() && object.has_field(name) ? object.at(name) : kNull;
}

/// The JSON text of a value; empty for null.
inline std::string to_text(const JsonValue& value) { return value.is_null() ? std::string() : value.serialize(); }

/// Writes a JSON object. The members keep the order in which they are set. `set_given` leaves out empty texts.
class JsonBody {
 public:
  JsonBody() : value_(JsonValue::object(true)) {}

  JsonBody& set(const char* name, const std::string& value) { return put(name, JsonValue::string(value)); }
  JsonBody& set(const char* name, const char* value) { return put(name, JsonValue::string(value)); }
  JsonBody& set(const char* name, int value) { return put(name, JsonValue::number(value)); }
  JsonBody& set(const char* name, bool value) { return put(name, JsonValue::boolean(value)); }
  JsonBody& set_given(const char* name, const std::string& value) { return value.empty() ? *this : set(name, value); }
  JsonBody& put(const char* name, JsonValue value) {
    value_[name] = std::move(value);
    return *this;
  }

  std::string text() const { return value_.serialize(); }

 private:
  JsonValue value_;
};

}  // namespace matchmaker
