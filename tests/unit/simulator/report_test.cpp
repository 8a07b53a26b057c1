// Tests of reports: differences with their confidence intervals, in words and tables, and charts and HTML pages.
#include <gtest/gtest.h>

#include <algorithm>

#include "services/simulator/analysis/contrast.h"
#include "services/simulator/report/html.h"
#include "services/simulator/report/run_report.h"

namespace mm::simulator {
namespace {

Part part(const std::string& kind, int number, double wait, double quality) {
  Part made{kind, number, {}};
  made.summary.queueings = 100;
  made.summary.matched_share = 1;
  made.summary.wait_p50 = wait / 2;
  made.summary.wait_p90 = wait;
  made.summary.quality_mean = quality;
  return made;
}

TEST(Estimate, IsStudentsIntervalOfTheMean) {
  // Four values with mean 3 and standard deviation 0.816497: t = 3.182 with 3 degrees of freedom, divided by sqrt(4).
  const Estimate e = estimate({2, 3, 3, 4});
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_NEAR(e.half_width, 3.182 * 0.816497 / 2, 1e-5);
  EXPECT_TRUE(e.certain());
  EXPECT_FALSE(estimate({-1, 1, -2, 2}).certain());
  EXPECT_FALSE(estimate({5}).certain()) << "one value has no interval";
}

TEST(Contrast, ListsThePartsThatGainLoseOrTrade) {
  std::vector<std::vector<Part>> first, second;
  for (int seed = 0; seed < 4; ++seed) {
    const double noise = 0.1 * seed;
    first.push_back({part("all", 0, 20, 0.9), part("decile", 1, 30, 0.8), part("decile", 2, 10, 0.9),
                     part("decile", 3, 10, 0.9), part("decile", 4, 10, 0.9), part("party", 1, 10, 0.9),
                     part("party", 2, 10, 0.9)});
    second.push_back({part("all", 0, 17.95 + noise, 0.9), part("decile", 1, 12 + noise, 0.8),
                      part("decile", 2, 15 + noise, 0.9), part("decile", 3, 15 + noise, 0.9),
                      part("decile", 4, 15 + noise, 0.9), part("party", 1, 12 + noise, 0.95),
                      part("party", 2, 10, 0.9)});
  }
  second[2].erase(second[2].begin() + 6);
  const auto all = contrast(first, second);
  ASSERT_EQ(all.size(), 6U) << "a part that one seed does not have is left out";
  EXPECT_EQ(all[0].fate(), Effect::gains);
  EXPECT_EQ(all[1].fate(), Effect::gains);
  EXPECT_EQ(all[2].fate(), Effect::loses);
  EXPECT_EQ(all[5].fate(), Effect::trades);
  EXPECT_NEAR(all[1].by_figure.at("wait_p90_s").mean, -17.85, 1e-9);
  const auto lines = conclusions(all);
  EXPECT_EQ(lines.at(1), "Gain, and lose nothing: decile 1 (lowest).");
  EXPECT_EQ(lines.at(2), "Lose, and gain nothing: deciles 2 to 4.");
  EXPECT_EQ(lines.at(3), "Gain in one and lose in another: alone.");
  EXPECT_EQ(lines.at(0).rfind("everyone: p90 wait 1.9 s shorter (± 0.2)", 0), 0U) << lines[0];
  EXPECT_EQ(contrast_table(all, "decile").rows.size(), 4U);
}

TEST(Contrast, DoesNotCallNoiseADifference) {
  std::vector<std::vector<Part>> first, second;
  for (const double noise : {-3.0, 3.0, -2.0, 2.0}) {
    first.push_back({part("all", 0, 20, 0.9)});
    second.push_back({part("all", 0, 20 + noise, 0.9)});
  }
  EXPECT_EQ(contrast(first, second)[0].fate(), Effect::same);
  EXPECT_EQ(conclusions(contrast(first, second))[0], "everyone: no difference that is certain.");
}

TEST(Ticks, AreRoundNumbersAroundTheData) {
  EXPECT_EQ(ticks(0, 100, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(ticks(3, 47, 5), (std::vector<double>{0, 10, 20, 30, 40, 50}));
  EXPECT_EQ(ticks(5, 5, 5).size(), 6U);
}

TEST(Chart, DrawsEverySeriesWithinItsFrame) {
  Chart chart{"Wait & quality", "x", "y", {{"a <b>", {{0, 1}, {10, 5}}, false, 0}, {"b", {{0, 2}}, true, 1}}, {}, true};
  const std::string text = svg(chart);
  EXPECT_EQ(text.rfind("<svg ", 0), 0U);
  EXPECT_NE(text.find("Wait &amp; quality"), std::string::npos);
  EXPECT_NE(text.find("a &lt;b&gt;"), std::string::npos);
  EXPECT_NE(text.find("M70.0 237.6 L616.0 44.0"), std::string::npos)
      << "a line from (0, 1) to (10, 5) on an axis from 0 to 5:\n"
      << text;
}

TEST(Chart, AcceptsAnEmptyChart) { EXPECT_NE(svg({"empty", "", "", {}, {}, true}).find("</svg>"), std::string::npos); }

TEST(Table, AlignsColumnsByCharacters) {
  const Table table{{"name", "n"}, {{"–", "1.0"}, {"long", "10.0"}}, 1};
  EXPECT_EQ(plain_text(table, ""), "name     n\n–      1.0\nlong  10.0\n");
  EXPECT_EQ(markdown(table), "| name |    n |\n|---|--:|\n| –    |  1.0 |\n| long | 10.0 |\n");
  EXPECT_EQ(number_text(-0.0004, 2), "0.00");
}

TEST(Page, IsASingleFileWithEscapedText) {
  HtmlPage page("A & B");
  page.heading("x < y");
  page.table("t", {{"name"}, {{"<script>"}}, 1});
  page.charts({{"c", "", "", {{"s", {{0, 0}, {1, 1}}, false, 0}}, {}, true}});
  const std::string text = page.text();
  EXPECT_NE(text.find("<h2>x &lt; y</h2>"), std::string::npos);
  EXPECT_EQ(text.find("<script>"), std::string::npos);
  EXPECT_NE(text.find("<svg "), std::string::npos);
  EXPECT_EQ(text.find("src="), std::string::npos) << "the page loads no other file";
}

TEST(RunReport, ScalesUpHoursThatWereMeasuredInPart) {
  // The rate is the same all evening, but only a quarter of the last hour was measured.
  std::vector<RunResult> results(1);
  results[0].parts = {part("all", 0, 20, 0.9), part("decile", 1, 20, 0.9), part("hour", 19, 20, 0.9),
                      part("hour", 20, 20, 0.9)};
  results[0].parts[2].summary.queueings = 400;
  results[0].parts[3].summary.queueings = 100;
  results[0].record.measured_hours[19] = 1;
  results[0].record.measured_hours[20] = 0.25;
  const auto charts = charts_of(results);
  const auto found =
      std::find_if(charts.begin(), charts.end(), [](const Chart& chart) { return chart.title == "Players by hour"; });
  ASSERT_NE(found, charts.end());
  ASSERT_EQ(found->series.at(0).points.size(), 2U);
  EXPECT_DOUBLE_EQ(found->series[0].points[0].second, 400);
  EXPECT_DOUBLE_EQ(found->series[0].points[1].second, 400) << "the partly measured hour has the same rate";
}

TEST(RunReport, MergesSeedsAndShowsEveryPart) {
  RunRecord one, two;
  for (int i = 0; i < 20; ++i) {
    Queueing queueing;
    queueing.size = static_cast<std::uint8_t>(1 + i % 2);
    queueing.decile = static_cast<std::uint8_t>(i / 2);
    queueing.ending = Ending::matched;
    queueing.waited_seconds = static_cast<float>(i);
    (i % 4 == 0 ? one : two).queueings.push_back(queueing);
  }
  merge(one, std::move(two));
  std::vector<RunResult> results(1);
  results[0].rules = "some";
  results[0].parts = summarise_parts(one.queueings);
  results[0].record = std::move(one);
  EXPECT_EQ(parts_table(results, "decile").rows.size(), 10U);
  EXPECT_EQ(parts_table(results, "party").rows.size(), 2U);
  EXPECT_EQ(parts_table(results, "hour").rows.size(), 0U) << "the table needs more than one hour";
  EXPECT_EQ(charts_of(results).size(), 6U);
  EXPECT_EQ(part_columns().size(), part_row("p", "r", results[0].parts[0]).size());
  EXPECT_EQ(queueing_columns().size(), queueing_row("p", "r", results[0].record.queueings[0]).size());
}

}  // namespace
}  // namespace mm::simulator
