// Random histories drawn from a seed: an encoder records buckets whose tickets arrive, change, leave and are matched,
// in every possible way. Also temporary folders that are removed after the test.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "services/matchmaker/recording/event_encoder.h"
#include "services/matchmaker/recording/recorded_pool.h"
#include "services/matchmaker/recording/replay.h"

namespace mm::matchmaker::recording {

/// The pieces of one file.
using Pieces = std::vector<std::string>;

class History {
 public:
  explicit History(std::uint64_t seed);

  /// Runs `ticks` more ticks. With `files`, it also begins new files and leaves gaps.
  void run(int ticks, bool files = false);

  EventEncoder& encoder() { return encoder_; }
  /// The recorded pieces by file.
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
  void change_tickets(Bucket& bucket);
  void plan(Bucket& bucket);
  void leave(Bucket& bucket, TicketId id, LeaveReason why);

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

/// The result of replaying the pieces of one file. `failure` is empty if the replay succeeded.
struct Played {
  ReplayCounts counts;
  std::vector<Difference> differences;
  std::string failure;
};
Played play(const Pieces& pieces);

/// A temporary folder that is removed with the object.
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
