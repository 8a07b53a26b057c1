#include "services/lobby/core/queue.h"

#include <algorithm>

#include "common/contracts/deviation.h"

namespace mm::lobby {
namespace {

struct Choice {
  const ModeRules* mode;
  int team_size;
};

Reply<Choice> choose(const ModeTable& modes, const EnterQueue& options) {
  const ModeRules* mode = modes.find(options.mode);
  if (mode == nullptr) return refuse_field("/mode", "is not in the mode table", Code::unknown_mode);
  const int size = mode->team_size_or_default(options.team_size);
  if (!mode->has_team_size(size)) {
    return refuse_field("/team_size", "is not one of the mode's", Code::invalid_team_size);
  }
  return Choice{mode, size};
}

TicketPlayer rated(PlayerId player, const Mode& mode, const QueueContext& context) {
  const auto row = context.ratings.find(player, mode);
  return {player, row.mmr, deviation_after(row.deviation, row.deviation_growth, context.now - row.deviation_at)};
}

double spread(const std::vector<TicketPlayer>& players) {
  const auto [low, high] = std::minmax_element(
      players.begin(), players.end(), [](const TicketPlayer& a, const TicketPlayer& b) { return a.mmr < b.mmr; });
  return high->mmr - low->mmr;
}

Reply<Done> check_party_fits(const Choice& choice, const std::vector<TicketPlayer>& players) {
  if (static_cast<int>(players.size()) > choice.team_size) {
    return refuse(Code::party_too_large, "the party does not fit into a team of this size");
  }
  if (choice.mode->max_party_spread && spread(players) > *choice.mode->max_party_spread) {
    return refuse(Code::party_spread_too_wide, "the ratings in the party differ too much for this mode");
  }
  return Done{};
}

std::vector<PlayerId> absent_members(const PartyState& state, PlayerId caller) {
  std::vector<PlayerId> absent;
  for (const auto& member : state.party.members) {
    const bool is_absent = presence_of(state, member.player_id) == Presence::absent;
    if (is_absent && member.player_id != caller) absent.push_back(member.player_id);
  }
  return absent;
}

Reply<Done> check_party_can_queue(const PartyState& state, PlayerId caller) {
  const Party& party = state.party;
  if (party.status == PartyStatus::queued) {
    auto refusal = refuse_for(Code::already_queued, {party.leader_id}, "the party is queued already");
    refusal.error.ticket_id = party.ticket_id;
    return refusal;
  }
  if (party.status == PartyStatus::in_match) {
    return refuse_for(Code::in_match, {party.leader_id}, "the party is in a match");
  }
  if (const auto absent = absent_members(state, caller); !absent.empty()) {
    return refuse_for(Code::member_absent, absent, "the member has lost the connection");
  }
  if (const auto summary = ready_summary(party); !summary.all_ready) {
    return refuse_for(Code::not_all_ready, summary.not_ready, "the member is not ready");
  }
  return Done{};
}

Enqueue request_for(const EntryRequest& entry, const EnterQueue& options, const Choice& choice) {
  Enqueue request;
  request.ticket_id = entry.ticket_id;
  request.tenant = entry.tenant;
  request.mode = options.mode;
  request.team_size = choice.team_size;
  request.latencies = options.latencies;
  return request;
}

}  // namespace

Reply<Enqueue> enter_queue(const PartyState& state, const EntryRequest& entry, const EnterQueue& options,
                           const QueueContext& context) {
  const Party& party = state.party;
  if (auto leads = require_leader(party, entry.player); !leads) return fail(std::move(leads).error());
  const auto choice = choose(context.modes, options);
  if (!choice) return fail(choice.error());

  Enqueue request = request_for(entry, options, *choice);
  for (const auto& member : party.members) {
    request.players.push_back(rated(member.player_id, options.mode, context));
  }
  if (auto fits = check_party_fits(*choice, request.players); !fits) return fail(std::move(fits).error());
  if (auto can = check_party_can_queue(state, entry.player); !can) return fail(std::move(can).error());
  request.party_id = party.party_id;
  request.party_version = party.version;
  request.region = options.region.value_or(party.region);
  return request;
}

Reply<Enqueue> enter_queue_alone(const std::optional<PartyState>& party, const EntryRequest& entry,
                                 const EnterQueue& options, const QueueContext& context) {
  const auto choice = choose(context.modes, options);
  if (!choice) return fail(choice.error());
  if (party && party->party.members.size() > 1) {
    return refuse_for(Code::in_party, {entry.player}, "only the party's leader may queue, with the whole party");
  }

  Enqueue request = request_for(entry, options, *choice);
  request.players.push_back(rated(entry.player, options.mode, context));
  request.region = options.region.value_or(options.home_region.value_or(default_region()));
  if (party) {
    request.party_id = party->party.party_id;
    request.party_version = party->party.version;
  }
  return request;
}

Ticket ticket_of(const Enqueue& request, const Enqueued& answer, const ModeTable& modes, TimePoint now) {
  const ModeRules* mode = modes.find(request.mode);
  Ticket ticket;
  ticket.ticket_id = answer.ticket_id;
  ticket.queue_entry_id = answer.ticket_id;
  ticket.party_id = request.party_id;
  ticket.mode = request.mode;
  ticket.region = request.region;
  ticket.team_size = request.team_size.value_or(1);
  ticket.queued_at = answer.queued_at;
  ticket.waited_ms = std::max<std::int64_t>(0, (now - answer.queued_at).count());
  ticket.rating_window = answer.rating_window;
  if (ticket.rating_window <= 0 && mode != nullptr) ticket.rating_window = mode->initial_window;
  ticket.estimated_wait_seconds = answer.estimated_wait_seconds;
  ticket.estimated_wait_p90_seconds = std::max(answer.estimated_wait_seconds, answer.estimated_wait_p90_seconds);
  return ticket;
}

Reply<Done> may_cancel(const TicketOwners& ticket, const std::optional<PartyState>& party, PlayerId caller) {
  const auto& players = ticket.players;
  const bool plays = std::find(players.begin(), players.end(), caller) != players.end();
  const bool leads = party && party->party.leader_id == caller;
  if (!plays && !leads) return refuse(Code::not_found, "there is no such ticket");
  if (party && !leads) return refuse(Code::not_leader, "only the party's leader may cancel its ticket");
  return Done{};
}

Reply<TicketId> ticket_to_cancel(const PartyState& state, PlayerId caller) {
  if (auto leads = require_leader(state.party, caller); !leads) return fail(std::move(leads).error());
  if (!state.party.ticket_id) return refuse(Code::not_queued, "the party is not queued");
  return *state.party.ticket_id;
}

}  // namespace mm::lobby
