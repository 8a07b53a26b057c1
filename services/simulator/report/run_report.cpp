#include "services/simulator/report/run_report.h"

#include <algorithm>

namespace mm::simulator {
namespace {

constexpr std::string_view kShown[] = {"queueings",  "matched_share", "timed_out_share", "gave_up_share", "wait_p50_s",
                                       "wait_p90_s", "wait_p99_s",    "quality_mean",    "quality_p10",   "spread_mean",
                                       "spread_p90", "team_gap_mean", "latency_p90_ms"};

void add_figures(std::vector<std::string>& row, const Summary& summary) {
  for (const auto name : kShown) {
    const Figure& f = figure(name);
    row.push_back(number_text(summary.*f.member * f.scale, f.decimals));
  }
}

std::vector<std::string> header_of(std::vector<std::string> first) {
  for (const auto name : kShown) first.emplace_back(figure(name).header);
  return first;
}

std::vector<std::string> names_of(const std::vector<RunResult>& results, const std::string& kind) {
  std::vector<std::string> names;
  for (const Part& part : results.front().parts) {
    if (part.kind == kind) names.push_back(std::to_string(part.number));
  }
  return names;
}

Series series_of(const RunResult& result, const std::string& kind, const Figure& f, int color) {
  Series series;
  series.color = color;
  double x = 0;
  for (const Part& part : result.parts) {
    if (part.kind == kind) series.points.emplace_back(x++, part.summary.*f.member * f.scale);
  }
  return series;
}

Chart by_part(const std::vector<RunResult>& results, const std::string& kind, const std::string& title,
              const std::string& y_label, const std::vector<std::string_view>& wanted) {
  Chart chart;
  chart.title = title;
  chart.y_label = y_label;
  chart.x_label = kind == "decile"  ? "rating decile, lowest to highest"
                  : kind == "party" ? "players in the party"
                                    : "hour of the day";
  chart.x_names = names_of(results, kind);
  chart.y_from_zero = wanted[0].substr(0, 7) != "quality";
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      const Figure& f = figure(wanted[j]);
      Series series = series_of(results[i], kind, f, static_cast<int>(i));
      series.dashed = j > 0;
      series.name = results[i].rules + (wanted.size() > 1 ? " " + std::string(f.header) : "");
      chart.series.push_back(std::move(series));
    }
  }
  return chart;
}

/// Players per hour, as a rate: often only some minutes of the first and the last hour were measured.
Chart players_by_hour(const std::vector<RunResult>& results) {
  auto chart = by_part(results, "hour", "Players by hour", "queueing players per hour", {"queueings"});
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::size_t point = 0;
    for (const Part& part : results[i].parts) {
      if (part.kind != "hour") continue;
      const double measured = results[i].record.measured_hours.at(static_cast<std::size_t>(part.number));
      auto& y = chart.series[i].points[point++].second;
      if (measured > 0) y /= measured;
    }
  }
  return chart;
}

