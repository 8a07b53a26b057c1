// A bot's tickets and matches.
#include <map>

#include "common/contracts/session.h"
#include "tests/chaos/bots/bot.h"

namespace mm::chaos {
namespace {

constexpr Seconds kLongWait{20};
constexpr double kSeparateRegionShare = 0.1;

Fields read_ticket_id(const HttpAnswer& answer) {
  const auto ticket = read_as<Ticket>(answer);
  return ticket ? Fields().add("ticket", ticket->ticket_id) : malformed();
}

Fields read_ticket_state(const HttpAnswer& answer) {
  const auto ticket = read_as<Ticket>(answer);
  if (!ticket) return malformed();
  return Fields().add("state", ticket->status).add("match", ticket->match_id).add("waited_ms", ticket->waited_ms);
}

Fields read_match_view(const HttpAnswer& answer) {
  const auto view = read_as<MatchView>(answer);
  if (!view) return malformed();
  return Fields()
      .add("match_state", view->status)
      .add("team", view->team)
      .add("endpoint", view->server_endpoint)
      .add("has_token", view->join_token.has_value());
}

/// The members of a request to enter the queue that its history line has, too.
Fields queue_fields(World& world, std::size_t players, const std::string& region) {
  std::vector<PlayableMode> fitting;
  for (const auto& mode : world.modes) {
    if (static_cast<std::size_t>(mode.team_sizes.back()) >= players) fitting.push_back(mode);
  }
  // Sometimes a mode whose teams are too small, so that the request is refused.
  const bool any = fitting.empty() || world.random.chance(0.05);
  const auto& mode = world.random.of(any ? world.modes : fitting);
  std::vector<int> sizes;
  for (const int size : mode.team_sizes) {
    if (static_cast<std::size_t>(size) >= players) sizes.push_back(size);
  }
  // Small teams are more frequent, because they are matched sooner.
  int size = mode.team_sizes.back();
  if (!sizes.empty())
    size = sizes[world.random.chance(0.6) ? 0 : world.random.below(std::min<std::size_t>(sizes.size(), 3))];
  Fields fields;
  fields.add("mode", mode.mode).add("team_size", size).add("region", region);
  if (world.random.chance(kSeparateRegionShare)) {
    std::map<std::string, double> latencies{{"eu-west", 10.0 + static_cast<double>(world.random.below(90))},
                                            {"us-east", 10.0 + static_cast<double>(world.random.below(90))}};
    fields.add("latencies", latencies);
  }
  return fields;
}

}  // namespace

void Bot::add_queue_actions(Choice& choice) {
  const auto now = std::chrono::steady_clock::now();
  if (match_) return choice.add(1, [this] { queue_alone(); });  // refused
  if (ticket_) {
    const bool may_cancel = !party_ || leads();
    const double weight = now - waits_since_ > kLongWait ? 15 : 3;
    if (may_cancel && party_ && world_.random.chance(0.3)) choice.add(weight, [this] { cancel_party(); });
    else if (may_cancel) choice.add(weight, [this] { cancel(*ticket_); });
    choice.add(0.5, [this] { queue_alone(); });  // refused
    return;
  }
  if (!party_) choice.add(45, [this] { queue_alone(); });
}

void Bot::queue_alone() {
  const auto fields = queue_fields(world_, 1, region_);
  auto operation = writing("enqueue", "POST", "/v1/matchmaking/queue", fields);
  operation.fields.add("players", std::vector<std::string>{player_}).add_all(fields);
  operation.read = read_ticket_id;
  if (world_.random.chance(0.04)) operation.copies = 3;
  start(std::move(operation), [this](const Outcome& outcome) { after_enqueue(outcome, false); });
}

void Bot::queue_party() {
  std::vector<PlayerId> players;
  for (const auto& member : party_->members) players.push_back(member.player_id);
  const auto fields = queue_fields(world_, players.size(), party_->region.str());
  auto body = fields;
  body.add("party_id", party_->party_id);
  auto operation = writing("enqueue", "POST", "/v1/party/queue", body);
  operation.fields.add("party", party_->party_id).add("version", party_->version).add("players", players);
  operation.fields.add_all(fields);
  operation.read = read_ticket_id;
  const auto member = world_.random.chance(0.15) ? other_member() : std::string();
  start(std::move(operation), [this](const Outcome& outcome) { after_enqueue(outcome, true); });
  for (const auto& bot : world_.bots) {
    if (member.empty() || bot->player() != member) continue;
    world_.requests.submit([other = bot.get()] { other->disturb_party(); });
  }
}

void Bot::after_enqueue(const Outcome& outcome, bool in_party) {
  if (!outcome.ok()) {
    doubtful_ = doubtful_ || outcome.answer.status == 409;
    return;
  }
  const auto ticket = read_as<Ticket>(outcome.answer);
  if (!ticket || match_) return;
  ticket_ = ticket->ticket_id.to_string();
  waits_since_ = std::chrono::steady_clock::now();
  if (in_party || !world_.random.chance(0.12)) return;
  // Cancels within the next ticks, so that the cancellation races with a match.
  const auto when = waits_since_ + Milliseconds(world_.random.below(300));
  world_.schedule.at(when, [this, id = *ticket_] {
    if (!busy_ && login_ && !world_.draining) cancel(id);
  });
}

void Bot::cancel(const std::string& ticket) {
  auto operation = writing("cancel", "DELETE", "/v1/matchmaking/queue/" + ticket);
  operation.fields.add("ticket", ticket);
  start(std::move(operation), [this](const Outcome& outcome) { after_cancel(outcome); });
}

// The line has no ticket: the gateway cancels the ticket that the party has when the request arrives.
void Bot::cancel_party() {
  const auto party = party_->party_id.to_string();
  auto operation = writing("cancel", "DELETE", "/v1/party/queue?party_id=" + party);
  operation.fields.add("party", party);
  start(std::move(operation), [this](const Outcome& outcome) { after_cancel(outcome); });
}

void Bot::after_cancel(const Outcome& outcome) {
  if (outcome.ok()) ticket_.reset();
  else if (outcome.phase_of_answer() == Phase::fail) ticket_.reset(), doubtful_ = true;
}

void Bot::read_ticket() {
  const auto id = *ticket_;
  auto operation = reading("ticket", "/v1/matchmaking/queue/" + id);
  operation.fields.add("ticket", id);
  operation.read = read_ticket_state;
  start(std::move(operation), [this, id](const Outcome& outcome) {
    const auto ticket = outcome.ok() ? read_as<Ticket>(outcome.answer) : std::nullopt;
    const bool gone = outcome.answer.status == 404 || (ticket && ticket->status != TicketStatus::searching);
    if (gone && ticket_ == id) ticket_.reset(), doubtful_ = !match_;
  });
}

void Bot::read_match(const std::string& match) {
  auto operation = reading("match", "/v1/session/" + match);
  operation.fields.add("match", match);
  operation.read = read_match_view;
  start(std::move(operation), [this, match](const Outcome& outcome) {
    const auto view = outcome.ok() ? read_as<MatchView>(outcome.answer) : std::nullopt;
    const bool over = outcome.answer.status == 404 || (view && is_over(view->status));
    if (over && match_ == match) match_.reset();
  });
}

void Bot::on_match_found(const std::string& match) {
  const auto now = std::chrono::steady_clock::now();
  world_.stats.match_found(match, now);
  world_.latest_match = match;
  match_ = match;
  matched_ticket_ = std::exchange(ticket_, std::nullopt);
  at_rest_ = false;
  if (world_.draining) return;
  if (matched_ticket_ && world_.random.chance(0.05) && !busy_ && login_) return cancel(*matched_ticket_);  // too late
  if (!world_.random.chance(0.3)) return;
  // The server and the join token must be there within 2 s.
  world_.schedule.at(now + Milliseconds(world_.random.below(2'500)), [this, match] {
    if (!busy_ && login_ && match_ == match) read_match(match);
  });
}

void Bot::adopt(const std::optional<Party>& party, const std::optional<Ticket>& ticket, const std::string& live_match) {
  party_ = party;
  if (live_match.empty()) match_.reset();
  else if (match_ != live_match) on_match_found(live_match);
  const bool waits = ticket && ticket->status == TicketStatus::searching;
  if (!waits) return ticket_.reset();
  auto id = ticket->ticket_id.to_string();
  if (ticket_ != id) waits_since_ = std::chrono::steady_clock::now();
  ticket_ = std::move(id);
  at_rest_ = false;
}

}  // namespace mm::chaos
