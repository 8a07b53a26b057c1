// I03, I04, I06: tickets and the players that they are for.
#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/chaos/checker/invariants/tickets.h"

namespace mm::chaos {
namespace {

/// The players of a ticket that no acknowledgement names, from whatever knows it.
std::vector<Symbol> players_of_unasked(const Run& run, const TicketStory& story) {
  auto players = players_of(run, story);
  if (!players.empty() || story.matches.empty()) return players;
  for (const auto& seat : run.match_stories[story.matches.front()].roster) {
    if (seat.ticket == story.ticket) players.push_back(seat.player);
  }
  return players;
}

Where where_of_unasked(const Run& run, const TicketStory& story) {
  if (story.key != kNone) return run.tickets[story.key].at;
  if (!story.matches.empty()) return run.match_stories[story.matches.front()].at;
  if (!story.closed.empty()) return run.events[story.closed.front()].at;
  return story.requeued.empty() ? Where{} : run.events[story.requeued.front()].at;
}

/// For each player, how many tickets may exist that this player asked for without an acknowledgement: one for each
/// Idempotency-Key whose attempts all have an unknown outcome.
std::unordered_map<Symbol, std::size_t> unknown_enqueues(const Run& run) {
  std::unordered_map<Symbol, std::int64_t> answered;  // when, wall
  for (const auto& call : run.calls) {
    if (call.op == Op::enqueue && call.ok() && call.key) answered.emplace(call.key, call.end.wall_ms);
  }
  std::unordered_map<Symbol, std::size_t> unknown;
  std::set<Symbol> counted;
  for (const auto& call : run.calls) {
    if (call.op != Op::enqueue || call.outcome != Outcome::unknown) continue;
    const auto answer = answered.find(call.key);
    // The attempts with one key make one ticket, unless the queue has forgotten the first of them.
    const bool forgotten =
        answer != answered.end() && run.timeline.any_between(call.begin.wall_ms, answer->second, kQueueLost);
    if (answer != answered.end() && !forgotten) continue;
    if (call.key && !counted.insert(call.key).second) continue;
    ++unknown[call.player];
  }
  return unknown;
}

/// A ticket that no acknowledgement names, and its players.
struct Unasked {
  const TicketStory* story = nullptr;
  std::vector<Symbol> players;
  Where at;
};

std::vector<Unasked> unasked_tickets(const Run& run) {
  std::vector<Unasked> tickets;
  for (const auto& story : run.ticket_stories) {
    const auto where = where_of_unasked(run, story);
    if (!story.enqueues.empty() || where.line == 0) continue;  // line 0: only the history names it
    tickets.push_back({&story, players_of_unasked(run, story), where});
  }
  return tickets;
}

/// Gives each ticket to one of its players who asked for a ticket without an answer. A party's ticket may have been
/// asked for by any of its members, so this is a matching of tickets and requests, found by augmenting paths (Kuhn).
class Askers {
 public:
  Askers(const std::vector<Unasked>& tickets, std::unordered_map<Symbol, std::size_t> requests)
      : tickets_(tickets), requests_(std::move(requests)) {}

  /// False: no attempt of its players is left for the ticket, whatever the other tickets are given.
  bool give(std::size_t ticket) {
    tried_.clear();
    return find(ticket);
  }

 private:
  bool find(std::size_t ticket) {
    for (const auto player : tickets_[ticket].players) {
      const auto requests = requests_.find(player);
      if (requests == requests_.end() || !tried_.insert(player).second) continue;
      auto& given = given_[player];
      if (given.size() < requests->second) {
        given.push_back(ticket);
        return true;
      }
      for (std::size_t i = 0; i < given.size(); ++i) {
        if (!find(given[i])) continue;
        given_[player][i] = ticket;
        return true;
      }
    }
    return false;
  }

