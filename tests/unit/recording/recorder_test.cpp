// Tests of the recorder in the daemon: the size of files and of all files together, gaps where the writer falls behind,
// and a full disk.
#include "services/matchmaker/owner/recorder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "common/testing/wait.h"
#include "services/matchmaker/recording/file_reader.h"
#include "tests/unit/recording/history.h"

namespace mm::matchmaker {
namespace {

using recording::Folder;
using recording::RecordedPool;
using testing::eventually;

class Recording : public ::testing::Test {
 protected:
  Recorder::Options options() const {
    Recorder::Options options;
    options.folder = folder_.path();
    options.instance = "matchmaker/1";
    options.flush_every = Milliseconds{0};
    return options;
  }

  /// One tick in which `pairs` pairs of tickets arrive and are matched. Their random ids cannot be compressed.
  void tick(Recorder& recorder, RecordedPool& pool, int pairs = 50) {
    now_ += 100;
    recorder.tick();
    for (int i = 0; i < 2 * pairs; ++i) {
      matching::PoolTicket ticket;
      ticket.id = TicketId::fresh(SystemClock{}.now());
      ticket.change = ++change_;
      ticket.players = {{PlayerId::fresh(SystemClock{}.now()), 1500, 60}};
      ticket.queued_at = now_;
      ticket.deadline = now_ + 60'000;
      pool.upsert(ticket);
    }
    pool.before_plan();
    const auto plan = pool.plan(now_, workspace_);
    pool.after_plan(now_, plan);
    matches_ += plan.matches.size();
    std::vector<TicketId> matched;
    for (const auto& seat : plan.seats) matched.push_back(pool.pool().id(seat.slot));
    for (const auto& id : matched) pool.erase(id, recording::LeaveReason::committed);
  }

  std::unique_ptr<RecordedPool> pool_on(Recorder& recorder) const {
    ModeRules rules;
    rules.id = ranked_mode();
    return std::make_unique<RecordedPool>("t:ranked:eu-west:1", RecordedPool::Setup{rules, 1, default_region(), true},
                                          recorder.encoder());
  }

  std::vector<std::string> files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  std::uint64_t bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& file : files()) bytes += std::filesystem::file_size(file);
    return bytes;
  }
  double metric(const std::string& name) const {
    const auto text = "\n" + registry_.expose();
    const auto found = text.find("\n" + name + " ");
    return found == std::string::npos ? -1 : std::stod(text.substr(found + name.size() + 2));
  }

  Folder folder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_, ModeTable()};
  testing::ManualClock clock_;
  matching::Workspace workspace_;
  matching::BucketMs now_ = 1'800'000'000'000;
  std::int64_t change_ = 0;
  std::uint64_t matches_ = 0;
};

TEST_F(Recording, IsOffWithoutAFolder) {
  auto off = options();
  off.folder.clear();
  Recorder recorder(off, clock_, metrics_);
  EXPECT_EQ(recorder.encoder(), nullptr);
  recorder.tick();
  EXPECT_EQ(metric("mm_matchmaker_recording"), 0);
}

