#include "services/matchmaker/reconciler.h"

#include <algorithm>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kEvery{500};
constexpr Milliseconds kPullEvery{2'000};
constexpr Milliseconds kListEvery{15'000};
constexpr Milliseconds kRetireEvery{60'000};
constexpr Milliseconds kAnswer{500};
/// Asking ends after this, and goes on in the next round.
constexpr Milliseconds kAskFor{1'500};
constexpr std::size_t kUnconfirmedMost = 1'000;
constexpr int kSweepsMost = 20;

}  // namespace

Reconciler::Reconciler(const Parts& parts) : parts_(parts), worker_(kEvery, [this] { round(); }) {}

void Reconciler::round() {
  const auto tenants = parts_.housekeeping.tenants();
  for (const auto& [tenant, token] : tenants) sweep(tenant, token);
  const auto now = parts_.clock.steady();
  if (now - pulled_at_ < kPullEvery) return;
  pulled_at_ = now;
  learn_waits();
  ask_unconfirmed(tenants);
  if (now - listed_at_ >= kListEvery) {
    listed_at_ = now;
    list_live(tenants);
  }
  ask_live();
  if (now - retired_at_ >= kRetireEvery) {
    retired_at_ = now;
    retire(tenants);
  }
}

void Reconciler::retire(const std::vector<std::pair<Tenant, std::string>>& tenants) {
  for (const auto& [tenant, token] : tenants) {
    const auto retired = parts_.store.retire_tenant(tenant, Deadline::after(kAnswer));
    if (!retired) return;
    if (*retired) log::info("tenant_forgotten", {{"tenant", tenant}});
  }
}

void Reconciler::sweep(const Tenant& tenant, const std::string& token) {
  const PartitionName house{tenant, std::string(kHousePartition)};
  for (int i = 0; i < kSweepsMost; ++i) {
    const auto swept = parts_.owner_store.sweep(house, token, Deadline::after(kAnswer));
    if (!swept || *swept <= 0) return;
    parts_.metrics.swept.add(static_cast<double>(*swept));
  }
}

// For the buckets of other owners, which may also be asked for through this instance.
void Reconciler::learn_waits() {
  const auto tenants = parts_.store.tenants(Deadline::after(kAnswer));
  if (!tenants) return;
  for (const auto& tenant : *tenants) {
    const auto summaries = parts_.store.summaries(tenant, Deadline::after(kAnswer));
    if (!summaries) return;
    parts_.waits.learn(*summaries);
  }
}

void Reconciler::ask_unconfirmed(const std::vector<std::pair<Tenant, std::string>>& tenants) {
  const auto now = parts_.clock.steady();
  std::map<Match, SteadyPoint> still;
  for (const auto& [tenant, token] : tenants) {
    const auto matches = parts_.store.unconfirmed(tenant, kUnconfirmedMost, Deadline::after(kAnswer));
    if (!matches) return;
    for (const auto& id : *matches) {
      const Match match{tenant, id};
      const auto known = unconfirmed_since_.find(match);
      still.emplace(match, known == unconfirmed_since_.end() ? now : known->second);
    }
  }
  unconfirmed_since_ = std::move(still);
  Milliseconds oldest{0};
  const auto deadline = Deadline::after(kAskFor);
  bool answers = true;
  for (const auto& [match, since] : unconfirmed_since_) {
    const auto age = std::chrono::duration_cast<Milliseconds>(now - since);
    oldest = std::max(oldest, age);
    // Seen the first time: give its events the time of one round.
    if (age > Milliseconds{0} && answers) answers = ask(match, deadline);
  }
  parts_.metrics.unconfirmed.set(static_cast<double>(unconfirmed_since_.size()));
  parts_.metrics.unconfirmed_age.set(std::chrono::duration<double>(oldest).count());
}

void Reconciler::list_live(const std::vector<std::pair<Tenant, std::string>>& tenants) {
  const auto now = parts_.clock.steady();
  std::map<Match, SteadyPoint> still;
  for (const auto& [tenant, token] : tenants) {
    const auto matches = parts_.store.live(tenant, Deadline::after(kAnswer));
    if (!matches) return;
    for (const auto& id : *matches) {
      const Match match{tenant, id};
      const auto known = live_since_.find(match);
      still.emplace(match, known == live_since_.end() ? now : known->second);
    }
  }
  live_since_ = std::move(still);
  to_ask_.clear();
  for (const auto& [match, since] : live_since_) {
    if (now - since >= kListEvery && !unconfirmed_since_.contains(match)) to_ask_.push_back(match);
  }
  parts_.metrics.live.set(static_cast<double>(live_since_.size()));
}

void Reconciler::ask_live() {
  const auto deadline = Deadline::after(kAskFor);
  while (!to_ask_.empty() && ask(to_ask_.front(), deadline)) to_ask_.pop_front();
}

// False when it is of no use to ask for more now.
bool Reconciler::ask(const Match& match, Deadline deadline) {
  if (deadline.passed()) return false;
  const auto& [tenant, id] = match;
  const auto standing = parts_.outcomes.ask(tenant, id, deadline);
  if (!standing) {
    // One match's trouble is not the others'; a session that does not answer is.
    return standing.error().code != Code::unavailable && standing.error().code != Code::deadline_exceeded;
  }
  if (*standing != Outcomes::Standing::missing) return true;
  const auto found = parts_.store.live_match(tenant, id, Deadline::after(kAnswer));
  if (!found) {
    log::error("live_match_unreadable", {{"match_id", id}, {"error", found.error().text}});
    return found.error().refused;
  }
  if (!*found) return true;  // over by now
  log::info("match_found_again", {{"match_id", id}});
  parts_.publisher.announce_again(**found);
  return true;
}

}  // namespace mm::matchmaker
