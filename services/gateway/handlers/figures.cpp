#include "services/gateway/handlers/figures.h"

#include "common/wire/codec.h"
#include "services/gateway/api/messages.h"
#include "services/gateway/core/public_figures.h"
#include "services/gateway/exchange/exchange.h"

namespace mm::gateway::figures {
namespace {

// The figures are the same for all callers, so the request has the identity of no player.
void fetch_figures(const ExchangePtr& x, QueueFigures::Then then) {
  auto context = x->context();
  context.caller = Caller{};
  context.caller.tenant = x->principal.caller().tenant;
  GetQueues request;
  request.tenant = context.caller.tenant;
  send_request(x->shard, request, context, [then = std::move(then)](Reply<QueueSummary> summary) {
    if (!summary) return then(fail(std::move(summary).error()));
    then(wire::encode(public_queues(*summary)));
  });
}

}  // namespace

void modes(const ExchangePtr& x) {
  if (auto request = x->decode<NoFields>(); !request) return x->refuse(std::move(request).error());
  x->reply(wire::encode(public_modes(*x->gateway().modes.current())));
}

void queues(const ExchangePtr& x) {
  if (auto request = x->decode<NoFields>(); !request) return x->refuse(std::move(request).error());
  const auto fetch = [x](QueueFigures::Then then) { fetch_figures(x, std::move(then)); };
  x->shard.queue_figures.get(x->principal.caller().tenant, fetch, [x](Reply<std::string> body) {
    if (!body) return x->refuse(std::move(body).error());
    x->reply(*std::move(body));
  });
}

}  // namespace mm::gateway::figures
