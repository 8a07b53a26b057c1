#include "services/orchestrator/placement.h"

#include "common/runtime/log.h"

namespace mm::orchestrator {
namespace {

game::HandOver hand_over_line(const AllocateServer& request, const std::string& gateway_url) {
  game::HandOver line;
  line.match_id = request.match_id;
  line.mode = request.mode;
  line.region = request.region;
  for (const auto& team : request.teams) {
    auto& players = line.teams.emplace_back();
    auto& ratings = line.ratings.emplace_back();
    for (const auto& player : team) {
      players.push_back(player.player_id);
      ratings.push_back(player.mmr);
    }
  }
  line.server_token = request.server_token;
  line.join_key = request.join_key;
  line.gateway_url = gateway_url;
  return line;
}

Allocation answer_for(MatchId match, const Place& place) {
  return {match, place.server_id, place.endpoint, "ws://" + place.endpoint + "/match/" + match.to_string()};
}

}  // namespace

Reply<Allocation> Placement::allocate(const AllocateServer& request, Deadline deadline) {
  // Most matches are new, so the row is inserted without looking for one first.
  auto step = place_new(request, deadline);
  for (int i = 1; i < kMaxAttempts && step && !*step; ++i) {
    const auto row = store_.find(request.match_id, deadline);
    if (!row) return fail(row.error());
    if (!*row) step = place_new(request, deadline);
    else if ((*row)->released) return refuse_released(request.match_id);
    else step = place_existing(request, (*row)->place, deadline);
  }
  if (!step) return fail(step.error());
  if (!*step) return refuse(Code::unavailable);
  metrics_.allocated.add();
  return **std::move(step);
}

Failure<Problem> Placement::refuse_released(MatchId match) {
  provider_.free(match, std::nullopt);  // the slot that was reserved for nothing
  return refuse(Code::match_over);
}

Placement::Step Placement::place_new(const AllocateServer& request, Deadline deadline) {
  const auto place = provider_.reserve(request.match_id, deadline.within(kReserveTimeout));
  if (!place) {
    // All slots are taken, but the match may have one already.
    const auto row = store_.find(request.match_id, deadline);
    if (row && *row) return std::optional<Allocation>();
    metrics_.no_capacity.add();
    return fail(place.error());
  }
  return after_claim(request, *place, store_.insert(request.match_id, *place, deadline), deadline);
}

// The match has a row: the answer was lost, or the match was not handed over.
Placement::Step Placement::place_existing(const AllocateServer& request, const Place& place, Deadline deadline) {
  switch (provider_.reachability(place.server_id)) {
    case Reachability::reachable: return hand_over(request, place, deadline);
    case Reachability::unknown: return refuse(Code::unavailable);
    case Reachability::gone: break;
  }
  if (!still_waits(request.match_id, request.tenant, deadline)) return refuse(Code::unavailable);
  return move(request, place.server_id, deadline);
}

Placement::Step Placement::move(const AllocateServer& request, ServerId from, Deadline deadline) {
  provider_.free(request.match_id, from);
  const auto place = provider_.reserve(request.match_id, deadline.within(kReserveTimeout));
  if (!place) return fail(place.error());
  log::warning("match_moved", {{"match_id", request.match_id}, {"from", from}, {"to", place->server_id}});
  metrics_.moved.add();
  return after_claim(request, *place, store_.move(request.match_id, from, *place, deadline), deadline);
}

Placement::Step Placement::after_claim(const AllocateServer& request, const Place& place,
                                       Reply<Store::ClaimResult> inserted, Deadline deadline) {
  // Unknown whether the row was written: the reservation stays until Provider::reconcile.
  if (!inserted) return fail(std::move(inserted).error());
  switch (*inserted) {
    case Store::ClaimResult::match_known: return std::optional<Allocation>();
    case Store::ClaimResult::slot_taken:
      drop_wrong_place(request.match_id, deadline);
      return std::optional<Allocation>();
    case Store::ClaimResult::claimed: break;
  }
  return hand_over(request, place, deadline);
}

Placement::Step Placement::hand_over(const AllocateServer& request, const Place& place, Deadline deadline) {
  const auto line = hand_over_line(request, gateway_url_);
  switch (provider_.hand_over(place.server_id, line, deadline.within(kHandOverTimeout))) {
    case HandOverResult::hosted: return std::optional(answer_for(request.match_id, place));
    case HandOverResult::refused: return refuse(Code::unavailable);
    case HandOverResult::lost: break;
  }
  return std::optional<Allocation>();  // the row stays; the next attempt checks whether the server is gone
}

bool Placement::still_waits(MatchId match, const Tenant& tenant, Deadline deadline) {
  Caller caller;
  caller.tenant = tenant;
  GetMatch request;
  request.match_id = match;
  const auto view = bus_.request(request, caller, deadline);
  return view && view->status == MatchStatus::allocating;
}

// The slot belongs to another match: replace the view of the slots with the table's.
void Placement::drop_wrong_place(MatchId match, Deadline deadline) {
  provider_.free(match, std::nullopt);
  if (const auto rows = store_.allocated(deadline)) provider_.reconcile(*rows);
}

Reply<Released> Placement::release(MatchId match, Deadline deadline) {
  const auto released = store_.release(match, deadline);
  if (!released) return fail(released.error());
  provider_.free(match, *released);
  metrics_.released.add();
  return Released{match};
}

}  // namespace mm::orchestrator
