#include "services/matchmaker/after_commit/reconciler.h"

#include <algorithm>

#include "common/contracts/subjects.h"
#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

/// Interval of requests, one per round: at most 200 matches a second.
constexpr Milliseconds kRoundInterval{500};
constexpr std::size_t kMaxMatchesPerRequest = ReconcileMatches::kMaxMatches;
constexpr Milliseconds kRefreshInterval{2'000};
constexpr Milliseconds kListInterval{15'000};
constexpr Milliseconds kSweepInterval{5'000};
constexpr Milliseconds kLearnAllInterval{60'000};
constexpr Milliseconds kRetireInterval{60'000};
constexpr Milliseconds kQueueTimeout{500};
constexpr Milliseconds kRequestTimeout{1'500};
/// Limit of unconfirmed matches read per tenant; back pressure keeps their number far below.
constexpr std::size_t kMaxUnconfirmed = 20'000;
constexpr std::size_t kMaxTenantsPerSweep = 100;
constexpr int kMaxSweepsPerTenant = 20;

/// Body of events.violation.match_not_stored.
struct MatchNotStored {
  static constexpr std::string_view kCode = "match_not_stored";
  MatchId match_id;
  std::string reason;
};
template <class F>
void describe(F& f, MatchNotStored& m) {
  f("match_id", m.match_id);
  f("reason", m.reason);
}

bool is_unanswered(const Problem& problem) {
  return problem.code == Code::unavailable || problem.code == Code::deadline_exceeded;
}

}  // namespace

Reconciler::Reconciler(const Parts& parts) : parts_(parts), worker_(kRoundInterval, [this] { round(); }) {}

void Reconciler::round() {
  const auto owned = parts_.owned_tenants.tenants();
  const auto now = parts_.clock.steady();
  parts_.tenants.follow_queue(Deadline::after(kQueueTimeout));
  collect(owned);
  sweep(owned);
  if (now - refreshed_at_ >= kRefreshInterval) {
    refreshed_at_ = now;
    follow_unconfirmed();
    const bool all = now - learnt_all_at_ >= kLearnAllInterval;
    if (all) learnt_all_at_ = now;
    learn_waits(all);
  }
  if (now - listed_at_ >= kListInterval) {
    listed_at_ = now;
    follow_live(owned);
  }
  reconcile();
  measure();
  if (now - retired_at_ >= kRetireInterval) {
    retired_at_ = now;
    retire(owned);
  }
}

void Reconciler::collect(const OwnedTokens& owned) {
  std::set<Tenant> ours;
  for (const auto& [tenant, token] : owned) ours.insert(tenant);
  for (const auto& tenant : followed_) {
    if (!ours.contains(tenant)) schedule_.forget(tenant);
  }
  followed_ = std::move(ours);
  for (auto& tenant : parts_.owned_tenants.changed_since(changes_seen_)) changed_.insert(std::move(tenant));
  std::erase_if(changed_, [this](const Tenant& tenant) { return !followed_.contains(tenant); });
  std::erase_if(swept_at_, [this](const auto& swept) { return !followed_.contains(swept.first); });
}

// A tenant without changes has no newly unconfirmed matches.
void Reconciler::follow_unconfirmed() {
  if (changed_.empty()) return;
  const std::vector<Tenant> tenants(changed_.begin(), changed_.end());
  const auto matches = parts_.store.unconfirmed(tenants, kMaxUnconfirmed, Deadline::after(kQueueTimeout));
  if (!matches) return;
  const auto now = parts_.clock.steady();
  for (std::size_t i = 0; i < tenants.size(); ++i) schedule_.follow_unconfirmed(tenants[i], (*matches)[i], now);
  changed_.clear();
}

void Reconciler::follow_live(const OwnedTokens& owned) {
  std::vector<Tenant> tenants;
  for (const auto& [tenant, token] : owned) tenants.push_back(tenant);
  const auto matches = parts_.store.live(tenants, Deadline::after(kQueueTimeout));
  if (!matches) return;
  const auto now = parts_.clock.steady();
  for (std::size_t i = 0; i < tenants.size(); ++i) schedule_.follow_live(tenants[i], (*matches)[i], now);
}

void Reconciler::reconcile() {
  const auto now = parts_.clock.steady();
  auto due = schedule_.take(std::min(kMaxMatchesPerRequest, parts_.recovery.room()), now);
  // While session does not answer, the pauses grow. That it answers again is noticed soon, because it sends an event,
  // or because of a probe every kRefreshInterval.
  const auto messages = parts_.outcomes.session_messages();
  const bool probes = messages != session_messages_ || now - requested_at_ >= kRefreshInterval;
  if (due.empty() && !session_answers_ && probes) due = schedule_.soonest();
  if (due.empty()) return;
  requested_at_ = now;
  session_messages_ = messages;
  const bool answered_before = session_answers_;
  ask(due);
  if (!answered_before && session_answers_) {
    ask(schedule_.take(std::min(kMaxMatchesPerRequest, parts_.recovery.room()), parts_.clock.steady()));
  }
}

void Reconciler::ask(const std::vector<LiveMatch>& due) {
  if (due.empty()) return;
  parts_.recovery.spend(runtime::Recovery::match_reconciled, due.size());
  if (reconcile(due)) return;
  // Session refuses the request because of one of its matches. Asking one by one lets the others go on.
  for (const auto& match : due) {
    if (due.size() == 1 || !reconcile({match})) refused(match);
    if (!session_answers_) return;
  }
}

bool Reconciler::reconcile(const std::vector<LiveMatch>& matches) {
  const auto results = parts_.outcomes.reconcile(matches, Deadline::after(kRequestTimeout));
  if (!results) {
    session_answers_ = session_answers_ && !is_unanswered(results.error());
    return is_unanswered(results.error());
  }
  const auto now = parts_.clock.steady();
  for (const auto& [match, result] : *results) {
    switch (result) {
      case Outcomes::ReconcileResult::confirmed: schedule_.confirmed(match, now); break;
      case Outcomes::ReconcileResult::over: schedule_.over(match); break;
      case Outcomes::ReconcileResult::unreadable: give_up(match, "its text in the queue cannot be decoded"); break;
    }
  }
  if (!std::exchange(session_answers_, true)) schedule_.retry_unanswered(now);
  return true;
}

// The match is asked about again, with growing pauses. One that stays refused is given up, because an old unconfirmed
// match stops the commits of all others.
void Reconciler::refused(const LiveMatch& match) {
  log::warning("match_refused_by_session", {{"match_id", match.second}});
  if (schedule_.is_stuck(match)) give_up(match, "session refuses it");
}

void Reconciler::give_up(const LiveMatch& match, const char* why) {
  const auto& [tenant, id] = match;
  log::error("match_not_stored", {{"match_id", id}, {"tenant", tenant}, {"reason", why}});
  (void)parts_.bus.publish(violation_subject(MatchNotStored::kCode), wire::encode(MatchNotStored{id, why}));
  if (parts_.store.outcome({tenant, id, OutcomeKind::known, {}, {}}, Deadline::after(kQueueTimeout)))
    schedule_.over(match);
}

void Reconciler::sweep(const OwnedTokens& owned) {
  const auto now = parts_.clock.steady();
  std::size_t swept_tenants = 0;
  for (const auto& [tenant, token] : owned) {
    auto& at = swept_at_[tenant];
    if (now - at < kSweepInterval) continue;
    if (++swept_tenants > kMaxTenantsPerSweep) return;
    at = now;
    const PartitionName partition{tenant, std::string(kMaintenancePartition)};
    for (int i = 0; i < kMaxSweepsPerTenant; ++i) {
      const auto swept = parts_.owner_store.sweep(partition, token, parts_.clock.now(), Deadline::after(kQueueTimeout));
      if (!swept || *swept <= 0) break;
      parts_.metrics.swept.add(static_cast<double>(*swept));
    }
  }
}

void Reconciler::retire(const OwnedTokens& owned) {
  for (const auto& [tenant, token] : owned) {
    const auto retired = parts_.store.retire_tenant(tenant, Deadline::after(kQueueTimeout));
    if (!retired) return;
    if (*retired) log::info("tenant_forgotten", {{"tenant", tenant}});
  }
}

// Reads the estimates for buckets of other owners, because enqueues for these also come to this instance.
void Reconciler::learn_waits(bool of_all) {
  auto tenants = parts_.owned_tenants.changed_since(changes_learnt_);
  if (of_all) {
    auto all = parts_.store.tenants(Deadline::after(kQueueTimeout));
    if (!all) return;
    tenants = std::move(*all);
  }
  for (const auto& tenant : tenants) {
    const auto summaries = parts_.store.summaries(tenant, Deadline::after(kQueueTimeout));
    if (!summaries) return;
    parts_.waits.learn(*summaries);
  }
}

void Reconciler::measure() {
  const auto oldest = schedule_.oldest_unconfirmed(parts_.clock.steady());
  parts_.metrics.unconfirmed.set(static_cast<double>(schedule_.unconfirmed()));
  parts_.metrics.unconfirmed_age.set(std::chrono::duration<double>(oldest).count());
  parts_.metrics.live.set(static_cast<double>(schedule_.size()));
}

}  // namespace mm::matchmaker
