#include "services/matchmaker/after_commit/reconcile_schedule.h"

#include <algorithm>
#include <set>

namespace mm::matchmaker {

ReconcileSchedule::Entry ReconcileSchedule::fresh(bool confirmed, SteadyPoint now) {
  Entry entry;
  entry.confirmed = confirmed;
  entry.pause = confirmed ? kConfirmedPause : kUnconfirmedPause;
  entry.next = now + entry.pause;
  entry.since = now;
  return entry;
}

template <class Keep>
void ReconcileSchedule::keep_of(const Tenant& tenant, Keep keep) {
  for (auto at = entries_.lower_bound({tenant, MatchId{}}); at != entries_.end() && at->first.first == tenant;) {
    at = keep(at->first.second, at->second) ? std::next(at) : entries_.erase(at);
  }
}

void ReconcileSchedule::follow_unconfirmed(const Tenant& tenant, const std::vector<MatchId>& matches, SteadyPoint now) {
  const std::set<MatchId> present(matches.begin(), matches.end());
  keep_of(tenant, [&](MatchId match, const Entry& entry) { return entry.confirmed || present.contains(match); });
  for (const auto& match : present) {
    const auto [entry, added] = entries_.try_emplace({tenant, match}, fresh(false, now));
    // The match was in the list of live matches before it was in the list of unconfirmed ones.
    if (!added && entry->second.confirmed) entry->second = fresh(false, now);
  }
}

void ReconcileSchedule::follow_live(const Tenant& tenant, const std::vector<MatchId>& matches, SteadyPoint now) {
  const std::set<MatchId> present(matches.begin(), matches.end());
  keep_of(tenant, [&](MatchId match, const Entry&) { return present.contains(match); });
  for (const auto& match : present) entries_.try_emplace({tenant, match}, fresh(true, now));
}

void ReconcileSchedule::forget(const Tenant& tenant) {
  keep_of(tenant, [](MatchId, const Entry&) { return false; });
}

std::vector<LiveMatch> ReconcileSchedule::take(std::size_t limit, SteadyPoint now) {
  std::vector<Entries::iterator> due;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->second.next <= now) due.push_back(at);
  }
  std::sort(due.begin(), due.end(), [](const auto& left, const auto& right) {
    return std::pair(left->second.confirmed, left->second.next) <
           std::pair(right->second.confirmed, right->second.next);
  });
  if (due.size() > limit) due.resize(limit);
  std::vector<LiveMatch> taken;
  taken.reserve(due.size());
  for (const auto& at : due) {
    auto& entry = at->second;
    entry.pause = std::min(entry.pause * 2, kMaxPause);
    entry.next = now + entry.pause;
    entry.unanswered = true;
    taken.push_back(at->first);
  }
  return taken;
}

std::vector<LiveMatch> ReconcileSchedule::soonest() const {
  const auto first = std::min_element(entries_.begin(), entries_.end(), [](const auto& left, const auto& right) {
    return left.second.next < right.second.next;
  });
  if (first == entries_.end()) return {};
  return {first->first};
}

void ReconcileSchedule::confirmed(const LiveMatch& match, SteadyPoint now) {
  const auto entry = entries_.find(match);
  if (entry == entries_.end()) return;
  if (!entry->second.confirmed) entry->second = fresh(true, now);
  entry->second.unanswered = false;
}

void ReconcileSchedule::retry_unanswered(SteadyPoint now) {
  for (auto& [match, entry] : entries_) {
    if (!entry.unanswered) continue;
    entry.unanswered = false;
    entry.pause = entry.confirmed ? kConfirmedPause : kUnconfirmedPause;
    entry.next = now;
  }
}

bool ReconcileSchedule::is_stuck(const LiveMatch& match) const {
  const auto entry = entries_.find(match);
  return entry != entries_.end() && !entry->second.confirmed && entry->second.pause >= kMaxPause;
}

std::size_t ReconcileSchedule::unconfirmed() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const auto& one) { return !one.second.confirmed; }));
}

Milliseconds ReconcileSchedule::oldest_unconfirmed(SteadyPoint now) const {
  Milliseconds oldest{0};
  for (const auto& [match, entry] : entries_) {
    if (!entry.confirmed) oldest = std::max(oldest, std::chrono::duration_cast<Milliseconds>(now - entry.since));
  }
  return oldest;
}

bool ReconcileSchedule::follows(const Tenant& tenant) const {
  const auto at = entries_.lower_bound({tenant, MatchId{}});
  return at != entries_.end() && at->first.first == tenant;
}

}  // namespace mm::matchmaker
