#include "services/matchmaker/requests/admission.h"

#include <algorithm>
#include <set>

#include "common/security/secrets.h"
#include "services/matchmaker/matching/rules/quality.h"
#include "services/matchmaker/matching/ticket/latency.h"
#include "services/matchmaker/matching/ticket/party_spread.h"
#include "services/matchmaker/matching/ticket/rating.h"

namespace mm::matchmaker {
namespace {

Failure<Problem> unknown_mode() { return refuse_field("/mode", "is not a mode of this game", Code::unknown_mode); }

Failure<Problem> given_twice(const std::string& pointer) { return refuse_field(pointer, "is given twice"); }

/// The regions in which the ticket may play, lowest latency first; among equals the requested region comes first.
std::vector<Region> playable_regions(const Enqueue& request, const ModeRules& rules) {
  if (!request.latencies || request.latencies->empty()) return {request.region};
  std::vector<std::pair<double, Region>> near;
  for (const auto& [region, ms] : *request.latencies) {
    if (matching::opens_after_ms(rules, *request.latencies, region)) near.emplace_back(ms, region);
  }
  std::sort(near.begin(), near.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    if ((a.second == request.region) != (b.second == request.region)) return a.second == request.region;
    return a.second < b.second;
  });
  std::vector<Region> regions;
  for (auto& [ms, region] : near) regions.push_back(std::move(region));
  return regions;
}

/// Identifies a repeated request: players, bucket, party and latencies. Ratings and party version are left out, because
/// a caller that retries stamps them anew.
std::string content_hash(const Enqueue& request, int team_size) {
  std::vector<std::string> players;
  for (const auto& player : request.players) players.push_back(player.player_id.to_string());
  std::sort(players.begin(), players.end());
  std::string text = request.mode.str() + '|' + request.region.str() + '|' + std::to_string(team_size) + '|' +
                     (request.party_id ? request.party_id->to_string() : "") + '|' +
                     latencies_text(request.latencies.value_or(Latencies{}));
  for (const auto& player : players) text += '|' + player;
  return security::sha256_hex(text).substr(0, 32);
}

std::optional<Failure<Problem>> check_players(const Enqueue& request, const ModeRules& rules, int team_size) {
  if (request.players.size() > static_cast<std::size_t>(team_size)) {
    return refuse_field("/players", "has more players than a team of " + std::to_string(team_size),
                        Code::party_too_large);
  }
  std::set<PlayerId> seen;
  for (std::size_t i = 0; i < request.players.size(); ++i) {
    if (!seen.insert(request.players[i].player_id).second) {
      return given_twice("/players/" + std::to_string(i) + "/player_id");
    }
  }
  if (!matching::party_spread_allowed(rules, request.players)) {
    return refuse_field("/players", "has ratings more than " + number_text(*rules.max_party_spread) + " apart",
                        Code::party_spread_too_wide);
  }
  return std::nullopt;
}

}  // namespace

Reply<NewTicket> admit(const Enqueue& request, const Tenant& tenant, const ModeTable& modes, TimePoint now) {
  const auto* rules = modes.find(request.mode);
  if (rules == nullptr) return unknown_mode();
  const int team_size = rules->team_size_or_default(request.team_size);
  if (!rules->has_team_size(team_size)) {
    return refuse_field("/team_size", "is not a team size of this mode", Code::invalid_team_size);
  }
  if (auto refused = check_players(request, *rules, team_size)) return std::move(*refused);
  if (request.party_version && !request.party_id) return refuse_field("/party_version", "needs party_id");
  const auto regions = playable_regions(request, *rules);
  if (regions.empty()) {
    return refuse_field("/latencies", "names no region that is near enough for this mode", Code::no_playable_region);
  }

  NewTicket ticket;
  ticket.admitted_at = now;
  ticket.id = request.ticket_id ? *request.ticket_id : TicketId::fresh(now);
  ticket.tenant = tenant;
  ticket.content = content_hash(request, team_size);
  ticket.players = request.players;
  ticket.party = request.party_id;
  ticket.party_version = request.party_version;
  ticket.mode = request.mode;
  ticket.region = regions.front();
  ticket.team_size = team_size;
  ticket.latencies = request.latencies.value_or(Latencies{});
  for (const auto& region : regions) ticket.buckets.push_back(Bucket{tenant, request.mode, region, team_size}.text());
  ticket.max_wait = std::chrono::duration_cast<Milliseconds>(std::chrono::duration<double>(rules->max_wait_seconds));
  return ticket;
}

namespace {

matching::TeamStrength strength_of(const std::vector<TicketPlayer>& players) {
  matching::TeamStrength strength;
  for (const auto& player : players) {
    strength.rating_sum += player.mmr;
    strength.variance_sum += player.deviation * player.deviation;
  }
  return strength;
}

/// Quality of the strongest team against the weakest, as for matches found in the queue.
double quality_of(const std::vector<std::vector<TicketPlayer>>& teams, double spread) {
  const auto weaker = [](const auto& a, const auto& b) { return matching::mean_rating(a) < matching::mean_rating(b); };
  const auto [weakest, strongest] = std::minmax_element(teams.begin(), teams.end(), weaker);
  return matching::quality(
      spread, matching::advantage(strength_of(*strongest), strength_of(*weakest), static_cast<int>(weakest->size())));
}

}  // namespace

Reply<MatchFound> admit_match(const MakeMatch& request, const Tenant& tenant, const ModeTable& modes, TimePoint now) {
  const auto* rules = modes.find(request.mode);
  if (rules == nullptr) return unknown_mode();
  if (request.teams.size() != static_cast<std::size_t>(rules->teams)) {
    return refuse_field("/teams", "must be " + std::to_string(rules->teams) + " teams");
  }
  MatchFound found;
  found.team_size = static_cast<int>(request.teams.front().size());
  std::set<PlayerId> seen;
  double low = limits::kMaxRating;
  double high = -limits::kMaxRating;
  for (std::size_t t = 0; t < request.teams.size(); ++t) {
    const auto& players = request.teams[t];
    const auto pointer = "/teams/" + std::to_string(t);
    if (static_cast<int>(players.size()) != found.team_size || !rules->has_team_size(found.team_size)) {
      return refuse_field(pointer, "is not of a team size of this mode", Code::invalid_team_size);
    }
    auto& team = found.teams.emplace_back();
    team.mmr = matching::mean_rating(players);
    for (std::size_t i = 0; i < players.size(); ++i) {
      const auto& player = players[i];
      if (!seen.insert(player.player_id).second) {
        return given_twice(pointer + "/" + std::to_string(i) + "/player_id");
      }
      low = std::min(low, player.mmr);
      high = std::max(high, player.mmr);
      team.players.push_back({player.player_id, std::nullopt, std::nullopt, player.mmr, 0});
    }
  }
  found.match_id = request.match_id ? *request.match_id : MatchId::fresh(now);
  found.tenant = tenant;
  found.mode = request.mode;
  found.region = request.region;
  found.source = MatchSource::challenge;
  found.created_at = now;
  found.mmr_spread = high - low;
  found.quality = quality_of(request.teams, found.mmr_spread);
  return found;
}

}  // namespace mm::matchmaker
