#include "services/gateway/exchange/requests.h"

#include "common/runtime/log.h"

namespace mm::gateway {

void send_raw_request(Shard& shard, std::string_view subject, std::string body, const RequestContext& context,
                      std::function<void(Reply<std::string>)> then) {
  // This callback runs on a thread of the bus. `then` may own objects of the loop (connections), so it is moved to the
  // loop completely and is never destroyed on the bus thread.
  auto on_answer = [&loop = shard.loop, then = std::move(then)](Reply<std::string> answer) mutable {
    loop.post([then = std::move(then), answer = std::move(answer)]() mutable { then(std::move(answer)); });
  };
  shard.gateway.requests->request(subject, std::move(body), context.caller, context.trace, context.deadline,
                                  std::move(on_answer));
}

Failure<Problem> not_understood(std::string_view subject, const Problem& problem) {
  log::error("answer_not_understood", {{"subject", subject}, {"reason", problem.detail}});
  return refuse(Code::internal_error);
}

}  // namespace mm::gateway