TEST_F(Recording, IsCompleteWhenTheRecorderIsDestroyed) {
  {
    Recorder recorder(options(), clock_, metrics_);
    const auto pool = pool_on(recorder);
    for (int i = 0; i < 20; ++i) tick(recorder, *pool);
    EXPECT_TRUE(eventually([&] { return metric("mm_matchmaker_recording") == 1; }));
  }
  ASSERT_EQ(files().size(), 1U);
  EXPECT_NE(files()[0].find("/matchmaker_1/20260101T000000000Z-0001.mmrec"), std::string::npos) << files()[0];
  EXPECT_EQ(recording::FileReader::open(files()[0])->head().part, 1);
  const auto replay = recording::replay_file(files()[0]);
  EXPECT_EQ(replay.failure, "");
  EXPECT_FALSE(replay.unfinished);
  EXPECT_EQ(replay.counts.differences, 0U);
  EXPECT_EQ(replay.counts.matches, matches_);
  EXPECT_EQ(replay.counts.matches, 1'000U);
}

TEST_F(Recording, BeginsNewFilesAndKeepsTheLatestWithinTheSizeLimit) {
  auto small = options();
  small.file_bytes = 32 * 1024;
  small.bytes = 200 * 1024;
  {
    Recorder recorder(small, clock_, metrics_);
    const auto pool = pool_on(recorder);
    for (int i = 0; i < 400; ++i) {
      clock_.advance(Milliseconds{100});
      const auto written = metric("mm_matchmaker_recorded_bytes_total");
      tick(recorder, *pool, 20);
      EXPECT_TRUE(eventually([&] {
        recorder.tick();
        return metric("mm_matchmaker_recorded_bytes_total") > written;
      }));
    }
  }
  const auto kept = files();
  EXPECT_GE(kept.size(), 3U);
  EXPECT_LE(bytes(), small.bytes);
  EXPECT_EQ(kept.front().find("-0001.mmrec"), std::string::npos) << "the oldest file was removed";
  for (const auto& file : kept) {
    const auto replay = recording::replay_file(file);
    EXPECT_EQ(replay.failure, "");
    EXPECT_FALSE(replay.unfinished) << file;
    EXPECT_EQ(replay.counts.differences, 0U) << file;
    EXPECT_GT(replay.counts.matches, 0U) << file;
  }
}

TEST_F(Recording, LeavesAGapWhereTheWriterFallsBehindAndContinuesAfterIt) {
  auto narrow = options();
  narrow.max_queued_bytes = 20 * 1024;  // enough for a tick of 50 pairs, but not for one of 5,000
  {
    Recorder recorder(narrow, clock_, metrics_);
    const auto pool = pool_on(recorder);
    const auto written = [&] { return metric("mm_matchmaker_recorded_bytes_total"); };
    tick(recorder, *pool, 1);
    tick(recorder, *pool, 1);
    EXPECT_TRUE(eventually([&] { return written() > 0; }));
    tick(recorder, *pool, 5'000);
    tick(recorder, *pool, 1);
    EXPECT_EQ(metric("mm_matchmaker_recording_gaps_total"), 1);
    tick(recorder, *pool, 1);  // this tick is in the gap
    const auto before = written();
    EXPECT_TRUE(eventually([&] {
      clock_.advance(Milliseconds{500});
      tick(recorder, *pool, 1);
      return written() > before;
    }));
    EXPECT_EQ(metric("mm_matchmaker_recording_gaps_total"), 1);
  }
  ASSERT_EQ(files().size(), 1U);
  const auto replay = recording::replay_file(files()[0]);
  EXPECT_EQ(replay.failure, "");
  EXPECT_EQ(replay.counts.gaps, 1U);
  EXPECT_EQ(replay.counts.differences, 0U);
  EXPECT_LT(replay.counts.matches, matches_);
  EXPECT_EQ(replay.counts.buckets, 2U) << "the bucket is begun again after the gap";
}

/// Limits the size of the files that this process writes, to simulate a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : ignored_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, ignored_);
  }

 private:
  void (*ignored_)(int);
  rlimit before_{};
};

TEST_F(Recording, StopsWithoutHarmWhenTheDiskIsFull) {
  {
    const FileSizeLimit limit(40 * 1024);
    Recorder recorder(options(), clock_, metrics_);
    const auto pool = pool_on(recorder);
    int ticks = 0;
    EXPECT_TRUE(eventually([&] {
      tick(recorder, *pool);
      ++ticks;
      return recorder.encoder() != nullptr && !recorder.encoder()->running();
    }));
    EXPECT_EQ(metric("mm_matchmaker_recording"), 0);
    const auto matches = matches_;
    tick(recorder, *pool);
    EXPECT_EQ(matches_, matches + 50) << "planning continues";
  }
  ASSERT_EQ(files().size(), 1U);
  const auto replay = recording::replay_file(files()[0]);
  EXPECT_EQ(replay.failure, "") << "the file ends with its last complete block";
  EXPECT_TRUE(replay.unfinished);
  EXPECT_GT(replay.counts.matches, 0U);
  EXPECT_EQ(replay.counts.differences, 0U);
}

TEST_F(Recording, StopsWhenItsFolderCannotBeCreated) {
  std::ofstream(folder_.path("taken")) << "a file";
  auto nowhere = options();
  nowhere.folder = folder_.path("taken");
  Recorder recorder(nowhere, clock_, metrics_);
  const auto pool = pool_on(recorder);
  EXPECT_TRUE(eventually([&] {
    tick(recorder, *pool);
    return !recorder.encoder()->running();
  }));
  tick(recorder, *pool);
  EXPECT_GT(matches_, 0U);
}

}  // namespace
}  // namespace mm::matchmaker
