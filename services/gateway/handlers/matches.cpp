#include "services/gateway/handlers/matches.h"

#include "services/gateway/handlers/forward.h"

namespace mm::gateway::matches {
namespace {

/// `problem`: the refusal of session, which does not know the match. If the queue does not answer, this refusal stays.
void refuse_unknown(const ExchangePtr& x, MatchId match, Problem problem) {
  GetTicket request;
  request.tenant = x->player().tenant;
  request.player_id = x->player().player;
  x->send_request(request, [x, match, problem = std::move(problem)](Reply<Ticket> ticket) {
    if (ticket && ticket->match_id == match) return x->refuse(refuse(Code::not_ready_yet).error);
    x->refuse(problem);
  });
}

}  // namespace

void get(const ExchangePtr& x) {
  const auto request = x->decode<GetMatch>();
  if (!request) return refuse_in_order(x, request.error());
  x->send_request(*request, [x, match = request->match_id](Reply<MatchView> answer) {
    if (answer) return x->reply(encode_public(*std::move(answer)));
    auto problem = std::move(answer).error();
    if (problem.code == Code::not_found && match) return refuse_unknown(x, *match, std::move(problem));
    x->refuse(std::move(problem));
  });
}

}  // namespace mm::gateway::matches
