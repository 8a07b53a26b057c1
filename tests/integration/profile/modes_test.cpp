// The mode file changes while profile runs: what was being played goes on by the rules it was begun with, as far as the
// last table knows them; what the new table says of a mode holds for the next result.
#include "common/testing/own_file.h"
#include "tests/integration/profile/rated_events.h"

namespace mm::profile {
namespace {

using testing::eventually;

TEST(ModeFile, IsFollowedAndTheLastTableIsRemembered) {
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
  EXPECT_TRUE(rated(arena)) << "it was taken away while they played";
  ASSERT_TRUE(follows("[[mode]]\nid = \"ranked\"\nrated = false\n", 2));
  EXPECT_FALSE(rated(arena)) << "nobody knows it any more";
  EXPECT_FALSE(rated(ranked_mode()));
}

}  // namespace
}  // namespace mm::profile
