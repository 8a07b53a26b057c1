// What a consumer needs for events that it gives up: DeadLetterSender has them stored by leaderboard, and RetryRequests
// receives the events that an operator wants handled again. Both are used by the pulling thread of a consumer only.
// Internal to this folder.
#pragma once

#include <functional>
#include <string>

#include "common/bus/endpoint.h"
#include "common/bus/pulled_event.h"
#include "common/contracts/dead_letter.h"

namespace mm::bus {

class DeadLetterSender {
 public:
  DeadLetterSender(Bus& bus, Stream stream, std::string consumer, metrics::Registry& metrics);

  /// True once leaderboard has stored the event. Otherwise the event must be delivered again. After a failure, all
  /// calls fail immediately for a while (0.2 s, doubling to 5 s), so that an event that cannot be stored delays the
  /// others by at most kTimeout per 5 s.
  bool store(const PulledEvent& event, const std::string& reason);

 private:
  static constexpr Milliseconds kTimeout{1'000};
  static constexpr Milliseconds kFirstPause{200};
  static constexpr Milliseconds kMaxPause{5'000};

  Bus& bus_;
  const Stream stream_;
  const std::string consumer_;
  metrics::Counter stored_;
  metrics::Counter failures_;
  Milliseconds pause_{0};
  Deadline retry_at_ = Deadline::at({});
};

class RetryRequests {
 public:
  using Handler = std::function<Reply<Empty>(const DeadEvent& event, std::string_view body)>;

  /// Subscribes. Instances of a consumer share the requests.
  RetryRequests(Bus& bus, Stream stream, const std::string& consumer, metrics::Registry& metrics);
  ~RetryRequests();
  RetryRequests(const RetryRequests&) = delete;
  RetryRequests& operator=(const RetryRequests&) = delete;

  /// Answers the requests that have arrived. Does not wait for others.
  void serve(const Handler& handle);

 private:
  /// Limit of waiting requests; further ones are dropped, and their senders time out.
  static constexpr int kMaxWaiting = 64;

  Endpoint endpoint_;
  natsSubscription* subscription_ = nullptr;  // null: the connection was closed
};

}  // namespace mm::bus