/// A curve: the share of all players who were matched within x seconds.
Chart matched_within(const std::vector<RunResult>& results) {
  Chart chart;
  chart.title = "Matched within a time";
  chart.y_label = "% of all who queued";
  chart.x_label = "seconds";
  double horizon = 1;
  for (const RunResult& result : results) horizon = std::max(horizon, result.parts[0].summary.wait_p99);
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::vector<std::pair<float, int>> waits;
    double total = 0;
    for (const Queueing& queueing : results[i].record.queueings) {
      total += queueing.size;
      if (queueing.ending == Ending::matched) waits.emplace_back(queueing.waited_seconds, queueing.size);
    }
    std::sort(waits.begin(), waits.end());
    Series series{results[i].rules, {}, false, static_cast<int>(i)};
    constexpr int kSteps = 200;
    std::size_t next = 0;
    double matched = 0;
    for (int step = 0; step <= kSteps; ++step) {
      const double time = horizon * step / kSteps;
      for (; next < waits.size() && static_cast<double>(waits[next].first) <= time; ++next)
        matched += waits[next].second;
      series.points.emplace_back(time, total > 0 ? matched / total * 100 : 0);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

bool has(const std::vector<RunResult>& results, const std::string& kind) { return names_of(results, kind).size() > 1; }

}  // namespace

void merge(RunRecord& into, RunRecord&& from) {
  into.queueings.insert(into.queueings.end(), from.queueings.begin(), from.queueings.end());
  for (std::size_t hour = 0; hour < into.measured_hours.size(); ++hour)
    into.measured_hours[hour] += from.measured_hours[hour];
  into.faults += from.faults;
  into.refused += from.refused;
  into.ticks += from.ticks;
  into.policy_cpu_ms += from.policy_cpu_ms;
  into.virtual_seconds += from.virtual_seconds;
  into.longest_tick_ms = std::max(into.longest_tick_ms, from.longest_tick_ms);
  into.most_waiting = std::max(into.most_waiting, from.most_waiting);
}

Table overall_table(const std::vector<RunResult>& results) {
  Table table;
  table.header = header_of({"rules"});
  table.header.insert(table.header.end(), {"most waiting", "ms/tick"});
  for (const RunResult& result : results) {
    std::vector<std::string> row{result.rules};
    add_figures(row, result.parts[0].summary);
    row.push_back(std::to_string(result.record.most_waiting));
    row.push_back(number_text(result.record.cpu_ms_per_tick(), 3));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table parts_table(const std::vector<RunResult>& results, const std::string& kind) {
  Table table;
  table.text_columns = 2;
  table.header = header_of({"part", "rules"});
  for (std::size_t i = 0; i < results.front().parts.size(); ++i) {
    const Part& first = results.front().parts[i];
    if (first.kind != kind) continue;
    for (const RunResult& result : results) {
      const auto same = std::find_if(result.parts.begin(), result.parts.end(), [&](const Part& part) {
        return part.kind == kind && part.number == first.number;
      });
      if (same == result.parts.end()) continue;
      std::vector<std::string> row{&result == &results.front() ? part_text(first) : "", result.rules};
      add_figures(row, same->summary);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

std::vector<Chart> charts_of(const std::vector<RunResult>& results) {
  std::vector<Chart> charts{matched_within(results)};
  charts.push_back(by_part(results, "decile", "Wait by rating", "seconds", {"wait_p50_s", "wait_p90_s"}));
  charts.push_back(by_part(results, "decile", "Quality by rating", "0 to 1", {"quality_mean", "quality_p10"}));
  charts.push_back(by_part(results, "decile", "Spread by rating", "points", {"spread_mean", "spread_p90"}));
  if (has(results, "party")) {
    charts.push_back(by_part(results, "party", "Wait by party size", "seconds", {"wait_p50_s", "wait_p90_s"}));
    charts.push_back(by_part(results, "party", "Quality by party size", "0 to 1", {"quality_mean", "quality_p10"}));
  }
  if (has(results, "hour")) {
    charts.push_back(players_by_hour(results));
    charts.push_back(by_part(results, "hour", "Wait by hour", "seconds", {"wait_p50_s", "wait_p90_s"}));
  }
  if (results.front().parts[0].summary.latency_mean > 0) {
    charts.push_back(by_part(results, "decile", "Latency by rating", "ms", {"latency_mean_ms", "latency_p90_ms"}));
  }
  return charts;
}

Csv::Row part_columns() {
  Csv::Row row{"population", "rules", "part", "number"};
  for (const Figure& f : figures()) row.emplace_back(f.name);
  return row;
}

Csv::Row part_row(const std::string& population, const std::string& rules, const Part& part) {
  Csv::Row row{population, rules, part.kind, std::to_string(part.number)};
  for (const Figure& f : figures()) row.push_back(exact_text(part.summary.*f.member));
  return row;
}

Csv::Row queueing_columns() {
  return {"population", "rules",    "unit",    "size",   "decile",   "hour",
          "ending",     "waited_s", "quality", "spread", "team_gap", "latency_ms"};
}

Csv::Row queueing_row(const std::string& population, const std::string& rules, const Queueing& q) {
  constexpr const char* kEndings[] = {"waiting", "matched", "timed_out", "gave_up"};
  const auto number = [](float value) { return exact_text(static_cast<double>(value)); };
  const bool matched = q.ending == Ending::matched;
  return {population,
          rules,
          std::to_string(q.unit),
          std::to_string(q.size),
          std::to_string(q.decile + 1),
          std::to_string(q.hour),
          kEndings[static_cast<std::size_t>(q.ending)],
          number(q.waited_seconds),
          matched ? number(q.quality) : "",
          matched ? number(q.spread) : "",
          matched ? number(q.team_gap) : "",
          matched ? number(q.latency_ms) : ""};
}

}  // namespace mm::simulator
