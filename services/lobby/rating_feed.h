// Keeps the rating read model (core/rating_view.h) complete: reads all ratings from profile once, page by page, and
// then applies match.rated; every instance gets every event. The consumer starts before the first page is read, so no
// rating is missed. A row with more games replaces one with fewer, so order and repetition do not matter. A consumer
// that is created anew starts 15 minutes back, so after a longer disconnection from NATS all ratings are read again.
#pragma once

#include <stop_token>

#include "common/bus/consumer.h"
#include "common/contracts/events.h"
#include "services/lobby/core/rating_view.h"
#include "services/lobby/metrics.h"

namespace mm::lobby {

class RatingFeed {
 public:
  static constexpr int kPageSize = 1000;
  static constexpr Milliseconds kMaxDisconnection{10 * 60 * 1000};

  struct Parts {
    bus::Bus& bus;
    RatingView& view;
    Metrics& metrics;
    const Clock& clock;
    metrics::Registry& registry;
    int number = 1;  ///< of this instance, which has a consumer of its own
  };

  explicit RatingFeed(const Parts& parts);

  void start() { consumer_.start(); }
  /// Reads all ratings; waits for profile as long as necessary. False if stopped before the end.
  bool fill(const std::stop_token& stop);
  /// Reads all ratings again after each long disconnection, until stopped.
  void watch(const std::stop_token& stop);

 private:
  Reply<std::optional<std::string>> fill_page(const std::optional<std::string>& cursor);
  bus::Ack on(const MatchRated& event);
  void measure();

  bus::Bus& bus_;
  RatingView& view_;
  Metrics& metrics_;
  const Clock& clock_;
  bus::Consumer consumer_;  // last, so that its callbacks end first
};

/// Returns after `how_long` or when stopped.
void pause(const std::stop_token& stop, Milliseconds how_long);

}  // namespace mm::lobby
