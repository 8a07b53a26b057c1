#include "services/matchmaker/owner/change_numbers.h"

#include <algorithm>
#include <utility>

namespace mm::matchmaker {

void ChangeNumbers::add(const Tenant& tenant, SteadyPoint now) {
  if (tenants_.try_emplace(tenant, Known{0, now, true}).second) forget_queries();
}

void ChangeNumbers::remove(const Tenant& tenant) {
  if (tenants_.erase(tenant) > 0) forget_queries();
}

void ChangeNumbers::forget_queries() {
  sent_ = nullptr;
  of_all_.reset();
  turns_.clear();
}

ChangeNumbers::Query ChangeNumbers::query_of(std::vector<Entry*> tenants) const {
  std::vector<Tenant> names;
  names.reserve(tenants.size());
  for (const auto* tenant : tenants) names.push_back(tenant->first);
  return {PulseQuery(address_, std::move(names)), std::move(tenants)};
}

void ChangeNumbers::make_turns(SteadyPoint now) {
  turns_.clear();
  turns_made_at_ = now;
  std::vector<Entry*> busy;
  std::vector<Entry*> quiet;
  for (auto& tenant : tenants_) {
    tenant.second.busy = now - tenant.second.changed_at < kQuietAfter;
    (tenant.second.busy ? busy : quiet).push_back(&tenant);
  }
  std::size_t begin = 0;
  do {
    const auto end = std::min(quiet.size(), begin + kMaxQuietPerTick);
    auto turn = busy;
    for (; begin < end; ++begin) turn.push_back(quiet[begin]);
    turns_.push_back(query_of(std::move(turn)));
  } while (begin < quiet.size());
}

const PulseQuery& ChangeNumbers::next(SteadyPoint now, bool all) {
  if (all) {
    std::vector<Entry*> tenants;
    for (auto& tenant : tenants_) tenants.push_back(&tenant);
    if (!of_all_) of_all_ = query_of(std::move(tenants));
    sent_ = &*of_all_;
  } else {
    if (turns_.empty() || now - turns_made_at_ >= kQuietAfter) make_turns(now);
    turn_ = (turn_ + 1) % turns_.size();
    sent_ = &turns_[turn_];
  }
  return sent_->query;
}

std::vector<ChangeNumbers::Change> ChangeNumbers::update(const std::vector<std::int64_t>& numbers, SteadyPoint now) {
  std::vector<Change> changes;
  bool woken = false;
  for (std::size_t i = 0; i < sent_->tenants.size(); ++i) {
    auto& [tenant, known] = *sent_->tenants[i];
    if (known.number == numbers[i]) continue;
    known.number = numbers[i];
    known.changed_at = now;
    woken = woken || !known.busy;
    changes.push_back({tenant, known.number});
  }
  // The next tick reads the woken tenants too.
  if (woken) turns_.clear();
  return changes;
}

}  // namespace mm::matchmaker
