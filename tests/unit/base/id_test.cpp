// Tests of UUIDs, of newly generated ids and of typed ids.
#include "common/base/id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace mm {
namespace {

const TimePoint kNow{Milliseconds{1'767'225'600'123}};  // 2026-01-01

TEST(Uuid, ReadsTheCanonicalFormOnly) {
  EXPECT_TRUE(Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057"));
  EXPECT_TRUE(Uuid::parse("00000000-0000-0000-0000-000000000000"));
  for (const auto* text : {"", "0", "-1", "01890A5D-AC96-774B-BCCE-B302099A8057", "01890a5dac96774bbcceb302099a8057",
                           "{01890a5d-ac96-774b-bcce-b302099a8057}", "01890a5d-ac96-774b-bcce-b302099a805",
                           "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d_ac96-774b-bcce-b302099a8057",
                           "01890a5g-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a805 ",
                           "01890a5d-ac96-774b-bcce-b302099a805\n", "-1890a5d-ac96-774b-bcce-b302099a8057"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
  EXPECT_FALSE(Uuid::parse(std::string("01890a5d-ac96-774b-bcce-b302099a805\0", 36)));
}

RC_GTEST_PROP(UuidProperty, TextRoundTrips, (const std::array<std::uint8_t, 16>& bytes)) {
  const Uuid uuid{bytes};
  RC_ASSERT(Uuid::parse(uuid.to_string()) == uuid);
}

RC_GTEST_PROP(UuidProperty, TextSortsAsBytesDo,
              (const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b)) {
  RC_ASSERT((Uuid{a} < Uuid{b}) == (Uuid{a}.to_string() < Uuid{b}.to_string()));
}

TEST(FreshId, IsAVersion7UuidOfTheGivenTime) {
  const auto uuid = new_uuid(kNow);
  EXPECT_EQ(uuid.version(), 7);
  EXPECT_EQ(uuid.bytes[8] >> 6, 2) << "the variant of RFC 9562";
  // This time is later than that of any other id of this process, so that no earlier id can have advanced it.
  const auto later = kNow + std::chrono::hours{24 * 365 * 50};
  EXPECT_EQ(new_uuid(later).issued_at(), later);
}

TEST(FreshId, IncreasesWithinAMillisecondAndWhenTheClockGoesBack) {
  auto last = new_uuid(kNow + Seconds{20});
  for (int i = 0; i < 20'000; ++i) {
    const auto next = new_uuid(kNow - Seconds{i});
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(FreshId, DiffersAmongThreads) {
  constexpr std::size_t kEach = 5'000;
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (std::size_t i = 0; i < kEach; ++i) mine.push_back(new_uuid(kNow));
    });
  }
  for (auto& thread : threads) thread.join();
  std::unordered_set<Uuid> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 4 * kEach);
}

TEST(Id, TypesDoNotConvertIntoEachOther) {
  static_assert(!std::is_convertible_v<PlayerId, TicketId>);
  static_assert(!std::is_constructible_v<PlayerId, TicketId>);
  EXPECT_TRUE(PlayerId().is_nil());
  const auto player = PlayerId::fresh(kNow);
  EXPECT_EQ(PlayerId::parse(player.to_string()), player);
}

}  // namespace
}  // namespace mm
