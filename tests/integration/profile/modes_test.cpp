// Tests that the mode file can change while profile runs. The new table is used for the next result. A match of a mode
// that was removed is rated by the rules of the previous table.
#include "common/testing/own_file.h"
#include "tests/integration/profile/rated_events.h"

namespace mm::profile {
namespace {

using testing::eventually;

TEST(ModeFile, IsReloadedAndThePreviousTableIsKept) {
  const Mode arena = *Mode::parse("arena");
  const testing::OwnFile file("[[mode]]\nid = \"ranked\"\n[[mode]]\nid = \"arena\"\n");
  const Instance profile(4, file.path());
  const RatedEvents events;
  const auto tenant = fresh_tenant();
  const auto rated = [&](const Mode& mode) {
    const auto players = fresh_players(2);
    const auto match = match_of(tenant, {{players[0]}, {players[1]}}, 0, mode);
    publish(match);
    const auto event = events.await(match.match_id);
    EXPECT_TRUE(event.has_value());
    return event && event->rated;
  };
  const auto follows = [&](const std::string& text, int changes) {
    file.replace(text);
    return eventually([&] { return profile.metric("mm_modes_changes_total") == changes; });
  };
  EXPECT_TRUE(rated(arena));
  ASSERT_TRUE(follows("[[mode]]\nid = \"ranked\"\n", 1));
  EXPECT_TRUE(rated(arena)) << "the mode was removed during the match";
  ASSERT_TRUE(follows("[[mode]]\nid = \"ranked\"\nrated = false\n", 2));
  EXPECT_FALSE(rated(arena)) << "neither the new nor the previous table has the mode";
  EXPECT_FALSE(rated(ranked_mode()));
}

}  // namespace
}  // namespace mm::profile
