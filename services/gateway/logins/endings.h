// Ends WebSockets of a player on all gateways: on this gateway at once, without the bus; on the others by the event
// `gateway.bye`. An event that cannot be published is kept and published when the bus is available again. Thread-safe.
#pragma once

#include <deque>
#include <functional>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "common/contracts/events.h"
#include "services/gateway/logins/denials.h"

namespace mm::gateway {

/// The event that ends a login: its access tokens are refused and its sockets are closed.
CloseSockets login_ended(PlayerId player, LoginId login);

class Endings {
 public:
  using Handler = std::function<void(const CloseSockets&)>;

  Endings(bus::Bus& bus, Denials& denials) : bus_(bus), denials_(denials) {}

  /// `handler` dispatches an event to the loops that have sockets of the player. Must be set before any loop runs.
  void on_ending(Handler handler) { handler_ = std::move(handler); }

  /// Applies the event on this gateway and publishes it for the others.
  void end_everywhere(const CloseSockets& event);
  /// Applies the event on this gateway only. If it names a login, the login is denied from now on, also for new
  /// sockets.
  void end_here(const CloseSockets& event);
  /// Publishes kept events until the bus refuses one. To be called periodically.
  void publish_pending();

 private:
  // One event per login or socket that ended during an outage of the bus. Above the limit the oldest event is dropped;
  // other gateways then find the denial of an ended login in the cache.
  static constexpr std::size_t kMaxUnpublished = 10'000;
  static constexpr std::size_t kMaxPublishedAtOnce = 500;

  bus::Bus& bus_;
  Denials& denials_;
  Handler handler_;
  Mutex mutex_;
  std::deque<CloseSockets> unpublished_ GUARDED_BY(mutex_);
};

}  // namespace mm::gateway
