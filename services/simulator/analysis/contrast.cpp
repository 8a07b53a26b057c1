#include "services/simulator/analysis/contrast.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mm::simulator {
namespace {

/// Student's t, 97.5 % quantile, by degrees of freedom from 1.
constexpr double kStudent[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                               2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                               2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};

/// The smallest differences that count: one tick, 0.001 of quality, 0.1 % of the players.
struct Judged {
  std::string_view figure;
  double noticed;
};
constexpr Judged kJudged[] = {
    {"wait_p90_s", 0.1}, {"wait_p50_s", 0.1}, {"quality_mean", 0.001}, {"matched_share", 0.001}};

const Part* find_part(const std::vector<Part>& parts, const Part& wanted) {
  const auto same = [&](const Part& part) { return part.kind == wanted.kind && part.number == wanted.number; };
  const auto found = std::find_if(parts.begin(), parts.end(), same);
  return found == parts.end() ? nullptr : &*found;
}

/// Positive: better, negative: worse; 0: not significant, or too small.
double gain(const Contrast& contrast, const Judged& judged) {
  const Estimate& e = contrast.by_figure.at(judged.figure);
  if (!e.certain() || std::fabs(e.mean) < judged.noticed) return 0;
  return e.mean * figure(judged.figure).better;
}

std::string difference(const Contrast& contrast, std::string_view name) {
  const Figure& f = figure(name);
  const Estimate& e = contrast.by_figure.at(name);
  const double mean = e.mean * f.scale;
  return (mean >= 0 ? "+" : "") + number_text(mean, f.decimals) + " ± " +
         number_text(e.half_width * f.scale, f.decimals);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    all += (i == 0 ? "" : i + 1 == texts.size() ? " and " : ", ") + texts[i];
  }
  return all;
}

/// For example "deciles 2 to 9", "party of 2 and party of 4": runs of three or more are joined.
std::string runs_text(const std::vector<const Contrast*>& who, std::size_t all_of_kind) {
  std::vector<std::string> texts;
  const std::string& kind = who.front()->part.kind;
  const std::string plural = kind == "decile" ? "deciles" : "party sizes";
  if (who.size() == all_of_kind && who.size() > 2) return "all " + plural;
  for (std::size_t i = 0; i < who.size();) {
    std::size_t end = i + 1;
    while (end < who.size() && who[end]->part.number == who[end - 1]->part.number + 1) ++end;
    if (end - i > 2) {
      texts.push_back(plural + " " + std::to_string(who[i]->part.number) + " to " +
                      std::to_string(who[end - 1]->part.number));
    } else {
      for (std::size_t k = i; k < end; ++k) texts.push_back(part_text(who[k]->part));
    }
    i = end;
  }
  return joined(texts);
}

