// I31, I32, I33: nothing is left waiting, half done or used when the faults are over.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "tests/chaos/checker/invariants/tickets.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kIntermediateMs = 5'000;
/// Requests and processes need some time beside the two ticks.
constexpr std::int64_t kTickSlackMs = 1'000;

bool is(const Run& run, Symbol symbol, std::string_view text) { return run.symbols.text(symbol) == text; }

/// A ticket of one player while its window was as wide as its mode allows.
struct Waiting {
  std::int64_t from = 0;
  std::int64_t to = 0;
  double rating = 0;
  const TicketStory* story = nullptr;
};
using Bucket = std::tuple<Symbol, Symbol, int>;  // mode, region, team size

std::int64_t widest_after_ms(const ModeRules& rules) {
  if (!rules.use_rating || rules.max_window <= rules.initial_window) return 0;
  const double steps = std::ceil((rules.max_window - rules.initial_window) / std::max(1e-9, rules.step_points));
  return std::llround(1000 * (rules.widen == Widening::linear ? rules.widen_seconds : steps * rules.step_seconds));
}

struct Placed {
  Bucket bucket;
  double rating = 0;
  std::int64_t until = 0;
};

/// Where a ticket of one player waited, with which rating, and until when at least.
std::optional<Placed> placed(const Run& run, const TicketStory& story) {
  if (!story.matches.empty()) {
    const auto& match = run.match_stories[story.matches.front()];
    if (match.found.empty()) return std::nullopt;
    const auto& found = run.events[match.found.front()];
    std::vector<Seat> seats;
    for (const auto& seat : found.roster) {
      if (seat.ticket == story.ticket) seats.push_back(seat);
    }
    if (seats.size() != 1) return std::nullopt;
    return Placed{{found.mode, found.region, found.team_size}, seats[0].mmr, match.found_ms};
  }
  const auto* key = key_of(run, story);
  if (key == nullptr || key->players.size() != 1) return std::nullopt;
  const bool queued = is(run, key->state, "queued");
  const auto until = queued ? run.dumped_ms : key->ended_ms;
  if (until < 0) return std::nullopt;
  return Placed{{key->mode, key->region, key->size}, key->players[0].mmr, until};
}

std::map<Bucket, std::vector<Waiting>> waiting_duels(const Run& run, std::uint64_t& looked_at) {
  std::map<Bucket, std::vector<Waiting>> buckets;
  for (const auto& story : run.ticket_stories) {
    const auto queued = queued_between(run, story);
    if (!queued || !story.requeued.empty()) continue;
    const auto place = placed(run, story);
    if (!place || std::get<2>(place->bucket) != 1) continue;
    ++looked_at;
    const auto* rules = run.rules(std::get<0>(place->bucket));
    if (rules == nullptr || rules->teams != 2) continue;
    const auto from = queued->latest + widest_after_ms(*rules);
    if (from < place->until) buckets[place->bucket].push_back({from, place->until, place->rating, &story});
  }
  return buckets;
}

void check_pair(const Run& run, const Waiting& a, const Waiting& b, double window, Verdict& verdict) {
  const auto from = std::max(a.from, b.from);
  const auto to = std::min(a.to, b.to);
  const auto together = to - from - run.timeline.disturbed_ms(from, to);
  if (std::fabs(a.rating - b.rating) > window || together <= 2 * run.tick_ms + kTickSlackMs) return;
  auto lines = lines_of(run, *a.story);
  const auto more = lines_of(run, *b.story);
  lines.insert(lines.end(), more.begin(), more.end());
  verdict.add(named(run, "ticket", a.story->ticket) + " and " + named(run, "ticket", b.story->ticket) +
                  " could play together and waited " + seconds_text(to - from) + ".",
              lines);
}

/// In order of time, each ticket is compared with its neighbours by rating among those that still wait. If any two are
/// within the window, two neighbours are.
void check_bucket(const Run& run, const ModeRules& rules, std::vector<Waiting>& tickets, Verdict& verdict) {
  const double window = rules.use_rating ? rules.max_window : 1e9;
  std::sort(tickets.begin(), tickets.end(), [](const Waiting& a, const Waiting& b) { return a.from < b.from; });
  std::multimap<double, const Waiting*> by_rating;
  for (const auto& ticket : tickets) {
    const auto place = by_rating.emplace(ticket.rating, &ticket);
    for (auto other = std::next(place); other != by_rating.end();) {
      if (other->second->to > ticket.from) {
        check_pair(run, *other->second, ticket, window, verdict);
        break;
      }
      other = by_rating.erase(other);
    }
    while (place != by_rating.begin()) {
      const auto other = std::prev(place);
      if (other->second->to > ticket.from) {
        check_pair(run, *other->second, ticket, window, verdict);
        break;
      }
      by_rating.erase(other);
    }
  }
}

bool old(const Run& run, std::int64_t since) {
  return since >= 0 && since + kIntermediateMs + kClockSlackMs < run.dumped_ms;
}

void check_rows(const Run& run, Verdict& verdict) {
  for (const auto& row : run.matches) {
    ++verdict.checked;
    const auto about = named(run, "match", row.match);
    if (is(run, row.state, "allocating") && old(run, row.found_ms)) {
      verdict.add(about + " is still allocating.", {row.at});
    }
    if (row.ended_ms >= 0 && !row.released && old(run, row.ended_ms)) {
      verdict.add(about + " has ended and its server was not released.", {row.at});
    }
  }
  for (const auto& player : run.live_players) {
    const auto* match = run.match(player.match);
    const auto* row = match == nullptr ? nullptr : run.row(*match);
    if (row == nullptr || (row->ended_ms < 0)) continue;
    verdict.add(named(run, "player", player.player) + " is a live player of " + named(run, "match", player.match) +
                    ", which has ended.",
                {player.at, row->at});
  }
}

