// What the load needs around it: a nats-server, two Redis and the matchmaker as a process, all of the tool's own; and
// somebody who confirms matches as a session would (cancelled at once, so that nothing piles up).
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/bus/async_requests.h"
#include "common/bus/bus.h"
#include "common/bus/consumer.h"
#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "common/contracts/session.h"
#include "common/testing/servers.h"

namespace mm::load {

class Scene {
 public:
  /// `program`: the matchmaker. Waits until it answers.
  /// `record_dir`: where the matchmaker records what its planner is given; empty: nowhere.
  explicit Scene(const std::string& program, const std::string& record_dir = "");
  ~Scene();

  const std::string& nats_url() const { return nats_.url(); }
  bus::AsyncRequests& requests() { return *requests_; }
  /// `found(body)` for each match.found, on a NATS thread.
  void on_found(std::function<void(std::string_view)> found);
  std::uint64_t matches_confirmed() const { return confirmed_; }
  /// CPU seconds of the matchmaker so far.
  double matchmaker_seconds() const;
  /// Resident memory of the matchmaker, MiB.
  double matchmaker_memory() const;

 private:
  void await_matchmaker();
  bus::Ack confirm(const MatchFound& match);

  testing::OwnNats nats_;
  testing::OwnRedis queue_;
  testing::OwnRedis cache_;
  std::string folder_;
  pid_t matchmaker_ = 0;
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<bus::Bus> confirming_;
  std::unique_ptr<bus::AsyncRequests> requests_;
  std::unique_ptr<bus::Subscription> found_;
  std::unique_ptr<bus::Server> session_;
  std::atomic<std::uint64_t> confirmed_ = 0;
  std::unique_ptr<bus::Consumer> consumer_;  // last
};

}  // namespace mm::load