/// The deciles and party sizes with this fate; empty if there are none.
std::string who_text(const std::vector<Contrast>& contrasts, Effect fate) {
  std::vector<std::string> texts;
  for (const char* kind : {"decile", "party"}) {
    std::vector<const Contrast*> who;
    std::size_t all = 0;
    for (const Contrast& one : contrasts) {
      if (one.part.kind != kind) continue;
      ++all;
      if (one.fate() == fate) who.push_back(&one);
    }
    if (!who.empty()) texts.push_back(runs_text(who, all));
  }
  std::string text;
  for (const std::string& part : texts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace

Estimate estimate(const std::vector<double>& differences) {
  Estimate e;
  const auto n = static_cast<double>(differences.size());
  if (differences.empty()) return {0, std::numeric_limits<double>::infinity()};
  for (const double d : differences) e.mean += d / n;
  if (differences.size() < 2) return {e.mean, std::numeric_limits<double>::infinity()};
  double squares = 0;
  for (const double d : differences) squares += (d - e.mean) * (d - e.mean);
  const std::size_t freedom = differences.size() - 1;
  const double t = freedom <= std::size(kStudent) ? kStudent[freedom - 1] : 1.96;
  e.half_width = t * std::sqrt(squares / (n - 1) / n);
  return e;
}

Effect Contrast::fate() const {
  bool better = false;
  bool worse = false;
  for (const Judged& judged : kJudged) {
    better |= gain(*this, judged) > 0;
    worse |= gain(*this, judged) < 0;
  }
  if (better && worse) return Effect::trades;
  if (better) return Effect::gains;
  return worse ? Effect::loses : Effect::same;
}

std::vector<Contrast> contrast(const std::vector<std::vector<Part>>& first,
                               const std::vector<std::vector<Part>>& second) {
  std::vector<Contrast> all;
  if (first.empty()) return all;
  for (const Part& wanted : first.front()) {
    Contrast one;
    one.part = {wanted.kind, wanted.number, {}};
    std::map<std::string_view, std::vector<double>> differences;
    bool everywhere = true;
    for (std::size_t seed = 0; seed < first.size(); ++seed) {
      const Part* a = find_part(first[seed], wanted);
      const Part* b = find_part(second[seed], wanted);
      everywhere &= a != nullptr && b != nullptr;
      if (!everywhere) break;
      for (const Figure& f : figures()) {
        const auto seeds = static_cast<double>(first.size());
        one.part.summary.*f.member += a->summary.*f.member / seeds;
        one.second.*f.member += b->summary.*f.member / seeds;
        differences[f.name].push_back(b->summary.*f.member - a->summary.*f.member);
      }
    }
    if (!everywhere) continue;
    for (const auto& [name, values] : differences) one.by_figure[name] = estimate(values);
    all.push_back(std::move(one));
  }
  return all;
}

std::string fate_text(Effect fate) {
  switch (fate) {
    case Effect::gains: return "gains";
    case Effect::loses: return "loses";
    case Effect::trades: return "trades";
    case Effect::same: return "–";
  }
  return "";
}

std::string in_words(const Contrast& contrast) {
  std::vector<std::string> changes;
  const auto add = [&](const Judged& judged, const std::string& less, const std::string& more) {
    if (gain(contrast, judged) == 0) return;
    const Figure& f = figure(judged.figure);
    const Estimate& e = contrast.by_figure.at(judged.figure);
    const std::string size = number_text(std::fabs(e.mean) * f.scale, f.decimals);
    const std::string sure = " (± " + number_text(e.half_width * f.scale, f.decimals) + ")";
    const std::string& pattern = e.mean < 0 ? less : more;
    const auto at = pattern.find('#');
    changes.push_back(pattern.substr(0, at) + size + pattern.substr(at + 1) + sure);
  };
  add(kJudged[0], "p90 wait # s shorter", "p90 wait # s longer");
  add(kJudged[1], "p50 wait # s shorter", "p50 wait # s longer");
  add(kJudged[2], "quality # lower", "quality # higher");
  add(kJudged[3], "# points of % fewer are matched", "# points of % more are matched");
  return part_text(contrast.part) + ": " + (changes.empty() ? "no difference that is certain" : joined(changes));
}

std::vector<std::string> conclusions(const std::vector<Contrast>& contrasts) {
  std::vector<std::string> lines;
  if (contrasts.empty()) return lines;
  lines.push_back(in_words(contrasts.front()) + ".");
  for (const Effect fate : {Effect::gains, Effect::loses, Effect::trades, Effect::same}) {
    const std::string who = who_text(contrasts, fate);
    if (who.empty()) continue;
    const std::string what = fate == Effect::gains    ? "Gain, and lose nothing: "
                             : fate == Effect::loses  ? "Lose, and gain nothing: "
                             : fate == Effect::trades ? "Gain in one and lose in another: "
                                                      : "No certain difference: ";
    lines.push_back(what + who + ".");
  }
  for (const Contrast& one : contrasts) {
    const bool about_players = one.part.kind == "decile" || one.part.kind == "party";
    if (about_players && one.fate() != Effect::same) lines.push_back(in_words(one) + ".");
  }
  return lines;
}

Table contrast_table(const std::vector<Contrast>& contrasts, const std::string& kind) {
  Table table;
  table.header = {"part",       "queued", "wait p50",   "difference", "wait p90",   "difference", "quality",
                  "difference", "spread", "difference", "matched %",  "difference", "fate"};
  for (const Contrast& one : contrasts) {
    if (one.part.kind != kind) continue;
    std::vector<std::string> row{part_text(one.part), number_text(one.part.summary.queueings, 0)};
    for (const char* name : {"wait_p50_s", "wait_p90_s", "quality_mean", "spread_mean", "matched_share"}) {
      const Figure& f = figure(name);
      row.push_back(number_text(one.part.summary.*f.member * f.scale, f.decimals));
      row.push_back(difference(one, name));
    }
    row.push_back(fate_text(one.fate()));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace mm::simulator
