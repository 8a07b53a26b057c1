#include "services/gateway/exchange/requests.h"

#include "common/runtime/log.h"

namespace mm::gateway {

Failure<Problem> not_understood(std::string_view subject, const Problem& problem) {
  log::error("answer_not_understood", {{"subject", subject}, {"reason", problem.detail}});
  return refuse(Code::internal_error);
}

}  // namespace mm::gateway
