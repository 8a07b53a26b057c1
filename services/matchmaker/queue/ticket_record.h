// A ticket as stored in its Redis hash, and the text formats of its fields (common/protocol/README.md). No I/O.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/matchmaker.h"
#include "services/matchmaker/matching/ticket/ticket.h"
#include "services/matchmaker/queue/bucket.h"

namespace mm::matchmaker {

enum class TicketState { queued, matched, cancelled, timed_out, missing };

struct TicketRecord {
  TicketId id;
  TicketState state = TicketState::missing;
  std::vector<TicketPlayer> players;
  std::optional<PartyId> party;
  std::optional<Mode> mode;
  std::optional<Region> region;
  int team_size = 1;
  std::optional<Latencies> latencies;
  std::string first_bucket;
  std::string partition;
  BucketMs queued_at = 0;
  BucketMs deadline = 0;
  BucketMs matched_at = 0;
  BucketMs ready_at = 0;       ///< when its match got a server
  BucketMs spent_matched = 0;  ///< time in matches that failed; queued_at and deadline have been moved by it
  BucketMs ended_at = 0;
  int attempt = 0;
  std::int64_t change = 0;
  std::optional<MatchId> match_id;
};

/// `<player>|<mmr>|<deviation>`, joined by commas.
std::string players_text(const std::vector<TicketPlayer>& players);
std::vector<TicketPlayer> parse_players(std::string_view text);

/// `<region>=<ms>`, joined by commas.
std::string latencies_text(const Latencies& latencies);
Latencies parse_latencies(std::string_view text);

TicketState state_named(std::string_view name);

/// The fields of the hash that planning needs.
const std::vector<std::string>& planned_fields();
void assign_field(TicketRecord& ticket, std::string_view field, std::string_view value);

/// The planner's form of a ticket.
matching::PoolTicket to_pool_ticket(const TicketRecord& ticket);

/// The shortest text that parses to an equal value.
std::string number_text(double value);
std::int64_t integer_of(std::string_view text);
double real_of(std::string_view text);

}  // namespace mm::matchmaker
