#include "services/gateway/process/queue_figures.h"

#include <utility>

namespace mm::gateway {

void QueueFigures::get(const Tenant& tenant, const std::function<void(Then)>& fetch, Then then) {
  const auto now = clock_.steady();
  if (!kept_.contains(tenant)) make_room(now);
  if (!kept_.contains(tenant) && kept_.size() >= kMaxTenants) return fetch(std::move(then));
  auto& kept = kept_[tenant];
  if (now < kept.until) return then(kept.body);
  kept.waiting.push_back(std::move(then));
  if (kept.waiting.size() > 1) return;
  fetch([this, tenant](Reply<std::string> body) { arrived(tenant, std::move(body)); });
}

void QueueFigures::make_room(SteadyPoint now) {
  std::erase_if(kept_, [now](const auto& entry) { return entry.second.waiting.empty() && entry.second.until <= now; });
}

void QueueFigures::arrived(const Tenant& tenant, Reply<std::string> body) {
  auto& kept = kept_[tenant];
  const auto waiting = std::exchange(kept.waiting, {});
  if (body) {
    kept.body = *body;
    kept.until = clock_.steady() + kLifetime;
  }
  for (const auto& then : waiting) then(body);
}

}  // namespace mm::gateway
