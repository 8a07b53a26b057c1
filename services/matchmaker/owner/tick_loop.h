// The tick loop: one thread that owns the pools. Every interval it reads the queue, expires overdue tickets, plans and
// commits. While the queue does not answer it keeps its state and retries. If NATS is gone for longer than a second it
// hands all partitions over, because an owner that cannot publish matches should not commit any.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "common/bus/bus.h"
#include "services/matchmaker/after_commit/owned_tenants.h"
#include "services/matchmaker/owner/depth_report.h"
#include "services/matchmaker/owner/match_committer.h"
#include "services/matchmaker/owner/partition_owner.h"
#include "services/matchmaker/owner/recorder.h"
#include "services/matchmaker/owner/snapshot_requests.h"

namespace mm::matchmaker {

class TickLoop {
 public:
  struct Parts {
    OwnerStore& store;
    QueueVerifier& verifier;
    const runtime::LiveModes& modes;
    MatchPublisher& publisher;
    WaitEstimator& waits;
    OwnedTenants& owned_tenants;
    bus::Bus& bus;
    const Clock& clock;
    Metrics& metrics;
    std::string instance;
    Recorder& recorder;
    SnapshotRequests& snapshot_requests;
    Uuid address;  ///< of this instance, written into its leases
    int plan_threads = 1;
    std::int64_t max_unconfirmed = 2'000;
  };
  TickLoop(const Parts& parts, Milliseconds interval);
  /// Finishes the current tick and releases the leases.
  ~TickLoop();

  /// Call when a bucket was opened through this instance. Thread-safe.
  void bucket_opened() { bucket_opened_ = true; }
  /// Whether commits are held back because too many matches are unconfirmed. Thread-safe.
  bool holds_back() const { return committer_.holds_back(); }
  /// Whether a tick reached the queue recently. Thread-safe.
  bool ticking() const;

 private:
  void run();
  void tick(SteadyPoint started, SteadyPoint next);
  bool bus_present();
  void update_owned_tenants();
  void report_depths();

  Parts parts_;
  const Milliseconds interval_;
  PartitionOwner owner_;
  MatchCommitter committer_;
  DepthReport depth_report_;
  std::optional<SteadyPoint> bus_gone_since_;
  SteadyPoint reported_at_{};
  std::atomic<bool> bucket_opened_ = true;
  std::atomic<bool> stopping_ = false;
  std::atomic<SteadyPoint::rep> ticked_at_ = 0;
  std::thread thread_;  // last member, so that all others exist when the thread starts
};

}  // namespace mm::matchmaker
