// Tells players and listeners what has happened, behind the back of the request that made it happen: frames through the
// Notifier and plain events, in the order they were handed in, from one thread. A slow or missing cache therefore costs
// frames, never requests. What waits is bounded; beyond it, news is dropped and counted: a client that misses a frame
// sees the gap and reads the whole state.
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
  /// How long the destructor goes on telling what waits.
  static constexpr Milliseconds kDrainTimeout{1'000};

  PartyNotifier(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter dropped);
  ~PartyNotifier();
  PartyNotifier(const PartyNotifier&) = delete;
  PartyNotifier& operator=(const PartyNotifier&) = delete;

  /// A frame with the same data to several players.
  template <class D>
  void notify(const Tenant& tenant, const std::vector<PlayerId>& players, const D& data) {
    Notification notification;
    notification.tenant = tenant;
    const auto text = wire::encode(data);
    for (const auto& player : players) notification.frames.push_back({player, D::kEvent, text});
    add(std::move(notification));
  }

  /// A plain event.
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
    std::string_view subject;  // of an event; empty: frames
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
  std::deque<Notification> queue_;  // protected by mutex_, like the next
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mm::lobby
