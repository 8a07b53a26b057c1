#include "services/matchmaker/matching/explain/explain.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/matching/explain/counterfactual.h"
#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/teams/team_filler.h"

namespace mm::matching {
namespace {

double seconds(BucketMs ms) { return static_cast<double>(ms) / 1000; }

/// A ticket of the neighbourhood with its present window and the time at which the region opens to it.
struct Stand {
  const PoolTicket* ticket;
  Rating rating;
  Rating window;
  int size;
  std::optional<BucketMs> opens_at;
};

/// Compares the subject with its neighbours.
class Comparison {
 public:
  explicit Comparison(const Neighbourhood& around)
      : around_(around), format_(around.rules, around.team_size), fill_(around.rules.teams, around.team_size) {
    for (const Neighbour& neighbour : around.tickets) {
      const BucketMs waited = around.now - neighbour.ticket.queued_at;
      stands_.push_back({&neighbour.ticket, neighbour.rating, format_.window.at(waited),
                         static_cast<int>(neighbour.ticket.players.size()), neighbour.opens_at});
      if (neighbour.ticket.id == around.subject) subject_ = stands_.size() - 1;
    }
  }

  const Stand& subject() const { return stands_[subject_]; }

  std::vector<NearTicket> nearest() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < stands_.size(); ++i) {
      if (i != subject_) order.push_back(i);
    }
    const auto nearer = [&](std::size_t a, std::size_t b) {
      const Rating gap_a = gap(stands_[a]), gap_b = gap(stands_[b]);
      return gap_a != gap_b ? gap_a < gap_b : stands_[a].ticket->queued_at < stands_[b].ticket->queued_at;
    };
    const std::size_t limit = std::min(kMaxNearest, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(limit), order.end(), nearer);
    std::vector<NearTicket> nearest;
    for (std::size_t i = 0; i < limit; ++i) nearest.push_back(compare(stands_[order[i]]));
    return nearest;
  }

 private:
  Rating gap(const Stand& other) const { return std::abs(other.rating - subject().rating); }

  NearTicket compare(const Stand& other) {
    NearTicket near;
    near.rating = points(other.rating);
    near.players = other.size;
    near.waited_ms = std::max<BucketMs>(0, around_.now - other.ticket->queued_at);
    if (format_.use_rating) {
      near.rating_window = points(other.window);
      check(near, PairRule::your_window, points(gap(other)), points(subject().window));
      check(near, PairRule::their_window, points(gap(other)), points(other.window));
    }
    check_region(near, other);
    check_players(near, other);
    near.accept_in_seconds = accept_in(other);
    return near;
  }

  static void check(NearTicket& near, PairRule rule, double value, double limit) {
    near.checks.push_back({rule, value, limit, limit - value});
  }
  static void check_least(NearTicket& near, PairRule rule, double value, double limit) {
    near.checks.push_back({rule, value, limit, value - limit});
  }

  void check_region(NearTicket& near, const Stand& other) const {
    if (!subject().ticket->latencies && !other.ticket->latencies) return;
    if (!subject().opens_at || !other.opens_at) {
      near.checks.push_back({PairRule::region, std::nullopt, 0, std::nullopt});
      return;
    }
    const BucketMs opens = std::max(*subject().opens_at, *other.opens_at);
    check(near, PairRule::region, seconds(std::max<BucketMs>(0, opens - around_.now)), 0);
  }

  // Counts the tickets that could be in one match with both tickets.
  void check_players(NearTicket& near, const Stand& other) {
    SizeCounts counts(static_cast<std::size_t>(around_.team_size) + 1), chosen;
    int players = 0;
    for (const Stand& third : stands_) {
      const bool one_of_them = &third == &subject() || &third == &other;
      if (!one_of_them && !(meets(third, subject()) && meets(third, other))) continue;
      players += third.size;
      ++counts[static_cast<std::size_t>(third.size)];
    }
    check_least(near, PairRule::players, players, format_.players);
    if (players < format_.players) return;
    const bool fills = fill_.choose(counts, subject().size, chosen) && fill_.choose(counts, other.size, chosen);
    check_least(near, PairRule::sizes, fills ? 1 : 0, 1);
  }

