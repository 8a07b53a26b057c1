// Tests that the daemon reloads the file of modes when it changes. Queued tickets are planned by the new rules. An
// invalid file changes nothing and is reported.
#include <gtest/gtest.h>

#include "common/testing/own_file.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

std::string duel_of(double window, const std::string& more = "") {
  const auto points = std::to_string(window);
  return "[[mode]]\nid = \"duel\"\nteam_sizes = [1]\ninitial_window = " + points + "\nmax_window = " + points + "\n" +
         more;
}

struct Scene {
  explicit Scene(const std::string& modes) : file(modes) {
    auto settings = world.settings();
    settings.modes_file = file.path();
    instance = std::make_unique<Instance>(world.nats, settings, "matchmaker-1");
  }
  TicketId queue(const std::string& mode, double rating) {
    const auto request = request_of(tenant, mode, 1, {rating});
    const auto answer = world.send(request);
    EXPECT_TRUE(answer.ok());
    return *request.ticket_id;
  }
  TicketStatus status(TicketId ticket) {
    GetTicket request;
    request.tenant = tenant;
    request.ticket_id = ticket;
    const auto found = world.send(request);
    EXPECT_TRUE(found.ok());
    return found ? found->status : TicketStatus::cancelled;
  }
  bool matched(TicketId ticket) const { return world.published.match_of(ticket).has_value(); }
  double taken_over() const { return instance->metric("mm_modes_changes_total"); }
  double refused() const { return instance->metric("mm_modes_refused"); }

  World world;
  testing::OwnFile file;
  Tenant tenant = fresh_tenant();
  std::unique_ptr<Instance> instance;
};

TEST(ModeFile, ThatWidensTheWindowMatchesThoseWhoWait) {
  Scene scene(duel_of(50));
  const auto low = scene.queue("duel", 1'400);
  const auto high = scene.queue("duel", 1'600);
  const auto near = scene.queue("duel", 1'430);  // the owner plans, and the two stay
  ASSERT_TRUE(eventually([&] { return scene.matched(near); }));
  const auto again = scene.queue("duel", 1'420);
  EXPECT_EQ(scene.status(high), TicketStatus::searching);
  EXPECT_EQ(scene.status(again), TicketStatus::searching);
  scene.file.replace(duel_of(300));
  ASSERT_TRUE(eventually([&] { return scene.matched(high); })) << "only the rules have changed, not the tickets";
  EXPECT_TRUE(scene.matched(again));
  EXPECT_TRUE(scene.matched(low));
  EXPECT_EQ(scene.taken_over(), 1);
  EXPECT_EQ(scene.refused(), 0);
}

TEST(ModeFile, ThatIsBrokenChangesNothingAndIsReported) {
  Scene scene(duel_of(50));
  const auto low = scene.queue("duel", 1'400);
  const auto high = scene.queue("duel", 1'600);
  ::testing::internal::CaptureStdout();
  scene.file.replace(duel_of(300, "max_windw = 5\n"));
  EXPECT_TRUE(eventually([&] { return scene.refused() == 1; }));
  // New tickets are planned by the old rules.
  const auto near = scene.queue("duel", 1'620);
  EXPECT_TRUE(eventually([&] { return scene.matched(near); }));
  EXPECT_TRUE(scene.matched(high));
  EXPECT_EQ(scene.status(low), TicketStatus::searching);
  EXPECT_EQ(scene.taken_over(), 0);
  scene.file.replace(duel_of(300));
  EXPECT_TRUE(eventually([&] { return scene.refused() == 0 && scene.taken_over() == 1; }));
  const auto logged = ::testing::internal::GetCapturedStdout();
  const std::string reason = scene.file.path() + ":6:1: unknown key max_windw; did you mean max_window?";
  const auto first = logged.find(reason);
  EXPECT_NE(first, std::string::npos) << logged;
  EXPECT_EQ(logged.find(reason, first + 1), std::string::npos) << "once";
}

TEST(ModeFile, ThatIsGoneOrBeingWrittenLeavesTheOldRules) {
  Scene scene(duel_of(50));
  scene.file.remove();
  EXPECT_TRUE(eventually([&] { return scene.refused() == 1; }));
  const auto one = scene.queue("duel", 1'500);
  const auto other = scene.queue("duel", 1'510);
  EXPECT_TRUE(eventually([&] { return scene.matched(one); }));
  EXPECT_TRUE(scene.matched(other));
  scene.file.overwrite("[[mode]]\nid = \"duel\"\nteam_sizes = [1]\ninitial_window = 400", "\nmax_window = 800\n");
  EXPECT_TRUE(eventually([&] { return scene.refused() == 0 && scene.taken_over() == 1; }));
}

TEST(ModeFile, AddsModesAndTakesModesAway) {
  const std::string blitz = "[[mode]]\nid = \"blitz\"\nteam_sizes = [1]\nmax_wait_seconds = 3\n";
  Scene scene(duel_of(50) + blitz);
  const auto waits = scene.queue("blitz", 1'500);
  EXPECT_EQ(code_of(scene.world.send(request_of(scene.tenant, "arena", 1, {1'500}))), Code::unknown_mode);
  scene.file.replace(duel_of(50) + "[[mode]]\nid = \"arena\"\nteam_sizes = [1]\n");
  std::optional<TicketId> arena;
  EXPECT_TRUE(eventually([&] {
    const auto request = request_of(scene.tenant, "arena", 1, {1'500});
    if (!scene.world.send(request).ok()) return false;
    arena = request.ticket_id;
    return true;
  }));
  ASSERT_TRUE(arena.has_value());
  EXPECT_EQ(code_of(scene.world.send(request_of(scene.tenant, "blitz", 1, {1'500}))), Code::unknown_mode);
  const auto second = scene.queue("arena", 1'500);
  EXPECT_TRUE(eventually([&] { return scene.matched(second); }));
  EXPECT_TRUE(scene.matched(*arena));
  EXPECT_EQ(scene.instance->metric("mm_matchmaker_matches_total{mode=\"arena\"}"), 1);
  // A ticket of a mode that was removed is not matched, and times out.
  EXPECT_TRUE(eventually([&] { return scene.status(waits) == TicketStatus::timed_out; }));
}

}  // namespace
}  // namespace mm::matchmaker
