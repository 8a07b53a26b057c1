// Sends frames to players (through bus::Notifier) and publishes plain events, from one thread and in the order of the
// calls. Requests do not wait for it, so a Redis "cache" that is slow or down costs frames, but delays no request. The
// queue is bounded. When it is full, notifications are dropped and counted; a client that misses a frame detects the
// gap in the sequence numbers and reads the whole state again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/bus/notifier.h"
#include "common/runtime/background_queue.h"
#include "services/lobby/metrics.h"

namespace mm::lobby {

class PartyNotifier {
 public:
  static constexpr std::size_t kMaxQueued = 20'000;

  PartyNotifier(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter dropped);

  /// Sends a frame with the same data to several players.
  template <class D>
  void notify(const Tenant& tenant, const std::vector<PlayerId>& players, const D& data) {
    Notification notification;
    notification.tenant = tenant;
    const auto text = wire::encode(data);
    for (const auto& player : players) notification.frames.push_back({player, D::kEvent, text});
    add(std::move(notification));
  }

  /// Publishes a plain event.
  template <class E>
  void publish(const E& event) {
    Notification notification;
    notification.subject = E::kSubject.text;
    notification.body = wire::encode(event);
    add(std::move(notification));
  }

 private:
  struct Notification {
    trace::Context trace;
    Tenant tenant;
    std::vector<bus::Notifier::Frame> frames;
    std::string_view subject;  // of an event; empty for frames
    std::string body;
  };

  void add(Notification notification);
  void send(const Notification& notification);

  bus::Bus& bus_;
  bus::Notifier& notifier_;
  metrics::Counter dropped_;
  runtime::BackgroundQueue<Notification> queue_;  // last member: its thread uses all others
};

}  // namespace mm::lobby