void check_live(const Run& run, Verdict& verdict) {
  for (const auto& entry : run.unconfirmed) {
    ++verdict.checked;
    if (old(run, entry.since_ms)) {
      verdict.add(named(run, "match", entry.match) + " was never confirmed by session.", {entry.at});
    }
  }
  for (const auto& entry : run.live) {
    ++verdict.checked;
    const auto* match = run.match(entry.match);
    const auto* row = match == nullptr ? nullptr : run.row(*match);
    if (row == nullptr || !old(run, row->ended_ms)) continue;
    verdict.add(named(run, "match", entry.match) + " has ended and is still live in the queue.", {entry.at, row->at});
  }
}

/// A claim holds its player. After everything has ended, no claim is left without its ticket or match.
void check_claims(const Run& run, Verdict& verdict) {
  std::unordered_set<Symbol> live;
  for (const auto& entry : run.live) live.insert(entry.match);
  for (const auto& claim : run.claims) {
    ++verdict.checked;
    if (claim.match && !live.contains(claim.match)) {
      verdict.add(named(run, "player", claim.player) + " is claimed by " + named(run, "match", claim.match) +
                      ", which is not live.",
                  {claim.at});
    }
    const auto* story = claim.ticket ? run.ticket(claim.ticket) : nullptr;
    const auto* key = story == nullptr ? nullptr : key_of(run, *story);
    if (!claim.ticket || (key != nullptr && is(run, key->state, "queued"))) continue;
    std::vector<Where> lines{claim.at};
    if (key != nullptr) lines.push_back(key->at);
    verdict.add(named(run, "player", claim.player) + " is claimed by " + named(run, "ticket", claim.ticket) +
                    ", which does not wait.",
                lines);
  }
}

struct Resource {
  const char* metric;
  const char* what;
  double slack;  ///< beside the tenth
};

constexpr std::array kResources{
    Resource{"process_resident_memory_bytes", "bytes of resident memory", 32.0 * 1024 * 1024},
    Resource{"process_open_fds", "open descriptors", 16},
    Resource{"process_threads", "threads", 2},
};

/// "orchestrator" of "orchestrator-2": instances of a daemon may change their roles.
std::string kind_of(const std::string& daemon) {
  const auto end = daemon.find_last_not_of("0123456789");
  const bool numbered = end != std::string::npos && end + 1 < daemon.size() && daemon[end] == '-';
  return numbered ? daemon.substr(0, end) : daemon;
}

/// The figures of all instances of one kind of daemon, added up, and a file that has some of them.
struct Figures {
  std::map<std::string, double> before, after;
  int instances = 0;
  Where at;
};

std::map<std::string, Figures> figures_of(const Run& run) {
  std::map<std::string, Figures> kinds;
  for (const auto& [daemon, after] : run.metrics_after) {
    const auto before = run.metrics_before.find(daemon);
    if (before == run.metrics_before.end()) continue;
    auto& figures = kinds[kind_of(daemon)];
    ++figures.instances;
    figures.at = run.metrics_at.at(daemon);
    for (const auto& [name, value] : before->second) figures.before[name] += value;
    for (const auto& [name, value] : after) figures.after[name] += value;
  }
  return kinds;
}

}  // namespace

Verdict check_eligible_pairs(const Run& run) {
  Verdict verdict;
  verdict.things = "tickets of duels";
  auto buckets = waiting_duels(run, verdict.checked);
  for (auto& [bucket, tickets] : buckets) check_bucket(run, *run.rules(std::get<0>(bucket)), tickets, verdict);
  if (verdict.checked == 0) verdict.not_checked = "no ticket of a single player for teams of one is known";
  return verdict;
}

Verdict check_intermediate_states(const Run& run) {
  if (run.dumped_ms < 0) return not_checked("the history does not say when the run was quiet (quiesced)");
  if (!run.has("session.match") && !run.has("redis.queue")) {
    return not_checked("the dump has neither the queue nor matches");
  }
  Verdict verdict;
  verdict.things = "matches, claims and entries of the queue";
  check_rows(run, verdict);
  check_live(run, verdict);
  check_claims(run, verdict);
  return verdict;
}

Verdict check_resources(const Run& run) {
  Verdict verdict;
  verdict.things = "figures of daemons";
  for (const auto& [kind, figures] : figures_of(run)) {
    for (const auto& resource : kResources) {
      const auto now = figures.after.find(resource.metric);
      const auto then = figures.before.find(resource.metric);
      if (now == figures.after.end() || then == figures.before.end()) continue;
      ++verdict.checked;
      if (now->second <= then->second * 1.1 + resource.slack * figures.instances) continue;
      verdict.add(kind + " had " + std::to_string(std::llround(then->second)) + " " + resource.what +
                      " before the load and " + std::to_string(std::llround(now->second)) + " after it.",
                  {figures.at});
    }
  }
  if (verdict.checked == 0) verdict.not_checked = "no daemon has metrics from before the load and from after the end";
  return verdict;
}

}  // namespace mm::chaos
