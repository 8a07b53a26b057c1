// The words for an explanation (explain.h).
#include <cmath>
#include <cstdio>

#include "services/matchmaker/core/explain.h"

namespace mm::matchmaker {
namespace {

/// At most `decimals`, without zeros at the end.
std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string said = text;
  if (said.find('.') == std::string::npos) return said;
  said.erase(said.find_last_not_of('0') + 1);
  if (said.back() == '.') said.pop_back();
  return said;
}

std::string counted(double count, const std::string& one, const std::string& many) {
  return number(count, 0) + " " + (count == 1 ? one : many);
}

std::string rule_in_words(const Explanation& said) {
  const double by = said.by.value_or(0);
  switch (*said.rule) {
    case WaitRule::window:
      return "The nearest ticket is " + number(by, 2) + " points beyond the window of one of the two.";
    case WaitRule::players:
      if (by <= 0) return "The parties within reach do not fill the teams exactly.";
      return counted(by, "more player is", "more players are") + " needed within reach.";
    case WaitRule::latency:
      if (!said.by) return "The latency to " + said.region.str() + " is too high to play there.";
      return "The region " + said.region.str() + " opens to it in " + number(by, 1) + " s.";
    case WaitRule::outbid: return "There was a match for it, but its partners had a better one.";
    case WaitRule::next_tick: return "It is about to be matched.";
  }
  return {};
}

std::string forecast_in_words(const Forecast& forecast) {
  const std::string after = number(forecast.in_seconds, 1) + " s (" +
                            number(static_cast<double>(forecast.at_waited_ms) / 1000, 1) + " s after it was queued)";
  switch (forecast.outcome) {
    case WaitOutcome::matched: return "If nobody comes or goes it is matched in " + after + ".";
    case WaitOutcome::times_out: return "Unless somebody comes it is never matched; its time is over in " + after + ".";
    case WaitOutcome::unknown:
      return "If nobody comes or goes it is not matched before " + after + "; farther ahead was not looked.";
  }
  return {};
}

}  // namespace

std::string in_words(const Explanation& said) {
  if (!said.rule) return "It waits no more.";
  std::string words = rule_in_words(said);
  if (said.forecast && *said.rule != WaitRule::next_tick) words.append(" ").append(forecast_in_words(*said.forecast));
  if (said.matched_now_with_window) {
    words +=
        " With a window of ±" + number(*said.matched_now_with_window, 2) + " for everybody it would be matched now.";
  }
  if (const auto& with = said.matched_now_with) {
    const std::string size = number(with->party_size, 0);
    const std::string many = with->party_size == 1 ? "players alone" : std::string("parties of ").append(size);
    const std::string one = with->party_size == 1 ? "player alone" : std::string("party of ").append(size);
    words += " It would be matched now with " + counted(with->parties, one, many) + " more at " +
             number(with->rating, 2) + " (and with nobody farther than " + number(with->within, 2) + " from there).";
  }
  return words;
}

}  // namespace mm::matchmaker
