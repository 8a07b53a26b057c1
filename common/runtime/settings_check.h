// Checks the values of settings before anything is started, with one line per wrong setting:
//
//   MM_BCRYPT_COST is '20'; it must be a whole number from 4 to 14; the nearest is 14
//
// SettingsCheck is a visitor for the field lists of settings, like SettingsReader, and also fills the settings. For
// rules that a field list cannot express, a service has `void check_settings(const Settings&, runtime::SettingsCheck&)`
// next to its Settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/runtime/settings.h"

namespace mm::runtime {

/// "it must be one of debug, info, warning, error; the nearest is warning".
std::string must_be_one_of(std::string_view text, const std::vector<std::string>& allowed);
/// "it must be a whole number from 4 to 14; the nearest is 14".
std::string must_be_a_number(bool whole, const std::string& text, const fields::InRange* range);

class SettingsCheck {
 public:
  explicit SettingsCheck(const Environment& environment) : environment_(environment) {}

  template <class T, class... Ls>
  void operator()(std::string_view name, T& member, const Ls&... ls) {
    constexpr bool may_be_absent = wire::detail::IsOptional<T>::value || wire::detail::kHas<fields::Optional, Ls...>;
    known_.emplace_back(name);
    const auto found = environment_.find(std::string(name));
    if (found == environment_.end() || found->second.empty()) {
      if (!may_be_absent) problems_.push_back(std::string(name) + " is missing");
      return;
    }
    wire::detail::Errors errors;
    T value = member;
    if (!read(errors, found->second, value, ls...)) refuse(name, "it must be 1 or 0, or on or off");
    const auto wrong = errors.take();
    if (!wrong.empty()) refuse(name, allowed<T>(wrong.front().detail, found->second, ls...));
    else member = std::move(value);
  }

  /// Reports a wrong value: "NAME is 'value'; <why>". Only the first problem of each variable is kept.
  void refuse(std::string_view name, std::string_view why);
  /// Reports MM_… variables that no field list contains, with the nearest known name.
  void refuse_unknown();

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  /// Returns false only for a switch with an invalid value. Other errors are added to `errors`.
  template <class T, class... Ls>
  static bool read(wire::detail::Errors& errors, const std::string& text, T& value, const Ls&... ls) {
    if constexpr (std::is_same_v<T, bool>) {
      value = text == "1" || text == "on" || text == "true";
      return value || text == "0" || text == "off" || text == "false";
    } else {
      wire::Decoder(errors, wire::Unknown::refused).read_text(text, value, ls...);
      return true;
    }
  }

  template <class T, class... Ls>
  static std::string allowed(const std::string& detail, const std::string& text, const Ls&... ls) {
    if constexpr (wire::detail::IsOptional<T>::value) {
      return allowed<typename T::value_type>(detail, text, ls...);
    } else if constexpr (std::is_enum_v<T>) {
      std::vector<std::string> names;
      for (const auto& [value, name] : EnumText<T>::kAll) names.emplace_back(name);
      return must_be_one_of(text, names);
    } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      return must_be_a_number(std::is_integral_v<T>, text, wire::detail::limit<fields::InRange>(ls...));
    } else {
      return "it " + detail;
    }
  }

  const Environment& environment_;
  std::vector<std::string> known_;
  std::vector<std::string> problems_;
};

}  // namespace mm::runtime
