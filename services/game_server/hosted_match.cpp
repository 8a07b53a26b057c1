#include "services/game_server/hosted_match.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "common/wire/codec.h"
#include "services/game_server/bodies.h"
#include "services/game_server/core/match_outcome.h"

namespace mm::game {
namespace {

constexpr int kMaxHeartbeatSeconds = 30;

TimePoint wall_now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }
SteadyPoint steady_now() { return std::chrono::steady_clock::now(); }

Seconds next_heartbeat(const std::string& body) {
  const auto answer = wire::decode<HeartbeatAnswer>(body, wire::Unknown::ignored);
  return Seconds(std::clamp(answer ? answer->next_heartbeat_seconds : 5, 1, kMaxHeartbeatSeconds));
}

}  // namespace

HostedMatch::HostedMatch(const Hosting& hosting, GatewayAddress gateway, HandOver match)
    : hosting_(hosting),
      gateway_(std::move(gateway)),
      match_(std::move(match)),
      join_tokens_({match_.join_key}),
      heartbeat_timer_(hosting.io),
      game_timer_(hosting.io),
      started_(steady_now()) {
  for (const auto& team : match_.teams) roster_.insert(team.begin(), team.end());
}

void HostedMatch::start() {
  send_heartbeat();
  after(game_timer_, hosting_.length, &HostedMatch::finish);
}

void HostedMatch::drop() { close(); }

std::optional<PlayerId> HostedMatch::join(std::string_view token, std::shared_ptr<PlayerLink> link) {
  const auto claims = join_tokens_.verify_join(token, wall_now());
  if (!claims || claims->match != match_.match_id || !roster_.contains(claims->player)) return std::nullopt;
  if (!running_) return std::nullopt;
  auto& place = joined_[claims->player];
  if (place) place->close(kCloseReplaced);
  place = std::move(link);
  return claims->player;
}

void HostedMatch::broadcast(PlayerId from, std::string_view data) {
  const ServerFrame frame{"message", from, fields::RawJson{std::string(data)}};
  const auto text = std::make_shared<const std::string>(wire::encode(frame));
  // A copy, because send() may remove a player who reads too slowly.
  const auto everyone = joined_;
  for (const auto& [player, link] : everyone) {
    if (player != from) link->send(text);
  }
}

void HostedMatch::leave(PlayerId player, const PlayerLink* link) {
  const auto found = joined_.find(player);
  if (found != joined_.end() && found->second.get() == link) joined_.erase(found);
}

void HostedMatch::send_heartbeat() {
  const HeartbeatBody body{static_cast<int>(joined_.size()), running_ ? ServerPhase::running : ServerPhase::ending};
  hosting_.gateway.post(gateway_, request("heartbeat", wire::encode(body)),
                        answer_to(&HostedMatch::on_heartbeat_answer));
}

void HostedMatch::on_heartbeat_answer(const GatewayClient::Answer& answer) {
  switch (report_outcome(answer.status)) {
    case ReportOutcome::accepted:
      failed_heartbeats_ = 0;
      return after(heartbeat_timer_, next_heartbeat(answer.body), &HostedMatch::send_heartbeat);
    case ReportOutcome::retry:
      ++failed_heartbeats_;
      return after(heartbeat_timer_,
                   retry_delay(failed_heartbeats_, random_fraction(match_.match_id, 1), answer.retry_after_seconds),
                   &HostedMatch::send_heartbeat);
    case ReportOutcome::refused:
      // The match was cancelled or has ended, so its result is not needed.
      log::warning("heartbeat_refused", {{"match_id", match_.match_id}, {"status", answer.status}});
      return close();
  }
}

void HostedMatch::finish() {
  running_ = false;
  for (const auto& [player, link] : std::exchange(joined_, {})) link->close(kCloseOver);
  ResultBody body;
  body.winning_team = winner(match_.match_id, match_.teams.size(), match_.ratings);
  body.duration_seconds = std::chrono::duration<double>(steady_now() - started_).count();
  body.player_stats = stats_of(match_.match_id, match_.teams, *body.winning_team);
  result_ = wire::encode(body);
  report_until_ = steady_now() + kReportTimeout;
  send_result();
}

void HostedMatch::send_result() {
  hosting_.gateway.post(gateway_, request("result", result_), answer_to(&HostedMatch::on_result_answer));
}

void HostedMatch::on_result_answer(const GatewayClient::Answer& answer) {
  switch (report_outcome(answer.status)) {
    case ReportOutcome::accepted: return close();
    case ReportOutcome::retry:
      if (steady_now() < report_until_) {
        ++failed_reports_;
        return after(game_timer_,
                     retry_delay(failed_reports_, random_fraction(match_.match_id, 2), answer.retry_after_seconds),
                     &HostedMatch::send_result);
      }
      [[fallthrough]];
    case ReportOutcome::refused:
      log::warning("result_given_up", {{"match_id", match_.match_id}, {"status", answer.status}});
      return close();
  }
}

void HostedMatch::close() {
  if (std::exchange(closed_, true)) return;
  running_ = false;
  heartbeat_timer_.cancel();
  game_timer_.cancel();
  for (const auto& [player, link] : std::exchange(joined_, {})) link->close(kCloseOver);
  hosting_.on_end(match_.match_id);
}

GatewayClient::Request HostedMatch::request(std::string_view what, std::string body) const {
  return {"/v1/session/" + match_.match_id.to_string() + "/" + std::string(what), match_.server_token, std::move(body)};
}

void HostedMatch::after(asio::steady_timer& timer, Milliseconds wait, void (HostedMatch::*then)()) {
  timer.expires_after(wait);
  timer.async_wait([match = weak_from_this(), then](ErrorCode error) {
    const auto self = match.lock();
    if (!error && self && !self->closed_) (*self.*then)();
  });
}

GatewayClient::Handler HostedMatch::answer_to(void (HostedMatch::*then)(const GatewayClient::Answer&)) {
  return [match = weak_from_this(), then](const GatewayClient::Answer& answer) {
    const auto self = match.lock();
    if (self && !self->closed_) (*self.*then)(answer);
  };
}

}  // namespace mm::game
