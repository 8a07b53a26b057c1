// Tests that the daemon records the input of its planner while tickets are enqueued, cancelled and matched: a replay of
// the recording gives the same matches.
#include <algorithm>
#include <filesystem>

#include "common/bus/async_requests.h"
#include "common/contracts/explain.h"
#include "common/testing/own_file.h"
#include "services/matchmaker/recording/replay.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;
namespace fs = std::filesystem;

std::vector<std::string> files_of(const testing::OwnFolder& folder, const std::string& instance) {
  std::vector<std::string> files;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(fs::path(folder.path()) / instance, missing)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Replays all files and adds their counts. Fails the test if a replay differs from the recording.
recording::ReplayCounts replayed(const std::vector<std::string>& files) {
  recording::ReplayCounts sum;
  for (const auto& file : files) {
    const auto replay = recording::replay_file(file);
    EXPECT_EQ(replay.failure, "") << file;
    EXPECT_FALSE(replay.unfinished) << file;
    for (const auto& difference : replay.differences) ADD_FAILURE() << difference.bucket << ": " << difference.what;
    sum.ticks += replay.counts.ticks;
    sum.puts += replay.counts.puts;
    sum.matches += replay.counts.matches;
    sum.buckets += replay.counts.buckets;
    sum.gaps += replay.counts.gaps;
    for (int why = 0; why < recording::kLeaveReasons; ++why) sum.left[why] += replay.counts.left[why];
  }
  return sum;
}

std::uint64_t left(const recording::ReplayCounts& counts, recording::LeaveReason why) {
  return counts.left[static_cast<std::size_t>(why)];
}

/// Enqueues tickets of every kind: alone and in parties, in several modes, some with latencies; some are cancelled.
/// Each ticket is explained as well, because an explanation must not change the plan.
class Crowd {
 public:
  explicit Crowd(World& world) : world_(world), tenant_(fresh_tenant()), requests_(*world.bus, world.metrics) {}

  void queue(int many) {
    for (int i = 0; i < many; ++i) {
      const double rating = 1'400 + 13 * (serial_ % 17);
      switch (serial_++ % 5) {
        case 0: enter("duel", 1, {rating}); break;
        case 1: enter("casual", 2, {rating, rating + 10}); break;
        case 2: enter("casual", 2, {rating}); break;
        case 3: enter("near", 1, {rating}, true); break;
        default: enter("ranked", 5, {rating}); break;
      }
    }
  }
  /// Cancels a ticket that the planner has seen. This is certain once two later tickets are matched.
  void cancel_one() {
    CancelTicket cancel;
    cancel.tenant = tenant_;
    cancel.ticket_id = enter("ranked", 3, {2'900.0 + serial_++});
    const double rating = 3'000.0 + 600 * (serial_ % 10);
    enter("duel", 1, {rating});
    const auto later = enter("duel", 1, {rating});
    EXPECT_TRUE(eventually([&] { return world_.published.match_of(later).has_value(); }));
    EXPECT_TRUE(world_.send(cancel).ok());
  }
  TicketId enter(const std::string& mode, int team_size, const std::vector<double>& ratings, bool latencies = false) {
    auto request = request_of(tenant_, mode, team_size, ratings);
    if (latencies) request.latencies = Latencies{{default_region(), 20}, {region_named("us-east"), 70}};
    EXPECT_TRUE(world_.send(request).ok());
    GetExplanation why;
    why.tenant = tenant_;
    why.ticket_id = *request.ticket_id;
    requests_.request(GetExplanation::kSubject.text, wire::encode(why), {}, {}, soon(), [](const auto&) {});
    return *request.ticket_id;
  }
  const Tenant& tenant() const { return tenant_; }

 private:
  World& world_;
  Tenant tenant_;
  int serial_ = 0;
  bus::AsyncRequests requests_;
};

TEST(Recordings, HoldWhatTheDaemonsPlannerWasGiven) {
  World world;
  const testing::OwnFolder folder;
  auto settings = world.settings();
  settings.record_dir = folder.path();
  auto instance = std::make_unique<Instance>(world.nats, settings, "matchmaker-1");
  Crowd crowd(world);
  for (int i = 0; i < 10; ++i) crowd.queue(15);
  for (int i = 0; i < 3; ++i) crowd.cancel_one();
  const auto late = crowd.enter("hasty", 1, {1'500});
  EXPECT_TRUE(eventually([&] { return world.published.times_closed(late) > 0; })) << "the late ticket times out";

  // A match is cancelled, and its tickets are queued again.
  const auto left_one = crowd.enter("duel", 1, {2'500});
  const auto right_one = crowd.enter("duel", 1, {2'500});
  ASSERT_TRUE(eventually([&] { return world.published.match_of(left_one).has_value(); }));
  MatchCancelled cancelled;
  cancelled.match_id = world.published.match_of(left_one)->match_id;
  cancelled.tenant = crowd.tenant();
  cancelled.requeue = {left_one, right_one};
  world.session.set_status(cancelled.match_id, MatchStatus::cancelled, cancelled.requeue);
  world.publish(cancelled);
  ASSERT_TRUE(eventually([&] {
    int times = 0;
    for (const auto& found : world.published.events<MatchFound>()) {
      for (const auto& team : found.teams) {
        times += static_cast<int>(std::count_if(team.players.begin(), team.players.end(),
                                                [&](const auto& player) { return player.ticket_id == left_one; }));
      }
    }
    return times >= 2;
  })) << "the two tickets are matched again";

  double matches = 0;
  EXPECT_TRUE(eventually([&] {
    matches = 0;
    for (const std::string mode : {"duel", "casual", "near", "ranked"}) {
      matches += instance->metric("mm_matchmaker_matches_total{mode=\"" + mode + "\"}");
    }
    return matches > 40;
  })) << matches;
  EXPECT_EQ(instance->metric("mm_matchmaker_recording"), 1);
  EXPECT_GT(instance->metric("mm_matchmaker_explain_copy_seconds_count"), 0);
  instance->stop();
  instance.reset();

  const auto files = files_of(folder, "matchmaker-1");
  ASSERT_EQ(files.size(), 1U);
  const auto counts = replayed(files);
  EXPECT_EQ(counts.gaps, 0U);
  EXPECT_GE(static_cast<double>(counts.matches), matches);
  EXPECT_GT(counts.puts, 155U);
  EXPECT_GT(counts.ticks, 50U);
  EXPECT_GE(left(counts, recording::LeaveReason::committed), 2 * 40U);
  EXPECT_EQ(left(counts, recording::LeaveReason::cancelled), 3U);
  EXPECT_EQ(left(counts, recording::LeaveReason::timed_out), 1U);
}

TEST(Recordings, GoOnInSmallFilesThatEachReplayAlone) {
  World world;
  const testing::OwnFolder folder;
  auto settings = world.settings();
  settings.record_dir = folder.path();
  settings.record_mb = 1;
  settings.record_limits.file_bytes = 8 * 1024;
  settings.record_limits.flush_every = Milliseconds{0};
  auto instance = std::make_unique<Instance>(world.nats, settings, "matchmaker-1");
  Crowd crowd(world);
  EXPECT_TRUE(eventually([&] {
    crowd.queue(40);
    return files_of(folder, "matchmaker-1").size() >= 4;
  }));
  instance->stop();
  instance.reset();
  const auto counts = replayed(files_of(folder, "matchmaker-1"));
  EXPECT_GT(counts.matches, 20U);
  EXPECT_GT(counts.buckets, 6U) << "each file begins with all buckets";
}

TEST(Recordings, ThatCannotBeWrittenChangeNothing) {
  World world;
  auto settings = world.settings();
  settings.record_dir = "/proc/nowhere";
  const Instance instance(world.nats, settings, "matchmaker-1");
  Crowd crowd(world);
  const auto one = crowd.enter("duel", 1, {1'500});
  const auto other = crowd.enter("duel", 1, {1'500});
  EXPECT_TRUE(eventually([&] { return world.published.match_of(one).has_value(); }));
  EXPECT_TRUE(world.published.match_of(other).has_value());
  EXPECT_EQ(instance.metric("mm_matchmaker_recording"), 0);
}

}  // namespace
}  // namespace mm::matchmaker
