// Reads JSON into C++ values. Structs are read through their field lists (messages.h).
//
// Reading is tolerant, so that an older SDK works with a newer service: unknown members are ignored, and a member that
// is absent, null or of another type leaves the C++ value at its default.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "src/json.h"

namespace matchmaker {

inline void read(const JsonValue& json, std::string& out) {
  if (json.is_string()) out = json.as_string();
}
inline void read(const JsonValue& json, bool& out) {
  if (json.is_boolean()) out = json.as_bool();
}
inline void read(const JsonValue& json, double& out) {
  if (json.is_number()) out = json.as_double();
}
/// Drops the fraction of a number. A number outside the range of `out` becomes the nearest number that is inside.
inline void read(const JsonValue& json, std::int64_t& out) {
  if (!json.is_number()) return;
  constexpr double kMaxInteger = 9.0e18;
  const auto& number = json.as_number();
  out = number.is_int64()
            ? number.to_int64()
            : static_cast<std::int64_t>(std::min(std::max(number.to_double(), -kMaxInteger), kMaxInteger));
}
inline void read(const JsonValue& json, int& out) {
  using Limits = std::numeric_limits<int>;
  std::int64_t wide = out;
  read(json, wide);
  out = static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(wide, Limits::min()), Limits::max()));
}

template <class T>
void read(const JsonValue& json, std::optional<T>& out) {
  if (!json.is_null()) read(json, out.emplace());
}
template <class T>
void read(const JsonValue& json, std::vector<T>& out) {
  if (!json.is_array()) return;
  for (const auto& element : json.as_array()) read(element, out.emplace_back());
}
template <class T>
void read(const JsonValue& json, std::map<std::string, T>& out) {
  if (!json.is_object()) return;
  for (const auto& entry : json.as_object()) read(entry.second, out[entry.first]);
}

/// An unknown text leaves `out` unchanged.
template <class E>
void read_enum(const JsonValue& json, E& out, std::initializer_list<std::pair<const char*, E>> texts) {
  for (const auto& [text, value] : texts) {
    if (json.is_string() && json.as_string() == text) out = value;
  }
}

/// The field list of the struct T. Defined by MATCHMAKER_FIELDS(T, members…): `kNames` are the members' names,
/// separated by commas, and tied() returns references to the members in the same order. Each name is also the name of
/// the JSON member.
template <class T>
struct Fields;

#define MATCHMAKER_FIELDS(Type, ...)                    \
  template <>                                           \
  struct Fields<Type> : Type {                          \
    static constexpr const char* kNames = #__VA_ARGS__; \
    auto tied() { return std::tie(__VA_ARGS__); }       \
  }

inline std::string take_name(std::string_view& names) {
  const auto end = std::min(names.find(','), names.size());
  const std::string name(names.substr(0, end));
  names.remove_prefix(std::min(names.find_first_not_of(", ", end), names.size()));
  return name;
}

template <class T>
void read_fields(const JsonValue& json, T& out) {
  Fields<T> fields{};
  std::string_view names = Fields<T>::kNames;
  std::apply([&](auto&... values) { (read(member(json, take_name(names)), values), ...); }, fields.tied());
  out = std::move(static_cast<T&>(fields));
}

/// Takes part only for structs that have a field list.
template <class T, class = decltype(Fields<T>::kNames)>
void read(const JsonValue& json, T& out) {
  read_fields(json, out);
}

/// The member `name` of `object` as a T; T's default if it is absent or of another type.
template <class T>
T read_member(const JsonValue& object, const char* name) {
  T value{};
  read(member(object, name), value);
  return value;
}
inline std::string text_of(const JsonValue& object, const char* name) { return read_member<std::string>(object, name); }

}  // namespace matchmaker
