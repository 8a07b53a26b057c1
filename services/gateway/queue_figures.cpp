#include "services/gateway/queue_figures.h"

#include <utility>

#include "services/gateway/core/public_figures.h"

namespace mm::gateway {
namespace {

// The figures are the same for all callers, so the request has the identity of no player.
void ask_matchmaker(Shard& shard, const Tenant& tenant, Asker asker, QueueFigures::Then then) {
  asker.caller = Caller{};
  asker.caller.tenant = tenant;
  GetQueues request;
  request.tenant = tenant;
  ask(shard, request, asker, [then = std::move(then)](Reply<QueueSummary> summary) {
    if (!summary) return then(fail(std::move(summary).error()));
    then(wire::encode(public_queues(*summary)));
  });
}

}  // namespace

void QueueFigures::get(const Tenant& tenant, const Asker& asker, Then then) {
  const auto now = shard_.gateway.runtime.clock.steady();
  if (!kept_.contains(tenant)) make_room(now);
  if (!kept_.contains(tenant) && kept_.size() >= kTenantsMost) return ask_matchmaker(shard_, tenant, asker, std::move(then));
  auto& kept = kept_[tenant];
  if (now < kept.until) return then(kept.body);
  kept.waiting.push_back(std::move(then));
  if (kept.waiting.size() > 1) return;
  ask_matchmaker(shard_, tenant, asker, [this, tenant](Reply<std::string> body) { arrived(tenant, std::move(body)); });
}

void QueueFigures::make_room(SteadyPoint now) {
  std::erase_if(kept_, [now](const auto& entry) { return entry.second.waiting.empty() && entry.second.until <= now; });
}

void QueueFigures::arrived(const Tenant& tenant, Reply<std::string> body) {
  auto& kept = kept_[tenant];
  const auto waiting = std::exchange(kept.waiting, {});
  if (body) {
    kept.body = *body;
    kept.until = shard_.gateway.runtime.clock.steady() + kKept;
  }
  for (const auto& then : waiting) then(body);
}

}  // namespace mm::gateway
