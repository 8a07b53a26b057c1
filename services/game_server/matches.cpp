#include "services/game_server/matches.h"

#include "common/runtime/log.h"

namespace mm::game {

Matches::Matches(asio::io_context& io, GatewayClient& gateway, Seconds length, std::function<void(MatchId)> ended)
    : hosting_{io, gateway, length, [this](MatchId match) { remove(match); }}, ended_(std::move(ended)) {}

std::optional<std::string> Matches::host(HandOver match) {
  const auto id = match.match_id;
  if (matches_.contains(id)) return std::nullopt;
  if (ended_ids_.contains(id)) return "the match has ended on this server";
  if (matches_.size() >= static_cast<std::size_t>(kMatchesPerServer)) return "no slot is free";
  auto gateway = parse_gateway_url(match.gateway_url);
  if (!gateway) return "gateway_url is not http://host:port";
  auto hosted = std::make_shared<HostedMatch>(hosting_, *std::move(gateway), std::move(match));
  matches_.emplace(id, hosted);
  log::debug("match_hosted", {{"match_id", id}});
  hosted->start();
  return std::nullopt;
}

void Matches::end(MatchId match) {
  remember_ended(match);
  if (const auto hosted = find(match)) hosted->drop();
}

std::shared_ptr<HostedMatch> Matches::find(MatchId match) const {
  const auto found = matches_.find(match);
  return found == matches_.end() ? nullptr : found->second;
}

std::vector<MatchId> Matches::hosted() const {
  std::vector<MatchId> ids;
  for (const auto& [id, match] : matches_) ids.push_back(id);
  return ids;
}

void Matches::remove(MatchId match) {
  remember_ended(match);
  matches_.erase(match);
  log::debug("match_ended", {{"match_id", match}});
  ended_(match);
}

void Matches::remember_ended(MatchId match) {
  if (!ended_ids_.insert(match).second) return;
  oldest_first_.push_back(match);
  if (oldest_first_.size() <= kMaxEndedIds) return;
  ended_ids_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

}  // namespace mm::game
