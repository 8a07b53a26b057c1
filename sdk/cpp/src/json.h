// A thin, tolerant view of cpprestsdk's JSON, and a writer of request bodies.
#pragma once

#include <cpprest/json.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace matchmaker {

/// Reading: absent and mistyped members read as empty, zero or false.
class Json {
 public:
  explicit Json(web::json::value value) : value_(std::move(value)) {}

  /// Nothing if the text is no JSON.
  static std::optional<Json> parse(const std::string& text) {
    std::error_code error;
    auto value = web::json::value::parse(text.empty() ? "{}" : text, error);
    if (error) return std::nullopt;
    return Json(std::move(value));
  }

  bool has(const char* name) const { return value_.is_object() && value_.has_field(name) && !value_.at(name).is_null(); }
  Json at(const char* name) const { return Json(has(name) ? value_.at(name) : web::json::value()); }

  std::string text(const char* name) const {
    return has(name) && value_.at(name).is_string() ? value_.at(name).as_string() : std::string();
  }
  double number(const char* name) const {
    return has(name) && value_.at(name).is_number() ? value_.at(name).as_double() : 0;
  }
  std::int64_t integer(const char* name) const {
    return has(name) && value_.at(name).is_number() ? value_.at(name).as_number().to_int64() : 0;
  }
  int small(const char* name) const { return static_cast<int>(integer(name)); }
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
      for (const auto& [key, member] : value_.as_object()) out.emplace_back(key, Json(member));
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
