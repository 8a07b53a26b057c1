// I08, I09, I13: what a match must be, and who gets its server.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "tests/chaos/checker/invariants/tickets.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kServerMs = 2'000;
constexpr std::int64_t kSlotsPerServer = 64;
/// Ratings in events are rounded to hundredths of a point.
constexpr double kRatingSlack = 0.03;

bool is(const Run& run, Symbol symbol, std::string_view text) { return run.symbols.text(symbol) == text; }

void check_player_matches(const Run& run, Symbol player, std::vector<const MatchRow*>& rows, Verdict& verdict) {
  std::sort(rows.begin(), rows.end(), [](const MatchRow* a, const MatchRow* b) { return a->found_ms < b->found_ms; });
  const MatchRow* before = nullptr;
  for (const auto* row : rows) {
    if (before != nullptr && before->match != row->match) {
      const bool endless = before->ended_ms < 0;
      if (endless || before->ended_ms > row->found_ms + kClockSlackMs) {
        verdict.add(named(run, "player", player) + " was in " + named(run, "match", before->match) + " until " +
                        (endless ? "the end of the run" : seconds_text(before->ended_ms - row->found_ms)) +
                        (endless ? "" : " after the beginning of another") + ", " + named(run, "match", row->match) +
                        ".",
                    {before->at, row->at});
      }
    }
    const bool longer =
        before == nullptr || row->ended_ms < 0 || (before->ended_ms >= 0 && row->ended_ms > before->ended_ms);
    if (longer) before = row;
  }
}

struct TicketInMatch {
  Symbol ticket;
  double rating = 0;
  double window = 0;
  int players = 0;
};

double window_of(const ModeRules& rules, double waited_seconds) {
  const double growth = std::max(0.0, rules.max_window - rules.initial_window);
  if (rules.widen == Widening::linear) {
    return rules.initial_window + growth * std::min(1.0, std::max(0.0, waited_seconds) / rules.widen_seconds);
  }
  return rules.initial_window + std::min(growth, rules.step_points * std::floor(waited_seconds / rules.step_seconds));
}

std::vector<TicketInMatch> tickets_of(const Event& found, const ModeRules& rules) {
  std::map<Symbol, TicketInMatch> tickets;
  std::map<Symbol, double> sums;
  for (const auto& seat : found.roster) {
    if (!seat.ticket) continue;
    auto& ticket = tickets[seat.ticket];
    ticket.ticket = seat.ticket;
    ++ticket.players;
    sums[seat.ticket] += seat.mmr;
    ticket.window = window_of(rules, static_cast<double>(seat.waited_ms) / 1000);
  }
  std::vector<TicketInMatch> list;
  for (auto& [symbol, ticket] : tickets) {
    const auto& offsets = rules.premade_offset;
    const auto size = static_cast<std::size_t>(ticket.players);
    ticket.rating = sums[symbol] / ticket.players + (offsets.empty() ? 0 : offsets[std::min(size, offsets.size()) - 1]);
    list.push_back(ticket);
  }
  return list;
}

void check_windows(const Run& run, const Event& found, const ModeRules& rules, Verdict& verdict) {
  if (!rules.use_rating || !is(run, found.source, "queue")) return;
  const auto tickets = tickets_of(found, rules);
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    for (std::size_t j = i + 1; j < tickets.size(); ++j) {
      const double gap = std::fabs(tickets[i].rating - tickets[j].rating);
      if (gap <= std::min(tickets[i].window, tickets[j].window) + kRatingSlack) continue;
      return verdict.add(named(run, "match", found.match) + " pairs " + named(run, "ticket", tickets[i].ticket) +
                             " and " + named(run, "ticket", tickets[j].ticket) +
                             ", whose ratings differ by more than one of their windows.",
                         {found.at});
    }
  }
}

void check_teams(const Run& run, const Event& found, const ModeRules* rules, Verdict& verdict) {
  const auto about = named(run, "match", found.match);
  std::set<Symbol> players;
  std::map<int, int> sizes;
  for (const auto& seat : found.roster) {
    players.insert(seat.player);
    ++sizes[seat.team];
  }
  if (players.size() != found.roster.size()) return verdict.add(about + " has a player twice.", {found.at});
  const bool equal =
      std::all_of(sizes.begin(), sizes.end(), [&](const auto& team) { return team.second == found.team_size; });
  const bool right_number =
      static_cast<int>(sizes.size()) == found.teams && (rules == nullptr || found.teams == rules->teams);
  const bool right_size = rules == nullptr || rules->has_team_size(found.team_size);
  if (!equal || !right_number || !right_size) {
    verdict.add(about + " does not have the number and size of teams of its mode.", {found.at});
  }
}

/// The tickets asked for this mode, team size and region.
void check_requests(const Run& run, const Event& found, Verdict& verdict) {
  std::set<Symbol> seen;
  for (const auto& seat : found.roster) {
    const auto* ticket = seat.ticket && seen.insert(seat.ticket).second ? run.ticket(seat.ticket) : nullptr;
    if (ticket == nullptr || ticket->enqueues.empty()) continue;
    const auto& call = run.calls[ticket->enqueues.front()];
    const bool same_mode = !call.mode || call.mode == found.mode;
    // A ticket with latencies may play in any of their regions.
    const bool has_latency = std::find(call.regions.begin(), call.regions.end(), found.region) != call.regions.end();
    const bool same_region = !call.region || call.region == found.region || has_latency;
    const bool same_size = call.team_size == 0 || call.team_size == found.team_size;
    if (same_mode && same_region && same_size) continue;
    verdict.add(named(run, "match", found.match) + " is not the mode, region or team size that " +
                    named(run, "ticket", seat.ticket) + " asked for.",
                {call.begin_at, call.end_at, found.at});
  }
}

