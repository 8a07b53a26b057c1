// Ends WebSockets of a player on every gateway: on this one at once, without the bus; on the others by the event
// `gateway.bye`. An event that could not be published is kept and published when the bus is back. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "common/bus/bus.h"
#include "common/contracts/events.h"
#include "services/gateway/denials.h"

namespace mm::gateway {

class Endings {
 public:
  using Handler = std::function<void(const SocketsEnded&)>;

  Endings(bus::Bus& bus, Denials& denials) : bus_(bus), denials_(denials) {}

  /// `handler` passes an ending on to the loops that hold sockets of the player. Set before any loop runs.
  void on_ending(Handler handler) { handler_ = std::move(handler); }

  /// From this gateway, for all.
  void tell(const SocketsEnded& event);
  /// For this gateway. A login that ended is denied from now on, also to sockets that open later.
  void hear(const SocketsEnded& event);
  /// Publishes what is still unpublished, if the bus takes it.
  void retry();

 private:
  // Each is of a logout within an outage of the bus; the oldest is dropped, and denials in the cache remain.
  static constexpr std::size_t kUnpublishedMost = 10'000;
  static constexpr std::size_t kRetriesAtOnce = 500;

  bus::Bus& bus_;
  Denials& denials_;
  Handler handler_;
  std::mutex mutex_;
  std::deque<SocketsEnded> unpublished_;  // protected by mutex_
};

}  // namespace mm::gateway
