#include "services/session/match_notifier.h"

#include "common/contracts/frames.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"

namespace mm::session {
namespace {

void log_change(const Match& match) {
  const trace::Scope scope(trace::of_match(match.id));
  switch (match.status) {
    case MatchStatus::ready:
      return log::info("match_ready",
                       {{"match_id", match.id}, {"tenant", match.tenant}, {"server_endpoint", match.server_endpoint}});
    case MatchStatus::completed:
    case MatchStatus::cancelled:
      return log::info("match_ended", {{"match_id", match.id},
                                       {"tenant", match.tenant},
                                       {"status", text_of(match.status)},
                                       {"reason", match.reason ? text_of(*match.reason) : std::string_view{}}});
    default: return;
  }
}

}  // namespace

MatchNotifier::MatchNotifier(bus::Bus& bus, bus::Notifier& players, const Tokens& tokens, Metrics& metrics)
    : bus_(bus),
      players_(players),
      tokens_(tokens),
      metrics_(metrics),
      queue_({.queued = kMaxQueued}, metrics.dropped, [this](const auto& batch) { notify(batch.front()); }) {}

void MatchNotifier::status_changed(const Match& match, std::optional<MatchStatus> from) {
  metrics_.entered.at(match.status).add();
  log_change(match);
  queue_.add({match, from});
}

void MatchNotifier::notify(const Change& change) {
  notify_players(change.match);
  SessionStateChanged event{change.match.id, change.match.tenant, change.from, change.match.status};
  if (!bus_.publish(event)) metrics_.dropped.add();
}

void MatchNotifier::notify_players(const Match& match) {
  switch (match.status) {
    case MatchStatus::allocating:
    case MatchStatus::loading:
    case MatchStatus::running: return;
    case MatchStatus::ready: return send_ready(match);
    case MatchStatus::completed: return send_completed(match);
    case MatchStatus::cancelled: return;  // matchmaker notifies them: it knows who searches again
  }
}

void MatchNotifier::send_ready(const Match& match) {
  std::vector<bus::Notifier::Frame> frames;
  for (auto player : players_of(match.teams)) {
    const frames::SessionReady data{match.id, match.server_endpoint, match.server_url,
                                    tokens_.join_token(match, player), Tokens::expires_at(match)};
    frames.push_back({player, frames::SessionReady::kEvent, wire::encode(data)});
  }
  players_.send(match.tenant, frames);
}

void MatchNotifier::send_completed(const Match& match) {
  const auto result = wire::decode<MatchCompleted>(match.ended_event, wire::Unknown::ignored, bus::Bus::kTrusted);
  if (!result) return;
  const frames::MatchCompletedFrame data{match.id, result->winning_team, result->duration_seconds};
  players_.notify(match.tenant, players_of(match.teams), data);
}

}  // namespace mm::session
