// Sends frames to players (through bus::Notifier) and publishes plain events, from one thread and in the order of the
// calls. Requests do not wait for it, so a Redis "cache" that is slow or down costs frames, but delays no request. The
// queue is bounded. When it is full, notifications are dropped and counted; a client that misses a frame detects the
// gap in the sequence numbers and reads the whole state again.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/bus/notifier.h"
#include "services/lobby/metrics.h"

namespace mm::lobby {

class PartyNotifier {
 public:
  static constexpr std::size_t kMaxQueued = 20'000;
  /// How long the destructor sends what is still in the queue.
  static constexpr Milliseconds kDrainTimeout{1'000};

  PartyNotifier(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter dropped);
  ~PartyNotifier();
  PartyNotifier(const PartyNotifier&) = delete;
  PartyNotifier& operator=(const PartyNotifier&) = delete;

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
  void run();
  void send(const Notification& notification);

  bus::Bus& bus_;
  bus::Notifier& notifier_;
  metrics::Counter dropped_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Notification> queue_;  // guarded by mutex_, like stopping_
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mm::lobby
