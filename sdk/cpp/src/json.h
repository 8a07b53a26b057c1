// A thin, tolerant view of cpprestsdk's JSON, and a writer of request bodies.
#pragma once

#include <cpprest/json.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace matchmaker {

/// Nothing if the text is no JSON value. The library throws for some texts in spite of its error code.
inline std::optional<web::json::value> parse_json(const std::string& text) {
  try {
    std::error_code error;
    auto value = web::json::value::parse(text, error);
    if (!error) return value;
  } catch (const std::exception&) {
    // For example a lone surrogate.
  }
  return std::nullopt;
}

/// Reading: absent and mistyped members read as empty, zero or false.
class Json {
 public:
  explicit Json(web::json::value value) : value_(std::move(value)) {}

  /// Nothing if the text is no JSON; an empty text counts as an empty object.
  static std::optional<Json> parse(const std::string& text) {
    auto value = parse_json(text.empty() ? "{}" : text);
    if (!value) return std::nullopt;
    return Json(*std::move(value));
  }

  bool has(const char* name) const { return value_.is_object() && value_.has_field(name) && !value_.at(name).is_null(); }
  Json at(const char* name) const { return Json(has(name) ? value_.at(name) : web::json::value()); }

  std::string text(const char* name) const {
    return has(name) && value_.at(name).is_string() ? value_.at(name).as_string() : std::string();
  }
  double number(const char* name) const {
    return has(name) && value_.at(name).is_number() ? value_.at(name).as_double() : 0;
  }
  /// A number that is no integer loses its fraction; one that is out of range is the nearest that is not.
  std::int64_t integer(const char* name) const {
    if (!has(name) || !value_.at(name).is_number()) return 0;
    const auto& number = value_.at(name).as_number();
    if (number.is_int64()) return number.to_int64();
    constexpr double kMost = 9.0e18;
    return static_cast<std::int64_t>(std::min(std::max(number.to_double(), -kMost), kMost));
  }
  int small(const char* name) const {
    using Limits = std::numeric_limits<int>;
    return static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(integer(name), Limits::min()), Limits::max()));
  }
  bool truth(const char* name) const {
    return has(name) && value_.at(name).is_boolean() && value_.at(name).as_bool();
  }

  std::vector<Json> elements() const {
    std::vector<Json> out;
    if (value_.is_array()) {
      for (const auto& element : value_.as_array()) out.emplace_back(element);
    }
    return out;
  }
  std::vector<std::pair<std::string, Json>> members() const {
    std::vector<std::pair<std::string, Json>> out;
    if (value_.is_object()) {
      for (const auto& member : value_.as_object()) out.emplace_back(member.first, Json(member.second));
    }
    return out;
  }
  std::string as_text() const { return value_.is_string() ? value_.as_string() : std::string(); }
  std::string serialized() const { return value_.is_null() ? std::string() : value_.serialize(); }

 private:
  web::json::value value_;
};

/// Writing: an object, members in the order they are set; empty texts are left out by `set_given`.
class JsonBody {
 public:
  JsonBody() : value_(web::json::value::object(true)) {}

  JsonBody& set(const char* name, const std::string& value) { return put(name, web::json::value::string(value)); }
  JsonBody& set(const char* name, const char* value) { return put(name, web::json::value::string(value)); }
  JsonBody& set(const char* name, int value) { return put(name, web::json::value::number(value)); }
  JsonBody& set(const char* name, bool value) { return put(name, web::json::value::boolean(value)); }
  JsonBody& set_given(const char* name, const std::string& value) { return value.empty() ? *this : set(name, value); }
  JsonBody& put(const char* name, web::json::value value) {
    value_[name] = std::move(value);
    return *this;
  }

  std::string text() const { return value_.serialize(); }

 private:
  web::json::value value_;
};

}  // namespace matchmaker
