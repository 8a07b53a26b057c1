// Formats a PostgreSQL array as one text parameter, because libpqxx 6.4 does not support array parameters. A statement
// with unnest($1::uuid[], $2::bigint[]) writes many rows in one round trip.
#pragma once

#include <string>
#include <type_traits>

namespace mm::storage {

/// `item(element)` returns a number or a text. Texts are quoted and may contain anything but NUL.
template <class Range, class Item>
std::string array_text(const Range& range, Item item) {
  std::string text = "{";
  for (const auto& element : range) {
    if (text.size() > 1) text += ',';
    const auto value = item(element);
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
      text += std::to_string(value);
    } else {
      text += '"';
      for (const char c : std::string(value)) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += '"';
    }
  }
  return text + "}";
}

}  // namespace mm::storage
