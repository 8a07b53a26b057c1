// The environment of the load test: its own nats-server, two Redis servers and matchmaker process, and a simulated
// session that confirms each match and cancels it at once, so that matches do not accumulate.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/async_requests.h"
#include "common/bus/bus.h"
#include "common/bus/consumer.h"
#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "common/contracts/queue_generation.h"
#include "common/contracts/session.h"
#include "common/testing/own_file.h"
#include "common/testing/servers.h"

namespace mm::load {

class Scene {
 public:
  /// Starts the matchmaker, whose executable is `program`, and waits until it answers.
  /// `record_dir`: folder for the recording of the matchmaker; empty: no recording.
  explicit Scene(const std::string& program, const std::string& record_dir = "");
  ~Scene();

  const std::string& nats_url() const { return nats_.url(); }
  bus::AsyncRequests& requests() { return *requests_; }
  /// Calls `found(body)` for each match.found event, on a NATS thread.
  void on_found(std::function<void(std::string_view)> found);
  std::uint64_t matches_confirmed() const { return confirmed_; }
  /// CPU seconds that the matchmaker has used.
  double matchmaker_seconds() const;
  /// Resident memory of the matchmaker, MiB.
  double matchmaker_memory() const;

 private:
  void await_matchmaker();
  bus::Ack confirm(const MatchFound& match);

  testing::OwnNats nats_;
  testing::OwnRedis queue_;
  testing::OwnRedis cache_;
  testing::OwnFolder folder_;
  pid_t matchmaker_ = 0;
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<bus::Bus> confirming_;
  std::unique_ptr<bus::AsyncRequests> requests_;
  std::unique_ptr<bus::Subscription> found_;
  Mutex mutex_;
  RecordedGeneration recorded_ GUARDED_BY(mutex_);
  std::unique_ptr<bus::Server> session_;
  std::atomic<std::uint64_t> confirmed_ = 0;
  std::unique_ptr<bus::Consumer> consumer_;  // last, so that it is destroyed first
};

}  // namespace mm::load
