#include "services/matchmaker/queue/ticket_record.h"

#include <charconv>

namespace mm::matchmaker {
namespace {

/// Calls `visit` with each piece of `text` between separators.
template <class Visit>
void split(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto at = text.find(separator);
    visit(text.substr(0, at));
    if (at == std::string_view::npos) return;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return {text, end};
}

std::int64_t integer_of(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double real_of(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string players_text(const std::vector<TicketPlayer>& players) {
  std::string text;
  for (const auto& player : players) {
    if (!text.empty()) text += ',';
    text += player.player_id.to_string();
    text += '|';
    text += number_text(player.mmr);
    text += '|';
    text += number_text(player.deviation);
  }
  return text;
}

std::vector<TicketPlayer> parse_players(std::string_view text) {
  std::vector<TicketPlayer> players;
  split(text, ',', [&](std::string_view one) {
    const auto first = one.find('|');
    const auto second = one.find('|', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return;
    const auto id = PlayerId::parse(one.substr(0, first));
    if (!id) return;
    players.push_back({*id, real_of(one.substr(first + 1, second - first - 1)), real_of(one.substr(second + 1))});
  });
  return players;
}

std::string latencies_text(const Latencies& latencies) {
  std::string text;
  for (const auto& [region, ms] : latencies) {
    if (!text.empty()) text += ',';
    text += region.str() + '=' + number_text(ms);
  }
  return text;
}

Latencies parse_latencies(std::string_view text) {
  Latencies latencies;
  split(text, ',', [&](std::string_view one) {
    const auto equals = one.find('=');
    if (equals == std::string_view::npos) return;
    if (auto region = Region::parse(one.substr(0, equals))) latencies[*region] = real_of(one.substr(equals + 1));
  });
  return latencies;
}

TicketState state_named(std::string_view name) {
  if (name == "queued") return TicketState::queued;
  if (name == "matched") return TicketState::matched;
  if (name == "cancelled") return TicketState::cancelled;
  if (name == "timed_out") return TicketState::timed_out;
  return TicketState::missing;
}

const std::vector<std::string>& planned_fields() {
  // Never destroyed: if a process exits while the matchmaker is running, the tick thread still reads it.
  static const auto* const fields = new std::vector<std::string>{
      "state", "players", "party", "latencies", "buckets", "queued_at", "deadline", "attempt", "change"};
  return *fields;
}

void assign_field(TicketRecord& ticket, std::string_view field, std::string_view value) {
  if (field == "state") ticket.state = state_named(value);
  else if (field == "players") ticket.players = parse_players(value);
  else if (field == "party") ticket.party = PartyId::parse(value);
  else if (field == "mode") ticket.mode = Mode::parse(value);
  else if (field == "region") ticket.region = Region::parse(value);
  else if (field == "size") ticket.team_size = static_cast<int>(integer_of(value));
  else if (field == "latencies" && !value.empty()) ticket.latencies = parse_latencies(value);
  else if (field == "buckets") ticket.first_bucket = value.substr(0, value.find(','));
  else if (field == "partition") ticket.partition = value;
  else if (field == "queued_at") ticket.queued_at = integer_of(value);
  else if (field == "deadline") ticket.deadline = integer_of(value);
  else if (field == "attempt") ticket.attempt = static_cast<int>(integer_of(value));
  else if (field == "change") ticket.change = integer_of(value);
  else if (field == "match_id") ticket.match_id = MatchId::parse(value);
  else if (field == "matched_at") ticket.matched_at = integer_of(value);
  else if (field == "ready_at") ticket.ready_at = integer_of(value);
  else if (field == "spent_matched") ticket.spent_matched = integer_of(value);
  else if (field == "ended_at") ticket.ended_at = integer_of(value);
}

matching::PoolTicket to_pool_ticket(const TicketRecord& ticket) {
  matching::PoolTicket out;
  out.id = ticket.id;
  out.attempt = ticket.attempt;
  out.change = ticket.change;
  out.party = ticket.party;
  out.players = ticket.players;
  out.queued_at = ticket.queued_at;
  out.deadline = ticket.deadline;
  out.latencies = ticket.latencies;
  return out;
}

}  // namespace mm::matchmaker
