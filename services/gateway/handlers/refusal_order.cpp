#include "services/gateway/handlers/refusal_order.h"

#include <algorithm>
#include <utility>

#include "common/contracts/lobby.h"

namespace mm::gateway {
namespace {

std::optional<PartyId> named_party(const Exchange& x) {
  for (const auto* list : {&x.parts.path, &x.parts.query}) {
    for (const auto& [name, value] : *list) {
      if (name == "party_id") return PartyId::parse(value);
    }
  }
  const auto member = x.body && x.body->root().is(json::Kind::object) ? x.body->root().find("party_id") : std::nullopt;
  return member && member->is(json::Kind::string) ? PartyId::parse(member->string()) : std::nullopt;
}

std::optional<Problem> refusal_in(const Party& party, PlayerId player, PartyRole role) {
  if (role == PartyRole::leader && party.leader_id != player) return refuse(Code::not_leader).error;
  const bool member =
      std::any_of(party.members.begin(), party.members.end(), [&](const auto& one) { return one.player_id == player; });
  return member ? std::nullopt : std::optional(refuse(Code::not_member).error);
}

}  // namespace

void refuse_in_order(const ExchangePtr& x, Problem problem) {
  const auto role = x->route->rules.party_role;
  GetParty request;
  if (role != PartyRole::none && problem.status() == 422) request.party_id = named_party(*x);
  if (!request.party_id) return x->refuse(std::move(problem));
  x->send_request(request, [x, role, problem = std::move(problem)](Reply<Party> party) mutable {
    if (!party) return x->refuse(std::move(party).error());
    auto earlier = refusal_in(*party, x->player().player, role);
    x->refuse(earlier ? *std::move(earlier) : std::move(problem));
  });
}

}  // namespace mm::gateway
