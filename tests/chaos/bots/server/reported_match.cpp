#include "tests/chaos/bots/server/reported_match.h"

#include <algorithm>
#include <utility>

#include "common/contracts/session.h"
#include "tests/chaos/bots/retry.h"

namespace mm::chaos {
namespace {

constexpr double kDrawShare = 0.1;
constexpr Milliseconds kHeartbeatRetry{1'000};
constexpr int kMaxHeartbeatSeconds = 30;

struct PlacedPlayer {
  PlayerId player;
  int team = 0;
};
template <class F>
void describe(F& f, PlacedPlayer& m) {
  f("player", m.player);
  f("team", m.team);
}

Milliseconds next_heartbeat(const HttpAnswer& answer) {
  const auto read = wire::decode<HeartbeatAnswer>(answer.body, wire::Unknown::ignored);
  return Seconds(std::clamp(read ? read->next_heartbeat_seconds : 5, 1, kMaxHeartbeatSeconds));
}

Fields answer_fields(const HttpAnswer& answer) {
  Fields fields;
  if (answer.status != 0) fields.add("status", answer.status);
  if (const auto code = answer.code(); !code.empty()) fields.add("code", code);
  return fields;
}

}  // namespace

ReportedMatch::ReportedMatch(const Hosting& hosting, GatewayAddress gateway, game::HandOver match)
    : hosting_(hosting),
      gateway_(std::move(gateway)),
      match_(std::move(match)),
      heartbeat_timer_(hosting.io),
      game_timer_(hosting.io) {}

void ReportedMatch::start() {
  std::vector<PlacedPlayer> players;
  for (std::size_t team = 0; team < match_.teams.size(); ++team) {
    for (const auto& player : match_.teams[team]) players.push_back({player, static_cast<int>(team)});
  }
  Fields fields;
  fields.add("match", match_.match_id)
      .add("server", hosting_.server)
      .add("mode", match_.mode)
      .add("region", match_.region);
  hosting_.history.fact("hosted", fields.add("players", players));
  send_heartbeat();
  after(game_timer_, hosting_.length, [this] { finish(); });
}

void ReportedMatch::end() {
  give_up_slot();
  if (!played_) close();
}

void ReportedMatch::send_heartbeat() {
  Fields body;
  body.add("player_count", 0).add("status", played_ ? ServerPhase::ending : ServerPhase::running);
  const auto operation = hosting_.history.begin("heartbeat", Fields().add("match", match_.match_id));
  hosting_.http.send(gateway_, request("heartbeat", "{" + body.text().substr(1) + "}"),
                     [self = shared_from_this(), operation](const HttpAnswer& answer) {
                       const auto phase = phase_of(answer.status);
                       self->hosting_.history.end(operation, "heartbeat", phase, answer_fields(answer));
                       if (self->closed_ || self->slot_free_) return;
                       // A match that has ended before its result was cancelled.
                       const bool over = phase == Phase::fail && !is_temporary(answer.status, answer.code());
                       if (over && !self->played_) return self->close();
                       if (over) return;
                       const auto wait = phase == Phase::ok ? next_heartbeat(answer) : kHeartbeatRetry;
                       self->after(self->heartbeat_timer_, wait, [match = self.get()] { match->send_heartbeat(); });
                     });
}

void ReportedMatch::finish() {
  played_ = true;
  const auto teams = match_.teams.size();
  winner_ = static_cast<int>(hosting_.random.chance(kDrawShare) ? teams : hosting_.random.below(teams));
  with_stats_ = hosting_.random.chance(0.5);
  plan_ = plan_reports(hosting_.reports, hosting_.random);
  run_step();
}

// Begins all reports of the next step.
void ReportedMatch::run_step() {
  step_ = plan_[next_].step;
  std::vector<std::shared_ptr<Report>> reports;
  for (; next_ < plan_.size() && plan_[next_].step == step_; ++next_) {
    const auto report = std::make_shared<Report>();
    report->number = ++reported_;
    report->differs = plan_[next_].differs;
    report->body = result(report->differs);
    report->began = std::chrono::steady_clock::now();
    reports.push_back(report);
  }
  open_ = static_cast<int>(reports.size());
  for (const auto& report : reports) attempt(report);
}

void ReportedMatch::attempt(const std::shared_ptr<Report>& report) {
  ++report->attempts;
  Fields fields;
  fields.add("match", match_.match_id).add("hash", hash_of(report->body)).add("copy", report->number);
  fields.add_json("result", report->body);
  if (report->differs) fields.add("differs", true);
  const auto operation = hosting_.history.begin("report", fields);
  hosting_.http.send(gateway_, request("result", report->body),
                     [self = shared_from_this(), report, operation](const HttpAnswer& answer) {
                       self->answered(report, operation, answer);
                     });
}

void ReportedMatch::answered(const std::shared_ptr<Report>& report, std::int64_t operation, const HttpAnswer& answer) {
  hosting_.history.end(operation, "report", phase_of(answer.status), answer_fields(answer));
  const auto code = answer.code();
  EndedAttempt ended;
  ended.status = answer.status;
  ended.code = code;
  ended.number = report->attempts;
  ended.since_first = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - report->began);
  ended.retry_after_seconds = answer.retry_after_seconds;
  ended.jitter = hosting_.random.fraction();
  ended.budget = kReportTimeout;
  const auto wait = retry_delay(ended);
  if (!wait) return settled();
  const auto timer = std::make_shared<asio::steady_timer>(hosting_.io, *wait);
  timer->async_wait([self = shared_from_this(), report, timer](ErrorCode error) {
    if (!error && !self->closed_) self->attempt(report);
  });
}

void ReportedMatch::settled() {
  if (--open_ > 0) return;
  give_up_slot();
  if (next_ == plan_.size()) return close();
  after(game_timer_, plan_[next_].wait, [this] { run_step(); });
}

void ReportedMatch::give_up_slot() {
  if (std::exchange(slot_free_, true)) return;
  heartbeat_timer_.cancel();
  hosting_.on_played(match_.match_id);
}

void ReportedMatch::close() {
  if (std::exchange(closed_, true)) return;
  give_up_slot();
  heartbeat_timer_.cancel();
  game_timer_.cancel();
  hosting_.on_finished(match_.match_id);
}

HttpRequest ReportedMatch::request(const std::string& what, const std::string& body) const {
  return {"POST", "/v1/session/" + match_.match_id.to_string() + "/" + what, match_.server_token, {}, body};
}

std::string ReportedMatch::result(bool differs) const {
  const auto outcomes = static_cast<int>(match_.teams.size()) + 1;  // a team wins, or there is a draw
  const int winner = differs ? (winner_ + 1) % outcomes : winner_;
  Fields body;
  if (winner == outcomes - 1) body.add_json("winning_team", "null");
  else body.add("winning_team", winner);
  body.add("duration_seconds", static_cast<double>(hosting_.length.count()) / 1000);
  if (with_stats_) {
    std::string entries;
    for (const auto& team : match_.teams) {
      for (const auto& player : team) {
        Fields entry;
        entry.add("player_id", player).add("score", static_cast<int>(entries.size() % 50));
        entries += (entries.empty() ? "{" : ",{") + entry.text().substr(1) + "}";
      }
    }
    body.add_json("player_stats", "[" + entries + "]");
  }
  return "{" + body.text().substr(1) + "}";
}

void ReportedMatch::after(asio::steady_timer& timer, Milliseconds wait, std::function<void()> then) {
  timer.expires_after(wait);
  timer.async_wait([self = shared_from_this(), then = std::move(then)](ErrorCode error) {
    if (!error && !self->closed_) then();
  });
}

}  // namespace mm::chaos
