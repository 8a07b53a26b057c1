// I25: rate limits. A request was counted at some time between its begin and its answer, so a window is charged only
// with requests that lie in it as a whole.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

constexpr double kMinuteUs = 60e6;

bool is_read(Op op) {
  return op == Op::ticket || op == Op::party_get || op == Op::match || op == Op::me || op == Op::history ||
         op == Op::active;
}

bool is_write(Op op) {
  switch (op) {
    case Op::enqueue:
    case Op::cancel:
    case Op::party_create:
    case Op::party_invite:
    case Op::party_join:
    case Op::party_leave:
    case Op::party_kick:
    case Op::party_promote:
    case Op::party_ready: return true;
    default: return false;
  }
}

/// Each fault may restart a limiter, whose bucket is then full again.
std::int64_t restarts_until(const Run& run, std::int64_t wall_ms) {
  std::int64_t restarts = 0;
  for (const auto& fault : run.timeline.faults()) restarts += fault.begin_ms <= wall_ms ? 1 : 0;
  return restarts;
}

/// For calls i to j in order of begin, all of which lie between the begin of i and the latest end so far, the bucket
/// allows `burst` and what flows in. The worst i for each j is that with the least `i - rate * begin`, a running
/// minimum.
void check_player(const Run& run, Symbol player, const std::vector<const Call*>& calls, std::int64_t per_minute,
                  std::string_view what, Verdict& verdict) {
  const double rate = static_cast<double>(per_minute) / kMinuteUs;
  double latest_end = 0;
  double least = 0;
  std::size_t worst = 0;
  for (std::size_t j = 0; j < calls.size(); ++j) {
    const double begin = static_cast<double>(calls[j]->begin.us);
    latest_end = std::max(latest_end, static_cast<double>(calls[j]->end.us));
    const double own = static_cast<double>(j) - rate * begin;
    if (j == 0 || own < least) least = own, worst = j;
    const double used = static_cast<double>(j + 1) - rate * latest_end - least;
    const auto bursts = 1 + restarts_until(run, calls[j]->end.wall_ms);
    if (used <= static_cast<double>(per_minute * bursts)) continue;
    const auto& first = *calls[worst];
    return verdict.add(named(run, "player", player) + " had " + std::to_string(j + 1 - worst) + " " +
                           std::string(what) + " accepted in " +
                           seconds_text((calls[j]->end.us - first.begin.us) / 1000) + ", with a limit of " +
                           std::to_string(per_minute) + " a minute.",
                       {first.begin_at, first.end_at, calls[j]->begin_at, calls[j]->end_at});
  }
}

}  // namespace

Verdict check_rate_limits(const Run& run) {
  if (!run.limits_known) return not_checked("the run had no rate limits (settings.rate_limits of run.json)");
  Verdict verdict;
  verdict.things = "accepted requests";
  for (const bool writes : {false, true}) {
    std::unordered_map<Symbol, std::vector<const Call*>> players;
    std::vector<Symbol> order;
    for (const auto& call : run.calls) {
      const bool counted = writes ? is_write(call.op) : is_read(call.op);
      const bool accepted = call.outcome != Outcome::unknown && call.status != 429 && call.status < 500;
      if (!counted || !accepted || !call.player) continue;
      auto& own = players[call.player];
      if (own.empty()) order.push_back(call.player);
      own.push_back(&call);
      ++verdict.checked;
    }
    const auto limit = writes ? run.writes_per_minute : run.reads_per_minute;
    for (const auto player : order) {
      check_player(run, player, players[player], limit, writes ? "writes" : "reads", verdict);
    }
  }
  return verdict;
}

}  // namespace mm::chaos
