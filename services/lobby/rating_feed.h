// Keeps the rating read model (core/rating_view.h) complete: filled once from profile, page by page, and kept by
// match.rated, of which every instance sees every one. The consumer starts before the filling, so nothing falls
// between; newer is what counts more games, so order and repetition do not matter. A consumer that was made anew reads
// 15 minutes back: after a longer absence from NATS the ratings are read again.
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
    int number = 1;  ///< of this instance: each has a consumer of its own
  };

  explicit RatingFeed(const Parts& parts);

  void start() { consumer_.start(); }
  /// Reads every rating there is, however long profile takes to answer. False if `stop` came first.
  bool fill(const std::stop_token& stop);
  /// Until `stop`: fills again after a long absence.
  void watch(const std::stop_token& stop);

 private:
  Reply<std::optional<std::string>> fill_page(const std::optional<std::string>& cursor);
  bus::Ack on(const MatchRated& event);
  void measure();

  bus::Bus& bus_;
  RatingView& view_;
  Metrics& metrics_;
  const Clock& clock_;
  bus::Consumer consumer_;  // last: gone first
};

/// Waits, but not past `stop`.
void pause(const std::stop_token& stop, Milliseconds how_long);

}  // namespace mm::lobby
