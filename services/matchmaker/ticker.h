// The tick: one thread that owns the pools. Every interval it looks at the queue, expires what is overdue, plans and
// commits. While the queue does not answer it keeps what it knows and tries again; while NATS is away for longer than
// a second it owns nothing, because an owner that cannot tell anybody of its matches should not make any.
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
    Uuid address;  ///< where leases say that we are
    int plan_threads = 1;
    std::int64_t unconfirmed_most = 2'000;
  };
  Ticker(const Parts& parts, Milliseconds interval);
  /// Finishes the tick and hands the leases over.
  ~Ticker();

  /// A bucket was opened through this instance. Thread-safe.
  void look_for_buckets() { asked_ = true; }
  /// No match is formed now, because too many are unconfirmed. Thread-safe.
  bool holds_back() const { return decider_.holds_back(); }
  /// The last tick that reached the queue is not long ago. Thread-safe.
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
  std::thread thread_;  // last
};

}  // namespace mm::matchmaker
