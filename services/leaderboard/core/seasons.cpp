#include "services/leaderboard/core/seasons.h"

#include <algorithm>
#include <charconv>

namespace mm::leaderboard {
namespace {

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

// Parses 2026-07-01.
std::optional<TimePoint> day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date));
}

}  // namespace

Result<Seasons, std::string> Seasons::parse(std::string_view text) {
  Seasons seasons;
  while (true) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    const auto equals = item.find('=');
    const auto season = Season::parse(item.substr(0, equals));
    const auto from = equals == std::string_view::npos ? std::nullopt : day(item.substr(equals + 1));
    if (!season || !from)
      return fail("\"" + std::string(item) + "\" is not a season and its first day, such as s1=2026-01-01");
    for (const auto& earlier : seasons.starts_) {
      if (earlier.season == *season) return fail(season->str() + " begins twice");
      if (earlier.from >= *from) return fail(season->str() + " does not begin after the season before it");
    }
    seasons.starts_.push_back({*from, *season});
    if (comma == std::string_view::npos) return seasons;
    text.remove_prefix(comma + 1);
  }
}

std::optional<Season> Seasons::at(TimePoint time) const {
  std::optional<Season> found;
  for (const auto& start : starts_) {
    if (start.from <= time) found = start.season;
  }
  return found;
}

bool Seasons::has_begun(const Season& season, TimePoint now) const {
  return std::any_of(starts_.begin(), starts_.end(),
                     [&](const Start& start) { return start.season == season && start.from <= now; });
}

}  // namespace mm::leaderboard