  bool meets(const Stand& a, const Stand& b) const {
    return is_open(a) && accept_each_other(a.rating, a.window, b.rating, b.window);
  }
  bool is_open(const Stand& stand) const { return stand.opens_at && *stand.opens_at <= around_.now; }

  std::optional<double> accept_in(const Stand& other) const {
    if (!subject().opens_at || !other.opens_at) return std::nullopt;
    const BucketMs after = format_.window.reaches(gap(other));
    if (after == Window::kNever) return std::nullopt;
    const auto& mine = *subject().ticket;
    const auto& theirs = *other.ticket;
    const BucketMs at =
        std::max({mine.queued_at + after, theirs.queued_at + after, *subject().opens_at, *other.opens_at, around_.now});
    if (at >= std::min(mine.deadline, theirs.deadline)) return std::nullopt;
    return seconds(at - around_.now);
  }

  const Neighbourhood& around_;
  Format format_;
  TeamFiller fill_;
  std::vector<Stand> stands_;
  std::size_t subject_ = 0;
};

WaitRule rule_of(BlockingRule rule) {
  switch (rule) {
    case BlockingRule::window: return WaitRule::window;
    case BlockingRule::players: return WaitRule::players;
    case BlockingRule::latency: return WaitRule::latency;
    case BlockingRule::outbid: return WaitRule::outbid;
  }
  return WaitRule::players;
}

WaitOutcome outcome_of(ForecastResult::Kind kind) {
  switch (kind) {
    case ForecastResult::Kind::matched: return WaitOutcome::matched;
    case ForecastResult::Kind::times_out: return WaitOutcome::times_out;
    case ForecastResult::Kind::unknown: break;
  }
  return WaitOutcome::unknown;
}

Forecast forecast_of(const ForecastResult& result, const Neighbourhood& around, BucketMs queued_at) {
  Forecast forecast;
  forecast.outcome = outcome_of(result.kind);
  forecast.in_seconds = seconds(result.at - around.now);
  forecast.at_waited_ms = std::max<BucketMs>(0, result.at - queued_at);
  if (result.kind == ForecastResult::Kind::matched) {
    forecast.quality = result.quality;
    forecast.spread = result.spread;
  }
  return forecast;
}

void add_counterfactuals(const Neighbourhood& around, BucketMs at, bool matched_anyway, Explanation& explanation) {
  if (const auto window = window_for_match(around, at)) explanation.matched_now_with_window = points(*window);
  if (matched_anyway) return;
  if (const auto arrivals = newcomers_for_match(around, at)) {
    explanation.matched_now_with =
        Newcomers{arrivals->parties, arrivals->party_size, arrivals->rating, points(arrivals->within)};
  }
}

}  // namespace

Explanation explain(const Neighbourhood& around, const TickTimes& ticks) {
  Comparison comparison(around);
  const Stand& subject = comparison.subject();
  Explanation explanation;
  explanation.ticket_id = around.subject;
  explanation.mode = around.rules.id;
  explanation.region = around.region;
  explanation.team_size = around.team_size;
  explanation.waited_ms = std::max<BucketMs>(0, around.now - subject.ticket->queued_at);
  explanation.rating = points(subject.rating);
  if (around.rules.use_rating) explanation.rating_window = points(subject.window);
  explanation.tickets_waiting = static_cast<std::int64_t>(around.pool_tickets);
  explanation.players_waiting = static_cast<std::int64_t>(around.pool_players);
  explanation.nearest = comparison.nearest();
  const ForecastResult forecast = make_forecast(around, ticks);
  explanation.forecast = forecast_of(forecast, around, subject.ticket->queued_at);
  const bool matched = forecast.kind == ForecastResult::Kind::matched;
  if (matched && forecast.at == ticks.first) {
    explanation.rule = WaitRule::next_tick;
  } else {
    explanation.rule = rule_of(around.why.rule);
    if (std::isfinite(around.why.by)) explanation.by = static_cast<double>(around.why.by);
    add_counterfactuals(around, ticks.first, matched, explanation);
  }
  explanation.summary = in_words(explanation);
  return explanation;
}

}  // namespace mm::matching