bool plays_in(const MatchStory& match, Symbol player) {
  return std::any_of(match.roster.begin(), match.roster.end(), [&](const Seat& seat) { return seat.player == player; });
}

/// How many slots were taken over time, to know whether servers were free.
class TakenSlots {
 public:
  explicit TakenSlots(const Run& run) : all_(run.max_servers * kSlotsPerServer) {
    std::vector<std::pair<std::int64_t, int>> changes;
    for (const auto& row : run.allocations) {
      if (row.allocated_ms < 0 || !row.server) continue;
      changes.emplace_back(row.allocated_ms, 1);
      if (row.released_ms >= 0) changes.emplace_back(row.released_ms, -1);
    }
    std::sort(changes.begin(), changes.end());
    std::int64_t taken = 0;
    for (const auto& [time, change] : changes) taken_[time] = taken += change;
  }
  bool free_between(std::int64_t from, std::int64_t to) const {
    if (all_ == 0) return false;
    auto entry = taken_.upper_bound(from);
    if (entry != taken_.begin()) --entry;
    for (; entry != taken_.end() && entry->first <= to; ++entry) {
      if (entry->second >= all_) return false;
    }
    return true;
  }

 private:
  std::int64_t all_;
  std::map<std::int64_t, std::int64_t> taken_;
};

void check_read(const Run& run, const MatchStory& match, const Call& read, const TakenSlots& slots, Verdict& verdict) {
  const auto about = named(run, "player", read.player);
  if (!plays_in(match, read.player)) {
    if (read.ok() && run.row(match) != nullptr) {
      verdict.add(about + " got " + named(run, "match", match.match) + " without being one of its players.",
                  {read.begin_at, read.end_at, match.at});
    }
    return;
  }
  const auto& state = run.symbols.text(read.state);
  const auto since = match.found_ms;
  if (!run.timeline.calm(since, read.end.wall_ms)) return;
  const bool due = read.begin.wall_ms > since + kServerMs + kClockSlackMs;
  const bool over_before = match.ended_ms >= 0 && match.ended_ms <= read.end.wall_ms + kClockSlackMs;
  if (read.outcome == Outcome::fail && is(run, read.code, "not_found") && due) {
    return verdict.add(about + " did not get the own " + named(run, "match", match.match) + ".",
                       {read.begin_at, read.end_at, match.at});
  }
  if (!read.ok() || over_before) return;
  const bool playing = state == "ready" || state == "running";
  if (playing && !(read.endpoint && read.has_token)) {
    return verdict.add(about + " got " + named(run, "match", match.match) + " without its server or a token.",
                       {read.begin_at, read.end_at});
  }
  if (state == "allocating" && due && slots.free_between(since, read.end.wall_ms)) {
    verdict.add(named(run, "match", match.match) + " had no server " + seconds_text(read.begin.wall_ms - since) +
                    " after it was found, although servers were free.",
                {match.at, read.begin_at, read.end_at});
  }
}

}  // namespace

Verdict check_one_match_per_player(const Run& run) {
  if (!run.has("session.match")) return not_checked("session.match was not dumped");
  std::unordered_map<Symbol, std::vector<const MatchRow*>> rows;
  std::vector<Symbol> players;
  for (const auto& row : run.matches) {
    // A match that was stored as cancelled because of a conflict was never played.
    if (is(run, row.reason, "conflict")) continue;
    for (const auto& seat : row.roster) {
      auto& own = rows[seat.player];
      if (own.empty()) players.push_back(seat.player);
      own.push_back(&row);
    }
  }
  Verdict verdict;
  verdict.checked = run.matches.size();
  verdict.things = "matches";
  for (const auto player : players) check_player_matches(run, player, rows[player], verdict);
  return verdict;
}

Verdict check_match_rules(const Run& run) {
  Verdict verdict;
  verdict.things = "matches";
  for (const auto& story : run.match_stories) {
    if (story.found.empty()) continue;
    const auto& found = run.events[story.found.front()];
    const auto* rules = run.rules(found.mode);
    ++verdict.checked;
    check_teams(run, found, rules, verdict);
    check_requests(run, found, verdict);
    if (rules != nullptr) check_windows(run, found, *rules, verdict);
  }
  if (verdict.checked == 0) verdict.not_checked = "no event match.found is in the run";
  return verdict;
}

Verdict check_players_get_servers(const Run& run) {
  Verdict verdict;
  verdict.things = "reads of matches";
  const TakenSlots slots(run);
  for (const auto& story : run.match_stories) {
    if (story.roster.empty()) continue;
    for (const auto index : story.reads) {
      ++verdict.checked;
      check_read(run, story, run.calls[index], slots, verdict);
    }
  }
  if (verdict.checked == 0) verdict.not_checked = "no player has read a match that is known";
  return verdict;
}

}  // namespace mm::chaos
