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

class Teller {
 public:
  static constexpr std::size_t kWaitingMax = 20'000;
  /// How long the destructor goes on telling what waits.
  static constexpr Milliseconds kLastWords{1'000};

  Teller(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter untold);
  ~Teller();
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  /// A frame with the same data to several players.
  template <class D>
  void tell(const Tenant& tenant, const std::vector<PlayerId>& players, const D& data) {
    News news;
    news.tenant = tenant;
    const auto text = wire::encode(data);
    for (const auto& player : players) news.frames.push_back({player, D::kEvent, text});
    add(std::move(news));
  }

  /// A plain event.
  template <class E>
  void announce(const E& event) {
    News news;
    news.subject = E::kSubject.text;
    news.body = wire::encode(event);
    add(std::move(news));
  }

 private:
  struct News {
    trace::Context trace;
    Tenant tenant;
    std::vector<bus::Notifier::Frame> frames;
    std::string_view subject;  // of an event; empty: frames
    std::string body;
  };

  void add(News news);
  void run();
  void pass_on(const News& news);

  bus::Bus& bus_;
  bus::Notifier& notifier_;
  metrics::Counter untold_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<News> waiting_;  // protected by mutex_, like the next
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mm::lobby
