// The tick loop: one thread that owns the pools. Every interval it reads the queue, expires overdue tickets, plans and
// commits. While the queue does not answer it keeps its state and retries. If NATS is gone for longer than a second it
// hands all partitions over, because an owner that cannot publish matches should not commit any.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "common/bus/bus.h"
#include "services/matchmaker/decider.h"
#include "services/matchmaker/depth_report.h"
#include "services/matchmaker/explain_box.h"
#include "services/matchmaker/housekeeping.h"
#include "services/matchmaker/queue_reader.h"
#include "services/matchmaker/recorder.h"

namespace mm::matchmaker {

class Ticker {
 public:
  struct Parts {
    TickStore& store;
    const runtime::LiveModes& modes;
    Publisher& publisher;
    WaitBoard& waits;
    Housekeeping& housekeeping;
    bus::Bus& bus;
    const Clock& clock;
    Metrics& metrics;
    std::string instance;
    Recorder& recorder;
    ExplainBox& explains;
    Uuid address;  ///< of this instance, written into its leases
    int plan_threads = 1;
    std::int64_t unconfirmed_most = 2'000;
  };
  Ticker(const Parts& parts, Milliseconds interval);
  /// Finishes the current tick and releases the leases.
  ~Ticker();

  /// Call when a bucket was opened through this instance. Thread-safe.
  void look_for_buckets() { asked_ = true; }
  /// Whether commits are held back because too many matches are unconfirmed. Thread-safe.
  bool holds_back() const { return decider_.holds_back(); }
  /// Whether a tick reached the queue recently. Thread-safe.
  bool ticking() const;

 private:
  void run();
  void tick(SteadyPoint started, SteadyPoint next);
  bool bus_present();
  void tell_housekeeping();
  void every_second();

  Parts parts_;
  const Milliseconds interval_;
  QueueReader reader_;
  Decider decider_;
  DepthReport report_;
  std::optional<SteadyPoint> bus_gone_since_;
  SteadyPoint reported_at_{};
  std::atomic<bool> asked_ = true;
  std::atomic<bool> stopping_ = false;
  std::atomic<SteadyPoint::rep> ticked_at_ = 0;
  std::thread thread_;  // last member, so that all others exist when the thread starts
};

}  // namespace mm::matchmaker
