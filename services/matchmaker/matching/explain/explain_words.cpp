// Writes an explanation (explain.h) as English sentences, for players who wait, designers who set the rules, and
// operators.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "services/matchmaker/matching/explain/explain.h"

namespace mm::matching {
namespace {

/// At most `decimals` decimals, without trailing zeros.
std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string digits = text;
  if (digits.find('.') == std::string::npos) return digits;
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string counted(double count, const std::string& one, const std::string& many) {
  return number(count, 0) + " " + (count == 1 ? one : many);
}

const PairCheck* find_check(const NearTicket& near, PairRule rule) {
  for (const PairCheck& check : near.checks) {
    if (check.rule == rule && check.value && check.margin) return &check;
  }
  return nullptr;
}

bool holds(const NearTicket& near, PairRule rule) {
  const PairCheck* check = find_check(near, rule);
  return check != nullptr && *check->margin >= 0;
}

/// Describes the neighbour with known figures that is outside a window by the smallest margin.
std::string window_in_words(const Explanation& explanation) {
  const PairCheck* closest = nullptr;
  bool own = false;
  for (const NearTicket& near : explanation.nearest) {
    const PairCheck* mine = find_check(near, PairRule::your_window);
    const PairCheck* theirs = find_check(near, PairRule::their_window);
    if (mine == nullptr || theirs == nullptr) continue;
    const bool narrower = *mine->margin <= *theirs->margin;
    const PairCheck* stricter = narrower ? mine : theirs;
    if (closest != nullptr && *closest->margin >= *stricter->margin) continue;
    closest = stricter;
    own = narrower;
  }
  const std::string by = number(explanation.by.value_or(0), 2);
  if (closest == nullptr || *closest->margin >= 0) {
    return "Nobody near enough in rating: the nearest is " + by + " points beyond the window of one of the two.";
  }
  return "Nobody near enough in rating: the nearest is " + number(*closest->value, 2) + " points away, " + by +
         " beyond " + (own ? "its own" : "the other's") + " window of ±" + number(closest->limit, 2) + ".";
}

std::string players_in_words(const Explanation& explanation) {
  const double by = explanation.by.value_or(0);
  if (by > 0) {
    const std::string within = explanation.rating_window ? " whose rating fits" : "";
    return "Too few players: " + counted(by, "more is", "more are") + " needed" + within + ".";
  }
  const auto any = [&](PairRule rule) {
    return std::any_of(explanation.nearest.begin(), explanation.nearest.end(),
                       [rule](const NearTicket& near) { return holds(near, rule); });
  };
  if (any(PairRule::players) && !any(PairRule::sizes)) {
    return "There are enough players, but the sizes of their parties do not fill the teams exactly.";
  }
  return "There are enough players near it in rating, but too few who all accept each other.";
}

std::string latency_in_words(const Explanation& explanation) {
  const std::string& region = explanation.region.str();
  if (!explanation.by) return "Its latency to " + region + " is too high to play there, however long it waits.";
  const std::string after = number(*explanation.by, 1) + " s";
  // If the region is open for the pair with some neighbour, it is open to the ticket itself.
  const auto open_with = [](const NearTicket& near) {
    return std::none_of(near.checks.begin(), near.checks.end(), [](const PairCheck& check) {
      return check.rule == PairRule::region && (!check.margin || *check.margin < 0);
    });
  };
  if (std::any_of(explanation.nearest.begin(), explanation.nearest.end(), open_with)) {
    return "Enough players accept it, but " + region + " is far from some of them: these may play there in " + after +
           ".";
  }
  return "Its latency to " + region + " is high: it may play there in " + after + ".";
}

std::string rule_in_words(const Explanation& explanation) {
  switch (*explanation.rule) {
    case WaitRule::window: return window_in_words(explanation);
    case WaitRule::players: return players_in_words(explanation);
    case WaitRule::latency: return latency_in_words(explanation);
    case WaitRule::outbid:
      return "There was a match for it, but whom it would have played with got a better one; after a few such ticks in "
             "a row it comes first.";
    case WaitRule::next_tick: return "It is matched in the next tick.";
  }
  return {};
}

std::string forecast_in_words(const Forecast& forecast) {
  std::string after = number(forecast.in_seconds, 1);
  after.append(" s (")
      .append(number(static_cast<double>(forecast.at_waited_ms) / 1000, 1))
      .append(" s after queueing)");
  switch (forecast.outcome) {
    case WaitOutcome::matched: {
      std::string words = "If nobody else comes or goes, it is matched in " + after;
      if (forecast.spread && *forecast.spread > 0) words += ", with ratings " + number(*forecast.spread, 0) + " apart";
      return words + ".";
    }
    case WaitOutcome::times_out: return "Unless somebody comes, it finds no match; its time is over in " + after + ".";
    case WaitOutcome::unknown:
      return "If nobody else comes or goes, it is not matched within " + after +
             "; what follows depends on too many others to say.";
  }
  return {};
}

std::string newcomers_in_words(const Newcomers& with) {
  const std::string size = number(with.party_size, 0);
  const std::string one = with.party_size == 1 ? "player alone" : "party of " + size;
  const std::string many = with.party_size == 1 ? "players alone" : "parties of " + size;
  std::string words = "With " + counted(with.parties, one, many) + " more of its own rating (" +
                      number(with.rating, 2) + ") it would be matched now";
  constexpr double kAnyRating = 100'000;  // in modes without ratings, windows are wider than this
  if (with.within < kAnyRating) words += "; nobody more than " + number(with.within, 2) + " from it could help yet";
  return words + ".";
}

}  // namespace

std::string in_words(const Explanation& explanation) {
  if (!explanation.rule) return "It waits no more.";
  std::string words = rule_in_words(explanation);
  if (explanation.forecast && *explanation.rule != WaitRule::next_tick)
    words.append(" ").append(forecast_in_words(*explanation.forecast));
  if (explanation.matched_now_with_window) {
    words += " With windows of ±" + number(*explanation.matched_now_with_window, 2) +
             " for everybody it would be matched now.";
  }
  if (explanation.matched_now_with) words.append(" ").append(newcomers_in_words(*explanation.matched_now_with));
  return words;
}

}  // namespace mm::matching
