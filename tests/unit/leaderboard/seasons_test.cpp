// Tests seasons: the parser of the setting, and the season of a time.
#include "services/leaderboard/core/seasons.h"

#include <gtest/gtest.h>

namespace mm::leaderboard {
namespace {

TimePoint day(int year, unsigned month, unsigned day_of_month) {
  return TimePoint(std::chrono::sys_days(
      std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day_of_month}}));
}
Season season(const char* name) { return *Season::parse(name); }

Seasons two() { return *Seasons::parse("s1=2026-01-01,s2=2026-07-01"); }

TEST(Seasons, ATimeBelongsToTheLastSeasonThatHasBegun) {
  const auto seasons = two();
  EXPECT_EQ(seasons.at(day(2026, 1, 1) - Milliseconds{1}), std::nullopt);
  EXPECT_EQ(seasons.at(day(2026, 1, 1)), season("s1"));
  EXPECT_EQ(seasons.at(day(2026, 7, 1) - Milliseconds{1}), season("s1"));
  EXPECT_EQ(seasons.at(day(2026, 7, 1)), season("s2"));
  EXPECT_EQ(seasons.at(day(2999, 1, 1)), season("s2"));
}

TEST(Seasons, ASeasonOfTheFutureHasNotBegun) {
  const auto seasons = two();
  EXPECT_TRUE(seasons.has_begun(season("s1"), day(2026, 3, 1)));
  EXPECT_FALSE(seasons.has_begun(season("s2"), day(2026, 3, 1)));
  EXPECT_TRUE(seasons.has_begun(season("s2"), day(2026, 7, 1)));
  EXPECT_TRUE(seasons.has_begun(season("s1"), day(2026, 7, 1))) << "a season that is over has begun";
  EXPECT_FALSE(seasons.has_begun(season("s3"), day(2999, 1, 1)));
}

TEST(Seasons, RefusesInvalidSettings) {
  EXPECT_TRUE(Seasons::parse("s1=2024-02-29").ok());
  for (const char* text : {"",
                           ",",
                           "s1",
                           "s1=",
                           "=2026-01-01",
                           "s1=2026-1-1",
                           "s1=2026-13-01",
                           "s1=2026-02-29",
                           "s1=2026-00-01",
                           "x1=2026-01-01",
                           "s12345=2026-01-01",
                           "s1=2026-01-01,",
                           ",s1=2026-01-01",
                           "s1=2026-01-01,s1=2026-07-01",
                           "s1=2026-07-01,s2=2026-01-01",
                           "s1=2026-01-01,s2=2026-01-01",
                           "s1=2026-01-01 ",
                           "s1 =2026-01-01",
                           "s1=2026-01-01;s2=2026-07-01",
                           "s1=-026-01-01",
                           "s1=2026-01-01T00:00:00Z"}) {
    EXPECT_FALSE(Seasons::parse(text).ok()) << text;
  }
  EXPECT_EQ(Seasons::parse("s1=2026-01-01,s1=2026-07-01").error(), "s1 begins twice");
}

}  // namespace
}  // namespace mm::leaderboard
