#include "tests/simulation/platform/queue_checks.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/contracts/events.h"
#include "common/wire/codec.h"
#include "tests/simulation/platform/violation.h"

namespace mm::simulation {
namespace {

const std::string kPrefix = "mm:{default}:";
const Hash kNoHash;

/// How far a ticket's clock may be wrong after a jump of Redis's clock (kClockTolerance in the matchmaker, twice: once
/// for the ticket and once for the owner's clock).
constexpr Milliseconds kClockError{4'500};

const std::string& field(const Hash& fields, const std::string& name) {
  static const std::string kNone;
  const auto found = fields.find(name);
  return found == fields.end() ? kNone : found->second;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from < text.size()) {
    const auto end = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

std::vector<std::string> players_in(const std::string& text) {
  std::vector<std::string> players;
  for (const auto& one : split(text, ',')) players.push_back(one.substr(0, one.find('|')));
  return players;
}

bool is_over(const std::string& state) { return state == "cancelled" || state == "timed_out"; }

}  // namespace

void QueueChecks::after(const storage::RedisCommand& command, const storage::RedisReply& reply) {
  if (reply.kind == storage::RedisReply::Kind::error) throw Violation("Redis refused a command: " + reply.text);
  if (command.script == nullptr) return;
  script_ = command.script->name();
  const bool committed = script_ == "commit" && reply.items.front().text == "ok";
  const bool ends_match =
      script_ == "outcome" && (command.arguments[1] == "completed" || command.arguments[1] == "cancelled");
  if (ends_match) ended_matches_.insert(command.arguments[0]);
  if (script_ == "take_lease" && reply.items.front().integer == 1) check_epoch(reply.items[1].text);
  if (script_ == "commit") check_repeated_commit(command.arguments, committed);
  static const std::set<std::string> kChanging{"enqueue",    "end",     "commit",        "outcome",
                                               "make_match", "restamp", "sweep",         "create",
                                               "change",     "depart",  "restore_match", "end_old_tickets"};
  if (!kChanging.contains(script_)) return;
  const auto known = matches_.size();
  read_matches();
  if ((committed || script_ == "make_match") && matches_.size() > known) check_verified();
  if (committed && matches_.size() > known) check_lease(command);
  read_tickets();
  check_claims();
}

// H20: no match is made in a queue that may have gone back.
void QueueChecks::check_verified() const {
  const auto& keyspace = servers_.queue.server.keyspace();
  const auto* generation = keyspace.find<Hash>("mm:generation");
  if (generation == nullptr || field(*generation, "run") != keyspace.run_id()) {
    throw Violation("H20: a match was made in a queue that is not verified");
  }
}

void QueueChecks::went_back() {
  const auto& keyspace = servers_.queue.server.keyspace();
  script_ = "the loss of data";
  ended_matches_.clear();
  epochs_taken_.clear();
  commits_.clear();
  for (auto& [id, match] : matches_) match.undone = true;
  for (auto& [id, ticket] : tickets_) {
    ticket.undone = true;
    if (keyspace.find<Hash>(kPrefix + "ticket:" + id) == nullptr) ticket.state = "lost";
  }
  read_matches();
  read_tickets();
}

// I14: an epoch has one owner, and each is greater than those before.
void QueueChecks::check_epoch(const std::string& token) {
  const auto epoch = std::strtoll(token.c_str(), nullptr, 10);
  if (!epochs_taken_.empty() && epoch <= *epochs_taken_.rbegin()) {
    throw Violation("I14: a lease was taken with the epoch of an earlier one: " + token);
  }
  epochs_taken_.insert(epoch);
}

// I11: an owner that does not know what became of a commit repeats it under the same id of the match. After a refusal
// it may plan the tickets again as another match, and a late copy of the refused commit may follow.
void QueueChecks::check_repeated_commit(const storage::Arguments& arguments, bool committed) {
  constexpr std::size_t kFirstTicket = 6;
  const auto& match = arguments[4];
  std::vector<std::string> key{arguments[2]};  // the token of the lease
  key.insert(key.end(), arguments.begin() + kFirstTicket, arguments.end());
  const auto known = commits_.find(key);
  if (known != commits_.end() && known->second != match && !refused_commits_.contains(match)) {
    throw Violation("I11: a commit of the tickets of match " + known->second + " was repeated as match " + match);
  }
  if (committed) commits_.emplace(std::move(key), match);
  else refused_commits_.insert(match);
}

// I14: only the holder of the lease commits, and the epochs of commits never decrease.
void QueueChecks::check_lease(const storage::RedisCommand& commit) {
  const auto& partition = commit.arguments[1];
  const auto& token = commit.arguments[2];
  const auto* lease = servers_.queue.server.keyspace().find<Hash>(kPrefix + "lease:" + partition);
  if (lease == nullptr || field(*lease, "token") != token) throw Violation("I14: a commit without the lease");
  const auto epoch = std::strtoll(token.c_str(), nullptr, 10);
  // A queue that lost less than a second and no open match goes on as before, with the leases that it has.
  const auto* generation = servers_.queue.server.keyspace().find<Hash>("mm:generation");
  const auto number = std::atoll(field(*generation, "number").c_str());
  auto& highest = epochs_[partition];
  const bool comparable = highest.losses == ledger_.losses || highest.generation < number;
  if (comparable && epoch < highest.epoch) throw Violation("I14: a commit with an older epoch");
  highest = {epoch, number, ledger_.losses};
}

void QueueChecks::read_matches() {
  const auto* live = servers_.queue.server.keyspace().find<Hash>(kPrefix + "live");
  for (auto& [id, match] : matches_) {
    if (match.live && (live == nullptr || !live->contains(id))) match.live = false;
  }
  if (live == nullptr) return;
  for (const auto& [id, text] : *live) {
    if (ended_matches_.contains(id)) throw Violation("I11: match " + id + " is live after its end, by " + script_);
    const auto [known, fresh] = matches_.try_emplace(id);
    auto& match = known->second;
    if (!fresh) {
      match.undone = match.undone || (!match.live && script_ == "restore_match");
      if (!match.live && !match.undone) throw Violation("I11: match " + id + " was committed again");
      match.live = true;
      continue;
    }
    match.live = true;
    const auto found = wire::decode<MatchFound>(text, wire::Unknown::ignored);
    if (!found) throw Violation("the text of match " + id + " cannot be decoded");
    std::size_t of_team = 0;
    for (const auto& team : found->teams) {
      for (const auto& player : team.players) {
        const auto name = player.player_id.to_string();
        if (std::find(match.players.begin(), match.players.end(), name) != match.players.end()) {
          throw Violation("I09: a player is twice in match " + id);
        }
        match.players.push_back(name);
        const auto ticket = player.ticket_id ? player.ticket_id->to_string() : std::string();
        if (!ticket.empty() && (match.tickets.empty() || match.tickets.back() != ticket))
          match.tickets.push_back(ticket);
      }
      if (found->source == MatchSource::queue && team.players.size() != static_cast<std::size_t>(found->team_size)) {
        throw Violation("I09: team " + std::to_string(of_team) + " of match " + id + " has the wrong size");
      }
      ++of_team;
    }
  }
}

void QueueChecks::read_tickets() {
  const auto& values = servers_.queue.server.keyspace().values();
  const auto prefix = kPrefix + "ticket:";
  for (auto at = values.lower_bound(prefix); at != values.end() && at->first.starts_with(prefix); ++at) {
    follow(at->first.substr(prefix.size()), std::get<Hash>(at->second), script_);
  }
}

void QueueChecks::follow(const std::string& id, const Hash& fields, const std::string& script) {
  const auto& state = field(fields, "state");
  const auto& match = field(fields, "match_id");
  const int attempt = std::atoi(field(fields, "attempt").c_str());
  const auto now = servers_.simulator.elapsed();
  const auto [known, fresh] = tickets_.try_emplace(id);
  auto& ticket = known->second;
  if (fresh) {
    if (!ledger_.invoked.contains(id)) throw Violation("I03: nobody asked for ticket " + id);
    ticket.players = players_in(field(fields, "players"));
    ticket.party = field(fields, "party");
    ticket.queued_at = now;
    ticket.max_wait =
        Milliseconds(std::atoll(field(fields, "deadline").c_str()) - std::atoll(field(fields, "queued_at").c_str()));
    for (const auto& player : ticket.players) {
      if (ledger_.left.contains({ticket.party, player})) {
        throw Violation("I06: ticket " + id + " was queued with a player who had left its party");
      }
    }
  }
  ticket.no_requeue = ticket.no_requeue || field(fields, "no_requeue") == "1";
  if (ticket.state == state && ticket.attempt == attempt && (state != "matched" || ticket.match == match)) return;
  const auto before = std::exchange(ticket.state, state);
  ticket.reset = field(fields, "reason") == "queue_reset";
  if (ticket.undone) {
    ticket.match = match;
    ticket.attempt = attempt;
    return;
  }
  if (is_over(before))
    throw Violation("I02: ticket " + id + " was " + before + " and became " + state + " by " + script);
  if (state == "queued" && before == "matched") {
    if (attempt <= ticket.attempt) throw Violation("I02: ticket " + id + " was queued again with the same attempt");
    requeued(id, ticket);
  }
  if (state == "cancelled" && before == "matched" && script != "outcome") {
    throw Violation("I05: ticket " + id + " was cancelled by " + script + " while it was in match " + ticket.match);
  }
  if (state == "queued" && !fresh && before != "matched") throw Violation("I02: ticket " + id + " was queued twice");
  if (state == "timed_out") timed_out(id, ticket);
  if (state == "matched") {
    if (before != "queued") throw Violation("I02: ticket " + id + " was matched while " + before);
    if (ledger_.cancelled.contains(id)) throw Violation("I05: ticket " + id + " was matched after its cancellation");
    for (const auto& player : ticket.players) {
      if (ledger_.left.contains({ticket.party, player})) {
        throw Violation("I06: a player was matched with a party that the player had left, in ticket " + id);
      }
    }
    ticket.match = match;
  }
  ticket.attempt = attempt;
  ticket.changed_at = now;
}

// A ticket is queued again only because session's row of its match says so.
void QueueChecks::requeued(const std::string& id, const TicketHistory& ticket) {
  if (ledger_.too_late.contains(id) || ticket.no_requeue) {
    throw Violation("I05: ticket " + id + " was queued again, although its player had cancelled it");
  }
  const auto match = MatchId::parse(ticket.match);
  const auto row = match ? servers_.database.session.find(*match) : std::nullopt;
  const auto own = TicketId::parse(id);
  const bool decided = row && row->status == MatchStatus::cancelled &&
                       std::find(row->requeue.begin(), row->requeue.end(), *own) != row->requeue.end();
  if (!decided) throw Violation("I01: ticket " + id + " was queued again, but session has not decided so");
  tickets_[id].spent_matched += servers_.simulator.elapsed() - ticket.changed_at;
}

void QueueChecks::clock_jumped(Milliseconds by) {
  for (auto& [id, ticket] : tickets_) ticket.clock_error += std::max(by, Milliseconds{0});
}

// I07: not before the deadline.
void QueueChecks::timed_out(const std::string& id, const TicketHistory& ticket) {
  const auto waited = servers_.simulator.elapsed() - ticket.queued_at - ticket.spent_matched;
  if (waited + kClockError + ticket.clock_error < ticket.max_wait)
    throw Violation("I07: ticket " + id + " timed out too early");
}

void QueueChecks::check_claims() {
  const auto& keyspace = servers_.queue.server.keyspace();
  const auto* stored = keyspace.find<Hash>(kPrefix + "claim");
  const auto& claims = stored != nullptr ? *stored : kNoHash;
  for (const auto& [player, holder] : claims) {
    const auto id = holder.substr(2);
    const bool of_ticket = holder.starts_with("t:");
    if (of_ticket) {
      const auto ticket = tickets_.find(id);
      const bool waits = ticket != tickets_.end() && ticket->second.state == "queued" &&
                         std::find(ticket->second.players.begin(), ticket->second.players.end(), player) !=
                             ticket->second.players.end();
      if (!waits) throw Violation("leak: player " + player + " is claimed by ticket " + id + ", which does not wait");
    } else {
      const auto match = matches_.find(id);
      if (match == matches_.end() || !match->second.live) {
        throw Violation("leak: player " + player + " is claimed by match " + id + ", which is not live");
      }
    }
  }
  for (const auto& [id, ticket] : tickets_) {
    if (ticket.state != "queued") continue;
    const auto* fields = keyspace.find<Hash>(kPrefix + "ticket:" + id);
    if (fields == nullptr) throw Violation("I01: queued ticket " + id + " does not exist any more");
    check_queued(id, *fields, claims);
  }
  for (const auto& [id, match] : matches_) {
    if (!match.live) continue;
    for (const auto& player : match.players) {
      const auto& holder = field(claims, player);
      // Session may store a match of the lost part late. It takes its players from the match that session refuses.
      const auto other = matches_.find(holder.starts_with("m:") ? holder.substr(2) : "");
      if (match.undone || (other != matches_.end() && other->second.undone)) continue;
      if (holder != "m:" + id) throw Violation("I04: live match " + id + " does not hold " + player);
    }
  }
}

// I04, and H1 and H21: a queued ticket holds its players and is in the queue of each of its known buckets.
void QueueChecks::check_queued(const std::string& id, const Hash& fields, const Hash& claims) {
  for (const auto& player : players_in(field(fields, "players"))) {
    if (field(claims, player) != "t:" + id) throw Violation("I04: queued ticket " + id + " does not hold " + player);
  }
  const auto& keyspace = servers_.queue.server.keyspace();
  for (const auto& bucket : split(field(fields, "buckets"), ',')) {
    const auto* queue = keyspace.find<SortedSet>(kPrefix + "q:" + bucket);
    if (queue == nullptr || !queue->scores.contains(id)) throw Violation("I01: ticket " + id + " is not in its queue");
    const auto* buckets = keyspace.find<Set>(kPrefix + "buckets");
    if (buckets == nullptr || !buckets->contains(bucket)) throw Violation("I01: nobody looks at bucket " + bucket);
  }
}

}  // namespace mm::simulation
