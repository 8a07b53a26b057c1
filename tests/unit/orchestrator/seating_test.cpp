// Places on servers: how they are chosen, and that none is given twice.
#include "services/orchestrator/core/seating.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "services/orchestrator/core/patience.h"

namespace mm::orchestrator {
namespace {

template <class T>
T number(int value) {
  Uuid uuid;
  uuid.bytes[14] = static_cast<std::uint8_t>(value >> 8);
  uuid.bytes[15] = static_cast<std::uint8_t>(value);
  return T(uuid);
}

ServerId server(int value) { return number<ServerId>(value); }
MatchId match(int value) { return number<MatchId>(value); }

TEST(Seating, HasNoPlaceWithoutAnOpenServer) {
  Seating seating;
  EXPECT_FALSE(seating.take(match(1)));
  seating.set_open(server(1), false);
  EXPECT_FALSE(seating.take(match(1)));
  seating.set_open(server(1), true);
  EXPECT_EQ(seating.take(match(1)), (Seat{server(1), 0}));
}

TEST(Seating, GivesAMatchTheSamePlaceAgain) {
  Seating seating;
  seating.set_open(server(1), true);
  const auto first = seating.take(match(1));
  seating.take(match(2));
  EXPECT_EQ(seating.take(match(1)), first);
  EXPECT_EQ(seating.used(), 2);
}

TEST(Seating, FillsTheFullestServerAndThenTheNext) {
  Seating seating;
  seating.set_open(server(1), true);
  seating.set_open(server(2), true);
  seating.restore(match(1), {server(2), 5});
  for (int i = 2; i <= game::kMatchesPerServer; ++i) EXPECT_EQ(seating.take(match(i))->server, server(2)) << i;
  EXPECT_EQ(seating.take(match(100))->server, server(1));
  for (int i = 101; i < 100 + game::kMatchesPerServer; ++i) EXPECT_EQ(seating.take(match(i))->server, server(1));
  EXPECT_FALSE(seating.take(match(999)));
  seating.free(match(7));
  EXPECT_EQ(seating.take(match(999))->server, server(2));
}

TEST(Seating, KeepsThePlacesOfAClosedServerAndForgetsThoseOfAGoneOne) {
  Seating seating;
  seating.set_open(server(1), true);
  seating.take(match(1));
  seating.set_open(server(1), false);
  EXPECT_TRUE(seating.of(match(1)));
  EXPECT_FALSE(seating.take(match(2)));
  seating.remove(server(1));
  EXPECT_FALSE(seating.of(match(1)));
  EXPECT_EQ(seating.used(), 0);
}

TEST(Seating, FollowsTheTableWhenItSaysOtherwise) {
  Seating seating;
  seating.set_open(server(1), true);
  const auto mine = seating.take(match(1));
  seating.restore(match(2), *mine);
  EXPECT_FALSE(seating.of(match(1)));
  EXPECT_EQ(seating.of(match(2)), mine);
  EXPECT_NE(seating.take(match(1)), mine);
}

TEST(Seating, NeverSeatsTwoMatchesInOnePlace) {
  EXPECT_TRUE(rc::check("places are unique and counted", [] {
    Seating seating;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 6), rc::gen::inRange(0, 200), rc::gen::inRange(0, 3)));
    for (const auto& [what, which, where] : steps) {
      switch (what) {
        case 0: seating.set_open(server(where), which % 4 != 0); break;
        case 1: seating.remove(server(where)); break;
        case 2: seating.free(match(which)); break;
        case 3: seating.restore(match(which), {server(where), which % game::kMatchesPerServer}); break;
        default: seating.take(match(which));
      }
    }
    std::set<std::pair<ServerId, int>> places;
    for (const auto seated : seating.seated()) {
      const auto seat = *seating.of(seated);
      RC_ASSERT(seat.slot >= 0 && seat.slot < game::kMatchesPerServer);
      RC_ASSERT(places.emplace(seat.server, seat.slot).second);
    }
    RC_ASSERT(static_cast<int>(places.size()) == seating.used());
  }));
}

TEST(ServersWanted, KeepsOneWarmAndRoomToSpareWithinTheLimit) {
  EXPECT_EQ(servers_wanted(0, 8), 1);
  EXPECT_EQ(servers_wanted(48, 8), 1);
  EXPECT_EQ(servers_wanted(49, 8), 2);
  EXPECT_EQ(servers_wanted(112, 8), 2);
  EXPECT_EQ(servers_wanted(10'000, 8), 8);
  EXPECT_EQ(servers_wanted(64, 1), 1);
}

TEST(StartPause, GrowsWithFailuresUpToALimit) {
  EXPECT_EQ(start_pause(0), Milliseconds{0});
  EXPECT_EQ(start_pause(1), Milliseconds{500});
  EXPECT_EQ(start_pause(3), Milliseconds{2'000});
  EXPECT_EQ(start_pause(100), Milliseconds{10'000});
}

TEST(FreeOffset, GoesRoundTheRange) {
  const auto none = [](int) { return false; };
  EXPECT_EQ(free_offset(0, 4, none), 0);
  EXPECT_EQ(free_offset(3, 4, none), 3);
  EXPECT_EQ(free_offset(5, 4, none), 1);
  EXPECT_EQ(free_offset(3, 4, [](int offset) { return offset != 1; }), 1);
  EXPECT_EQ(free_offset(0, 4, [](int) { return true; }), -1);
}

}  // namespace
}  // namespace mm::orchestrator
