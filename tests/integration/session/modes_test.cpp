// Tests that the mode file can change while session runs: session accepts matches found under the new table and under
// the previous one, whether session or matchmaker reads the file first.
#include <gtest/gtest.h>

#include "common/testing/own_file.h"
#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

std::string teams_of(int teams) { return "[[mode]]\nid = \"ranked\"\nteams = " + std::to_string(teams) + "\n"; }

class ModeFile : public SessionTest {
 protected:
  const testing::OwnFile file_{teams_of(2)};
  FakeOrchestrator orchestrator_{*world_.bus, world_.metrics, 1000};
  Instance instance_{world_, {}, file_.path()};
};

TEST_F(ModeFile, AcceptsMatchesOfTheNewAndThePreviousTable) {
  ready_match({1, 1});
  file_.replace(teams_of(3));
  ready_match({1, 1, 1});  // matchmaker has read the new file before session
  EXPECT_EQ(instance_.metric("mm_modes_changes_total"), 1);
  ready_match({1, 1});  // matchmaker has read it after session
  const auto neither = fresh_match({1, 1, 1, 1});
  publish(neither);
  EXPECT_TRUE(becomes(neither.match_id, MatchStatus::cancelled));
}

}  // namespace
}  // namespace mm::session
