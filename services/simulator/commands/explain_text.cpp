#include "services/simulator/commands/explain_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "services/simulator/report/table.h"

namespace mm::simulator {
namespace {

constexpr std::size_t kLineWidth = 100;

std::string short_number(double value) {
  char text[48];
  std::snprintf(text, sizeof text, "%g", std::round(value * 100) / 100);
  return text;
}

std::string broken_into_lines(const std::string& text, const std::string& indent) {
  std::string lines, line = indent;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kLineWidth) {
      lines += line + "\n";
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
    begin = end + 1;
  }
  return lines + line + "\n";
}

/// For example "120 / 100 (-20)": value, limit and margin.
std::string check_text(const NearTicket& near, PairRule rule) {
  for (const PairCheck& check : near.checks) {
    if (check.rule != rule) continue;
    if (!check.value) return "never";
    if (rule == PairRule::sizes) return *check.value > 0 ? "fill teams" : "fill none";
    if (rule == PairRule::region) return *check.value > 0 ? "in " + short_number(*check.value) + " s" : "open";
    const double margin = check.margin.value_or(0);
    return short_number(*check.value) + " / " + short_number(check.limit) + " (" + (margin >= 0 ? "+" : "") +
           short_number(margin) + ")";
  }
  return "";
}

bool has_rule(const Explanation& said, PairRule rule) {
  return std::any_of(said.nearest.begin(), said.nearest.end(),
                     [rule](const NearTicket& near) { return !check_text(near, rule).empty(); });
}

Table nearest_table(const Explanation& said) {
  constexpr std::pair<PairRule, const char*> kColumns[] = {{PairRule::your_window, "gap / its window"},
                                                           {PairRule::their_window, "gap / their window"},
                                                           {PairRule::region, "region"},
                                                           {PairRule::players, "players / needed"},
                                                           {PairRule::sizes, "sizes"}};
  Table table{{"nearest: rating", "players", "waited s"}, {}, 0};
  for (const auto& [rule, name] : kColumns) {
    if (has_rule(said, rule)) table.header.emplace_back(name);
  }
  table.header.emplace_back("accept in s");
  for (const NearTicket& near : said.nearest) {
    auto& row = table.rows.emplace_back();
    row = {short_number(near.rating), std::to_string(near.players),
           number_text(static_cast<double>(near.waited_ms) / 1000, 1)};
    for (const auto& [rule, name] : kColumns) {
      if (has_rule(said, rule)) row.push_back(check_text(near, rule));
    }
    row.push_back(near.accept_in_seconds ? number_text(*near.accept_in_seconds, 1) : "never");
  }
  return table;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  return values[std::min(place, values.size() - 1)];
}

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

std::string clock_text(matching::BucketMs at) {
  return formatted("%lld:%04.1f", static_cast<long long>(at / 60'000), static_cast<double>(at % 60'000) / 1000);
}

std::string explanation_text(const Explanation& said) {
  std::string text = said.ticket_id.to_string();
  if (said.rating) text += "  rating " + short_number(*said.rating);
  if (said.rating_window) text += ", window ±" + short_number(*said.rating_window);
  text += ", waits " + number_text(static_cast<double>(said.waited_ms) / 1000, 1) + " s\n";
  text += broken_into_lines(said.summary, "  ");
  if (!said.nearest.empty()) text += "\n" + plain_text(nearest_table(said));
  return text;
}

void ExplainFigures::look(std::size_t waiting) {
  ++looks_;
  waiting_ += static_cast<double>(waiting);
}

void ExplainFigures::explained(const Explanation& said, double copy_ms, double explain_ms) {
  copy_ms_.push_back(copy_ms);
  explain_ms_.push_back(explain_ms);
  if (!said.forecast) return;
  switch (said.forecast->outcome) {
    case WaitOutcome::matched: ++matched_; break;
    case WaitOutcome::times_out: ++times_out_; break;
    case WaitOutcome::unknown: unknown_from_.push_back(said.forecast->in_seconds); break;
  }
}

void ExplainFigures::checked(const std::vector<Claim>& claims) {
  checked_ = true;
  for (const Claim& claim : claims) {
    switch (claim.kind) {
      case Claim::Kind::forecast: ++forecasts_; break;
      case Claim::Kind::window: ++windows_; break;
      case Claim::Kind::newcomers: ++newcomers_; break;
    }
    if (!claim.is_true) ++untrue_;
  }
}

std::string ExplainFigures::text() const {
  const double all = std::max<double>(1, static_cast<double>(tickets()));
  std::string text =
      formatted("%zu tickets explained, of %.0f waiting on average\n", tickets(), waiting_ / std::max(1, looks_));
  text += formatted("  definite: %.1f %% (matched at a time %.1f %%, never %.1f %%)\n",
                    100 * (matched_ + times_out_) / all, 100 * matched_ / all, 100 * times_out_ / all);
  if (!unknown_from_.empty()) {
    text += formatted("  open: %.1f %%, from %.1f s on (median)\n",
                      100 * static_cast<double>(unknown_from_.size()) / all, quantile(unknown_from_, 0.5));
  }
  text += formatted("  CPU ms: %.3f median, %.3f p99, %.3f longest; the copy before it: %.3f, %.3f, %.3f\n",
                    quantile(explain_ms_, 0.5), quantile(explain_ms_, 0.99), quantile(explain_ms_, 1),
                    quantile(copy_ms_, 0.5), quantile(copy_ms_, 0.99), quantile(copy_ms_, 1));
  if (checked_) {
    text += formatted("  checked: %d forecasts, %d windows, %d newcomers; untrue: %d\n", forecasts_, windows_,
                      newcomers_, untrue_);
  }
  return text;
}

}  // namespace mm::simulator
