// Histories drawn from a seed: buckets whose tickets come, change, leave and are matched, in every way there is, with a
// tape running. And folders that are gone with the test.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "services/matchmaker/recording/replay.h"
#include "services/matchmaker/recording/event_encoder.h"
#include "services/matchmaker/recording/recorded_pool.h"

namespace mm::matchmaker::recording {

/// The pieces of one file.
using Pieces = std::vector<std::string>;

class History {
 public:
  explicit History(std::uint64_t seed);

  /// `files`: also begins new files on the way, and leaves gaps.
  void go_on(int ticks, bool files = false);

  EventEncoder& encoder() { return encoder_; }
  /// What has been taken down, by file.
  const std::vector<Pieces>& files() const { return files_; }
  std::uint64_t matches() const { return matches_; }
  std::uint64_t plans() const { return plans_; }

 private:
  struct Bucket {
    std::unique_ptr<RecordedPool> pool;
    std::map<TicketId, matching::PoolTicket> waiting;
  };
  bool one_in(unsigned n) { return random_() % n == 0; }
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() % 10'000) / 10'000;
  }
  ModeRules some_rules();
  matching::PoolTicket some_ticket(int team_size);
  void come_and_go(Bucket& bucket);
  void plan(Bucket& bucket);
  void leave(Bucket& bucket, TicketId id, Left why);

  std::mt19937_64 random_;
  std::vector<Pieces> files_;
  EventEncoder encoder_;
  std::vector<Bucket> buckets_;
  matching::Workspace workspace_;
  matching::BucketMs now_ = 1'800'000'000'000;
  std::int64_t change_ = 0;
  std::uint64_t serial_ = 0;
  std::uint64_t matches_ = 0;
  std::uint64_t plans_ = 0;
};

/// What a replay of one file's pieces says; its failure, if any, at the end.
struct Played {
  ReplayCounts counts;
  std::vector<Difference> differences;
  std::string failure;
};
Played play(const Pieces& pieces);

/// Gone with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mm::matchmaker::recording
