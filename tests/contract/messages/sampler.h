// Fills a struct with values that its field list accepts. The values are always the same, so the encoded sample of a
// struct changes exactly when the struct does. `full` sets every field, `least` only the required ones.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/contracts/enum_text.h"
#include "common/contracts/fields.h"
#include "common/contracts/names.h"
#include "common/wire/codec.h"

namespace mm::golden {

enum class Extent { full, least };

class Sampler {
 public:
  explicit Sampler(Extent extent) : extent_(extent) {}

  template <class T>
  static T sample(Extent extent) {
    T value{};
    Sampler sampler(extent);
    describe(sampler, value);
    return value;
  }

  /// describe() calls this once per field.
  template <class T, class... Ls>
  void operator()(std::string_view name, T& member, const Ls&... ls) {
    constexpr bool may_be_absent = wire::detail::IsOptional<T>::value || wire::detail::kHas<fields::Optional, Ls...>;
    if (extent_ == Extent::least && may_be_absent) return;
    fill(name, member, ls...);
  }

 private:
  template <class T, class... Ls>
  void fill(std::string_view name, T& out, const Ls&... ls) {
    using wire::detail::limit;
    if constexpr (wire::detail::IsOptional<T>::value) {
      fill(name, out.emplace(), ls...);
    } else if constexpr (std::is_same_v<T, bool>) {
      out = true;
    } else if constexpr (std::is_arithmetic_v<T>) {
      out = number<T>(limit<fields::InRange>(ls...));
    } else if constexpr (std::is_same_v<T, std::string>) {
      out = text(name, limit<fields::Length>(ls...), limit<fields::Bytes>(ls...), limit<fields::Matches>(ls...));
    } else if constexpr (std::is_same_v<T, fields::RawJson>) {
      out.text = R"({"kills":7,"note":"kept as it is"})";
    } else if constexpr (std::is_same_v<T, TimePoint>) {
      out = TimePoint(Milliseconds(1'767'225'600'123));
    } else if constexpr (std::is_enum_v<T>) {
      out = EnumText<T>::kAll.back().first;
    } else if constexpr (requires { out.emplace_back(); }) {
      fill_array(name, out, ls...);
    } else if constexpr (requires { typename T::mapped_type; }) {
      fill_map(name, out, ls...);
    } else if constexpr (requires { T::kPattern; }) {
      out = *named<T>();
    } else if constexpr (requires { T::parse(std::string_view{}); }) {
      out = *T::parse("0190d5e0-7c00-7abc-8def-0123456789ab");
    } else {
      describe(*this, out);
    }
  }

  template <class T, class... Ls>
  void fill_array(std::string_view name, T& out, const Ls&... ls) {
    const auto* count = wire::detail::limit<fields::Count>(ls...);
    const std::size_t size = count == nullptr ? 2 : std::clamp<std::size_t>(2, count->min, count->max);
    for (std::size_t i = 0; i < size; ++i) fill(name, out.emplace_back(), ls...);
  }

  template <class T, class... Ls>
  void fill_map(std::string_view name, T& out, const Ls&... ls) {
    typename T::key_type key{};
    typename T::mapped_type value{};
    if constexpr (std::is_same_v<typename T::key_type, std::string>) {
      key = "ranked";
    } else {
      fill(name, key);
    }
    fill(name, value, ls...);
    out.emplace(std::move(key), std::move(value));
  }

  template <class T>
  static T number(const fields::InRange* range) {
    double value = std::is_integral_v<T> ? 3 : 12.34;
    if (range != nullptr) value = std::clamp(value, range->min, range->max);
    return static_cast<T>(value);
  }

  template <class T>
  static std::optional<T> named() {
    for (const char* candidate : {"default", "eu-west", "s12"}) {
      if (auto name = T::parse(candidate)) return name;
    }
    return std::nullopt;
  }

  static std::string text(std::string_view name, const fields::Length* length, const fields::Bytes* bytes,
                          const fields::Matches* matches) {
    for (const char* candidate : {"ada-lovelace", "ada@example.org"}) {
      if (matches != nullptr && matches->accepts(candidate)) return candidate;
    }
    std::string text(name);
    const std::size_t least = std::max(length == nullptr ? 0 : length->min, bytes == nullptr ? 0 : bytes->min);
    const std::size_t most =
        std::min(length == nullptr ? text.npos : length->max, bytes == nullptr ? text.npos : bytes->max);
    while (text.size() < least) text += '.';
    if (text.size() > most) text.resize(most);
    return text;
  }

  Extent extent_;
};

}  // namespace mm::golden
