// Settings: environment variables MM_… that are read once at start, with the same field lists as messages:
//
//   struct Settings { std::string nats_url; int bcrypt_cost = 10; };
//   template <class F> void describe(F& f, Settings& s) {
//     f("MM_NATS_URL", s.nats_url);
//     f("MM_BCRYPT_COST", s.bcrypt_cost, fields::Optional{}, fields::InRange{4, 14});
//   }
//
// The daemon does not start if a value is invalid, a required variable is missing, or an MM_… variable is unknown. The
// error names the variable (and the nearest known name). Secrets are not settings: see Credentials.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/wire/codec.h"

namespace mm::runtime {

using Environment = std::map<std::string, std::string>;

/// This process's environment.
Environment environment();

/// One sentence per wrong variable.
struct SettingsError {
  std::vector<std::string> problems;
};

/// The known name with the smallest edit distance, if it is small enough for a typing error (common/base/nearest.h).
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& known);

/// The description of one setting for --help.
struct SettingInfo {
  std::string name;
  bool required = false;
  std::string default_json;  ///< the default, as JSON
  std::optional<fields::InRange> range;
};

/// The visitor that reads settings. Use it through read_settings.
class SettingsReader {
 public:
  explicit SettingsReader(const Environment& environment) : environment_(environment) {}

  template <class T, class... Ls>
  void operator()(std::string_view name, T& member, const Ls&... ls) {
    constexpr bool may_be_absent = wire::detail::IsOptional<T>::value || wire::detail::kHas<fields::Optional, Ls...>;
    const auto* range = wire::detail::limit<fields::InRange>(ls...);
    known_.push_back({std::string(name), !may_be_absent, wire::encode(member),
                      range != nullptr ? std::optional(*range) : std::nullopt});
    const auto found = environment_.find(std::string(name));
    if (found == environment_.end() || found->second.empty()) {
      if (!may_be_absent) problems_.push_back(std::string(name) + " is missing");
      return;
    }
    wire::detail::Errors errors;
    read_value(errors, found->second, member, ls...);
    for (const auto& error : errors.take()) problems_.push_back(std::string(name) + " " + error.detail);
  }

  /// Reports MM_… variables that no field list contains.
  void refuse_unknown();
  std::vector<std::string> take_problems() { return std::move(problems_); }
  /// All settings read so far, in the order of the field lists.
  const std::vector<SettingInfo>& known() const { return known_; }

 private:
  template <class T, class... Ls>
  static void read_value(wire::detail::Errors& errors, const std::string& text, T& member, const Ls&... ls) {
    if constexpr (std::is_same_v<T, bool>) {
      if (text == "1" || text == "on" || text == "true") member = true;
      else if (text == "0" || text == "off" || text == "false") member = false;
      else errors.add("must be 1 or 0");
    } else {
      wire::Decoder(errors, wire::Unknown::refused).read_text(text, member, ls...);
    }
  }

  const Environment& environment_;
  std::vector<SettingInfo> known_;
  std::vector<std::string> problems_;
};

/// Reads several settings structs from one environment (the service's and the harness's).
template <class... Ts>
Result<Done, SettingsError> read_settings(const Environment& environment, Ts&... settings) {
  SettingsReader reader(environment);
  (describe(reader, settings), ...);
  reader.refuse_unknown();
  auto problems = reader.take_problems();
  if (!problems.empty()) return fail(SettingsError{std::move(problems)});
  return Done{};
}

}  // namespace mm::runtime
