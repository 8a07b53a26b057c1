#include "services/lobby/core/rating_view.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <thread>

#include "tests/unit/lobby/parties.h"

namespace mm::lobby {
namespace {

const Mode kRanked = ranked_mode();
const Mode kDuel = *Mode::parse("duel");

TEST(RatingView, APlayerWithoutARowHasTheInitialRating) {
  RatingView view;
  EXPECT_EQ(view.find(player(1), kRanked), (RatingView::Row{1500, 350, 0}));
  view.apply(player(1), kDuel, {1600, 100, 3});
  EXPECT_EQ(view.find(player(1), kRanked), (RatingView::Row{1500, 350, 0}));
  EXPECT_EQ(view.find(player(2), kDuel), (RatingView::Row{1500, 350, 0}));
}

TEST(RatingView, ARowWithMoreGamesReplacesOneWithFewer) {
  RatingView view;
  EXPECT_TRUE(view.apply(player(1), kRanked, {1510.25, 90.5, 4}));
  EXPECT_FALSE(view.apply(player(1), kRanked, {1490, 90, 4}));
  EXPECT_FALSE(view.apply(player(1), kRanked, {1490, 90, 3}));
  EXPECT_EQ(view.find(player(1), kRanked), (RatingView::Row{1510.25, 90.5, 4}));
  EXPECT_TRUE(view.apply(player(1), kRanked, {-20.01, 90, 5}));
  EXPECT_EQ(view.find(player(1), kRanked).mmr, -20.01);
  EXPECT_EQ(view.size(), 1U);
}

TEST(RatingView, StoresTheGrowthOfTheDeviation) {
  RatingView view;
  const RatingView::Row row{1510.25, 90.5, 4, TimePoint(Seconds(1'767'225'600)), 4.825};
  view.apply(player(1), kRanked, row);
  EXPECT_EQ(view.find(player(1), kRanked), row);
  view.apply(player(1), kRanked, {1510.25, 90.5, 5, TimePoint(Milliseconds(1'767'225'600'999)), 1e9});
  EXPECT_EQ(view.find(player(1), kRanked).deviation_at, TimePoint(Seconds(1'767'225'600)));
  EXPECT_EQ(view.find(player(1), kRanked).deviation_growth, 65.535);
}

TEST(RatingView, TakesAtMost83BytesARow) {
  RatingView view;
  const double empty = static_cast<double>(view.bytes());
  const TimePoint now = at(0);
  constexpr int kRows = 100'000;
  for (int i = 0; i < kRows; ++i) view.apply(PlayerId::fresh(now), kRanked, {1500, 350, 1});
  EXPECT_EQ(view.size(), static_cast<std::size_t>(kRows));
  const double each = (static_cast<double>(view.bytes()) - empty) / kRows;
  EXPECT_GE(each, 41);
  EXPECT_LE(each, 83);
}

RC_GTEST_PROP(RatingViewProperties, EqualsAMapThatKeepsTheMostGames, ()) {
  RatingView view;
  std::map<std::pair<int, Mode>, RatingView::Row> model;
  const auto steps = *rc::gen::inRange(0, 200);
  for (int i = 0; i < steps; ++i) {
    const int number = *rc::gen::inRange(0, 40);
    const Mode& mode = *rc::gen::arbitrary<bool>() ? kRanked : kDuel;
    const RatingView::Row row{*rc::gen::inRange(-100'000, 400'000) / 100.0, 60.0, *rc::gen::inRange(0, 50)};
    const auto known = model.find({number, mode});
    const bool newer = known == model.end() || row.games > known->second.games;
    RC_ASSERT(view.apply(player(number), mode, row) == newer);
    if (newer) model[{number, mode}] = row;
  }
  RC_ASSERT(view.size() == model.size());
  for (const auto& [key, row] : model) RC_ASSERT(view.find(player(key.first), key.second) == row);
}

TEST(RatingView, IsReadWhileItGrows) {
  RatingView view;
  view.apply(player(1), kRanked, {1700, 70, 9});
  std::thread writer([&] {
    for (int i = 0; i < 20'000; ++i) view.apply(PlayerId::fresh(at(i)), kDuel, {1500, 350, 1});
  });
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(view.find(player(1), kRanked).mmr, 1700);
  writer.join();
  EXPECT_EQ(view.size(), 20'001U);
}

}  // namespace
}  // namespace mm::lobby
