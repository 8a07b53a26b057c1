// Tests cursors: they are opaque, protected by a digest, and valid for one request only.
#include "services/leaderboard/cursor.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mm::leaderboard {
namespace {

const BoardKey kBoard{default_tenant(), *Season::parse("s1"), ranked_mode(), std::nullopt};
const HistoryKey kHistory{default_tenant(), *PlayerId::parse("018f0000-0000-7000-8000-000000000001"), std::nullopt};
const Place kPlace = "0123456789abcdef0123456789abcde\xFF";

TEST(Cursors, AreReadBackAsTheyWereWritten) {
  EXPECT_TRUE(rc::check([] {
    const auto bytes = *rc::gen::container<std::string>(kPlaceBytes, rc::gen::arbitrary<char>());
    RC_ASSERT(read_board_cursor(kBoard, board_cursor(kBoard, bytes)) == bytes);
    const HistoryPlace place{TimePoint(Milliseconds(*rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000))),
                             MatchId(new_uuid(SystemClock{}.now()))};
    RC_ASSERT(read_history_cursor(kHistory, history_cursor(kHistory, place)) == place);
  }));
  EXPECT_LE(board_cursor(kBoard, kPlace).size(), 256U) << "the limit of requests";
}

TEST(Cursors, AreRefusedForAnotherRequest) {
  const auto cursor = board_cursor(kBoard, kPlace);
  auto other = kBoard;
  other.region = default_region();
  EXPECT_FALSE(read_board_cursor(other, cursor));
  other = kBoard;
  other.tenant = *Tenant::parse("other");
  EXPECT_FALSE(read_board_cursor(other, cursor));
  other = kBoard;
  other.season = *Season::parse("s2");
  EXPECT_FALSE(read_board_cursor(other, cursor));
  other = kBoard;
  other.mode = *Mode::parse("duel");
  EXPECT_FALSE(read_board_cursor(other, cursor));

  const auto page = history_cursor(kHistory, {TimePoint(Milliseconds{1}), MatchId()});
  auto another = kHistory;
  another.player_id = *PlayerId::parse("018f0000-0000-7000-8000-000000000002");
  EXPECT_FALSE(read_history_cursor(another, page)) << "of another player";
  another = kHistory;
  another.mode = ranked_mode();
  EXPECT_FALSE(read_history_cursor(another, page));
  EXPECT_FALSE(read_history_cursor(kHistory, cursor));
  EXPECT_FALSE(read_board_cursor(kBoard, page));
}

TEST(Cursors, AreRefusedAfterAnyChange) {
  const auto cursor = board_cursor(kBoard, kPlace);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = cursor;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_FALSE(read_board_cursor(kBoard, changed)) << i << " " << bit;
    }
    EXPECT_FALSE(read_board_cursor(kBoard, cursor.substr(0, i)));
    EXPECT_FALSE(read_board_cursor(kBoard, cursor.substr(i + 1)));
  }
  for (const char* text : {"", "=", "nonsense", "' OR 1=1--", "AAAA"}) {
    EXPECT_FALSE(read_board_cursor(kBoard, text)) << text;
    EXPECT_FALSE(read_history_cursor(kHistory, text)) << text;
  }
  EXPECT_FALSE(read_board_cursor(kBoard, cursor + "A"));
}

TEST(Cursors, AreRefusedWithATimeThatCannotBeFormatted) {
  const auto last = TimePoint(Milliseconds{253'402'300'799'999});
  EXPECT_TRUE(read_history_cursor(kHistory, history_cursor(kHistory, {last, MatchId()})));
  EXPECT_FALSE(read_history_cursor(kHistory, history_cursor(kHistory, {last + Milliseconds{1}, MatchId()})));
  EXPECT_FALSE(read_history_cursor(kHistory, history_cursor(kHistory, {TimePoint(Milliseconds{-1}), MatchId()})));
}

}  // namespace
}  // namespace mm::leaderboard
