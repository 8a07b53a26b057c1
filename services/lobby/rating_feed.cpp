#include "services/lobby/rating_feed.h"

#include <condition_variable>
#include <mutex>

#include "common/contracts/bus_rights.h"
#include "common/runtime/log.h"

namespace mm::lobby {
namespace {

constexpr Milliseconds kPageTimeout{2'000};
constexpr Milliseconds kRetryDelay{500};
constexpr Milliseconds kPollInterval{500};

/// A deviation without a time comes from an older version of profile and does not grow.
template <class Row>
double growth_of(const Row& row) {
  return row.deviation_at ? row.deviation_growth : 0;
}

}  // namespace

RatingFeed::RatingFeed(const Parts& parts)
    : bus_(parts.bus),
      view_(parts.view),
      metrics_(parts.metrics),
      clock_(parts.clock),
      consumer_(parts.bus, streams::kMatch, {.name = rights::instance_consumer("lobby-ratings", parts.number)},
                parts.registry) {
  consumer_.on<MatchRated>([this](const MatchRated& event, const bus::EventInfo&) { return on(event); });
}

bool RatingFeed::fill(const std::stop_token& stop) {
  std::optional<std::string> cursor;
  bool logged = false;
  while (!stop.stop_requested()) {
    auto next = fill_page(cursor);
    if (!next) {
      if (!logged) log::warning("ratings_not_yet_read", {{"reason", info(next.error().code).name}});
      logged = true;
      pause(stop, kRetryDelay);
      continue;
    }
    if (!*next) {
      measure();
      log::info("ratings_read", {{"rows", view_.size()}, {"bytes", view_.bytes()}});
      return true;
    }
    cursor = std::move(**next);
  }
  return false;
}

void RatingFeed::watch(const std::stop_token& stop) {
  auto last_there = clock_.steady();
  for (; !stop.stop_requested(); pause(stop, kPollInterval)) {
    if (!bus_.connected()) continue;
    if (clock_.steady() - last_there > kMaxDisconnection && !fill(stop)) return;
    last_there = clock_.steady();
  }
}

/// Returns the cursor of the next page; none after the last page.
Reply<std::optional<std::string>> RatingFeed::fill_page(const std::optional<std::string>& cursor) {
  GetRatings request;
  request.limit = kPageSize;
  request.cursor = cursor;
  auto page = bus_.request(request, Caller{}, Deadline::after(kPageTimeout));
  if (!page) return fail(std::move(page).error());
  for (const auto& rating : page->ratings) {
    view_.apply(
        rating.player_id, rating.mode,
        {rating.mmr, rating.deviation, rating.games, rating.deviation_at.value_or(TimePoint{}), growth_of(rating)});
  }
  return std::move(page->next_cursor);
}

/// Idempotent by the number of games.
bus::Ack RatingFeed::on(const MatchRated& event) {
  for (const auto& team : event.teams) {
    for (const auto& player : team) {
      view_.apply(player.player_id, event.mode,
                  {player.mmr_after, player.deviation, player.games, player.deviation_at.value_or(TimePoint{}),
                   growth_of(player)});
    }
  }
  measure();
  return bus::Ack::done;
}

void RatingFeed::measure() {
  metrics_.rating_rows.set(static_cast<double>(view_.size()));
  metrics_.rating_bytes.set(static_cast<double>(view_.bytes()));
}

void pause(const std::stop_token& stop, Milliseconds how_long) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, how_long, [] { return false; });
}

}  // namespace mm::lobby