  const std::vector<Unasked>& tickets_;
  std::unordered_map<Symbol, std::size_t> requests_;
  std::unordered_map<Symbol, std::vector<std::size_t>> given_;
  std::set<Symbol> tried_;
};

/// A time in which a player certainly was in a ticket or in a match.
struct Held {
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool by_ticket = false;
  Symbol id;
  std::vector<Where> lines;
};

/// The earliest time at which a ticket may have ended. Only a stored time of the end, the match and the attempts to
/// cancel are known exactly enough; a ticket whose end is not known that exactly proves nothing.
std::optional<std::int64_t> earliest_end(const Run& run, const TicketStory& story, std::int64_t queued) {
  if (!story.matches.empty()) return run.match_stories[story.matches.front()].found_ms;
  const auto* key = key_of(run, story);
  if (key != nullptr && key->ended_ms >= 0) return key->ended_ms;
  if (key != nullptr && run.symbols.text(key->state) == "queued") return run.dumped_ms >= 0 ? run.dumped_ms : queued;
  return std::nullopt;
}

void add_ticket(const Run& run, const TicketStory& story, std::unordered_map<Symbol, std::vector<Held>>& held) {
  const auto queued = queued_between(run, story);
  if (!queued) return;
  const auto end = earliest_end(run, story, queued->latest);
  if (!end || *end <= queued->latest) return;
  for (const auto player : players_of(run, story)) {
    held[player].push_back({queued->latest, *end, true, story.ticket, lines_of(run, story)});
  }
}

/// From the time a match had its server until it ended.
void add_match(const Run& run, const MatchRow& row, std::unordered_map<Symbol, std::vector<Held>>& held) {
  if (row.ready_ms < 0) return;
  const auto end = row.ended_ms >= 0 ? row.ended_ms : run.dumped_ms;
  if (end <= row.ready_ms) return;
  for (const auto& seat : row.roster) held[seat.player].push_back({row.ready_ms, end, false, row.match, {row.at}});
}

void check_player(const Run& run, Symbol player, std::vector<Held>& times, Verdict& verdict) {
  std::sort(times.begin(), times.end(), [](const Held& a, const Held& b) { return a.from < b.from; });
  const Held* ticket = nullptr;
  const Held* match = nullptr;
  for (const auto& time : times) {
    for (const auto* before : {ticket, time.by_ticket ? match : nullptr}) {
      if (before == nullptr || before->id == time.id || before->to <= time.from + kClockSlackMs) continue;
      // A queue that was replaced has lost its claims until those of the live matches are restored.
      if (run.timeline.any_between(before->from, time.from, kQueueLost)) continue;
      auto lines = before->lines;
      lines.insert(lines.end(), time.lines.begin(), time.lines.end());
      verdict.add(named(run, "player", player) + " was in " + (before->by_ticket ? "ticket " : "match ") +
                      run.text(before->id) + " and at the same time in " + (time.by_ticket ? "ticket " : "match ") +
                      run.text(time.id) + ".",
                  lines);
      break;
    }
    auto& last = time.by_ticket ? ticket : match;
    if (last == nullptr || last->to < time.to) last = &time;
  }
}

void check_seats(const Run& run, const MatchStory& match, const TicketStory& ticket, Verdict& verdict) {
  std::vector<Symbol> seated;
  std::set<int> teams;
  for (const auto& seat : match.roster) {
    if (seat.ticket != ticket.ticket) continue;
    seated.push_back(seat.player);
    teams.insert(seat.team);
  }
  std::sort(seated.begin(), seated.end());
  const auto players = players_of(run, ticket);
  auto lines = lines_of(run, ticket);
  lines.push_back(match.at);
  if (teams.size() > 1) {
    verdict.add(
        named(run, "ticket", ticket.ticket) + " was split between teams of " + named(run, "match", match.match) + ".",
        lines);
  } else if (!players.empty() && players != seated) {
    verdict.add(named(run, "match", match.match) + " has other players of " + named(run, "ticket", ticket.ticket) +
                    " than the ticket.",
                lines);
  }
}

}  // namespace

Verdict check_tickets_were_asked_for(const Run& run) {
  if (!shows_tickets(run)) return not_checked("the dump has neither the queue nor matches nor the stream TICKET");
  Verdict verdict;
  verdict.things = "tickets";
  verdict.checked = run.ticket_stories.size();
  const auto tickets = unasked_tickets(run);
  Askers askers(tickets, unknown_enqueues(run));
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    if (askers.give(i)) continue;
    verdict.add(named(run, "ticket", tickets[i].story->ticket) +
                    " exists, and no attempt to queue its players can have created it.",
                {tickets[i].at});
  }
  return verdict;
}

Verdict check_one_ticket_per_player(const Run& run) {
  if (!run.has("redis.queue") && !run.has("session.match")) {
    return not_checked("the dump has neither the queue nor matches");
  }
  std::unordered_map<Symbol, std::vector<Held>> held;
  for (const auto& story : run.ticket_stories) add_ticket(run, story, held);
  for (const auto& row : run.matches) add_match(run, row, held);
  std::vector<Symbol> players;
  for (const auto& [player, times] : held) players.push_back(player);
  std::sort(players.begin(), players.end());
  Verdict verdict;
  verdict.things = "players";
  for (const auto player : players) {
    ++verdict.checked;
    check_player(run, player, held[player], verdict);
  }
  return verdict;
}

Verdict check_parties_stay_together(const Run& run) {
  Verdict verdict;
  verdict.things = "tickets in matches";
  for (const auto& story : run.ticket_stories) {
    for (const auto index : story.matches) {
      ++verdict.checked;
      check_seats(run, run.match_stories[index], story, verdict);
    }
  }
  if (verdict.checked == 0) verdict.not_checked = "no match lists a ticket";
  return verdict;
}

}  // namespace mm::chaos
