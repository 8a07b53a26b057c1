#include "services/gateway/handlers/figures.h"

#include "common/wire/codec.h"
#include "services/gateway/core/public_figures.h"
#include "services/gateway/exchange.h"
#include "services/gateway/messages.h"
#include "services/gateway/queue_figures.h"

namespace mm::gateway::figures {

void modes(const ExchangePtr& x) {
  if (auto request = x->decode<NoFields>(); !request) return x->refuse(std::move(request).error());
  x->reply(wire::encode(public_modes(*x->gateway().modes.now())));
}

void queues(const ExchangePtr& x) {
  if (auto request = x->decode<NoFields>(); !request) return x->refuse(std::move(request).error());
  x->shard.queue_figures->get(x->principal.caller().tenant, x->asker(), [x](Reply<std::string> body) {
    if (!body) return x->refuse(std::move(body).error());
    x->reply(*std::move(body));
  });
}

}  // namespace mm::gateway::figures
