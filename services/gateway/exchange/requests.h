// Typed asynchronous requests to the other daemons over the bus. The answer is delivered on the requesting shard's
// loop.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/contracts/caller.h"
#include "common/runtime/trace.h"
#include "common/wire/codec.h"
#include "services/gateway/exchange/repeatable.h"
#include "services/gateway/process/gateway.h"

namespace mm::gateway {

/// The context of a request: the caller on whose behalf it is sent, the trace, and the deadline.
struct RequestContext {
  Caller caller;
  trace::Context trace;
  Deadline deadline = Deadline::after(limits::kRequestTimeout);
};

/// Logs an answer that does not match its contract and returns internal_error. The decoding error itself (a 422) is not
/// returned, because it would suggest that the client's request was wrong.
Failure<Problem> not_understood(std::string_view subject, const Problem& problem);

/// `then` is called exactly once, on the shard's loop, unless the loop stops before.
template <class Req, class Then>
void send_request(Shard& shard, const Req& request, const RequestContext& context, Then then) {
  using Answer = typename Req::Answer;
  shard.requests.send({Req::kSubject.text, wire::encode(request), context.caller, context.trace, context.deadline,
                       is_repeatable(request)},
                      [then = std::move(then)](Reply<std::string> text) mutable {
                        if (!text) return then(Reply<Answer>(fail(std::move(text).error())));
                        auto answer = wire::decode<Answer>(*text, wire::Unknown::ignored, bus::Bus::kTrusted);
                        if (!answer) return then(Reply<Answer>(not_understood(Req::kSubject.text, answer.error())));
                        then(std::move(answer));
                      });
}

}  // namespace mm::gateway
