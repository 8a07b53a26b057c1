// JetStreamWatch: whether JetStream stores what this daemon publishes. nats-server 2.9.10 with a full disk neither
// stores nor answers, while its own health check says ok, and it stays so until a restart even if there is room again.
//
// Every second the watch sends one small message that is stored (stream CANARY, which keeps one message per daemon) and
// one message to each stream of the daemon that is refused because of its header Nats-Expected-Last-Sequence. The first
// finds a full disk; the second finds a stream that no longer answers, without storing anything there. Three failures
// in a row mean that JetStream does not work; one answer means that it works again.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/bus.h"

namespace mm::bus {

/// Thread-safe.
class JetStreamWatch {
 public:
  static constexpr int kFailuresMost = 3;

  /// `daemon`: decides which subjects are watched (common/contracts/canary.h). The operator watches every stream.
  JetStreamWatch(Bus& bus, std::string_view daemon, metrics::Registry& metrics,
                 Milliseconds interval = Milliseconds{1'000});
  ~JetStreamWatch();
  JetStreamWatch(const JetStreamWatch&) = delete;
  JetStreamWatch& operator=(const JetStreamWatch&) = delete;

  /// Sends what is due. Must be called several times per interval. Does not wait for answers.
  void tick();

  /// Why JetStream does not work, or an empty text. A daemon that stores no events is never affected.
  std::string flaw() const;

  /// Whether each message has had the expected answer at least once.
  bool has_worked() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // owners: this, and the handlers of outstanding messages
  Bus& bus_;
  const Milliseconds interval_;
  SteadyPoint next_{};  // used by tick() only
};

}  // namespace mm::bus
