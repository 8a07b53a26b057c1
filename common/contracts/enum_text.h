// The text of enumerators on the wire. Specialise EnumText next to each enum.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mm {

/// Specialise with `static constexpr std::array<std::pair<E, std::string_view>, N> kAll`.
template <class E>
struct EnumText;

template <class E>
requires std::is_enum_v<E>
constexpr std::string_view text_of(E value) {
  for (const auto& [enumerator, text] : EnumText<E>::kAll) {
    if (enumerator == value) return text;
  }
  return {};
}

template <class E>
requires std::is_enum_v<E>
constexpr std::optional<E> enum_named(std::string_view name) {
  for (const auto& [enumerator, text] : EnumText<E>::kAll) {
    if (text == name) return enumerator;
  }
  return std::nullopt;
}

}  // namespace mm
