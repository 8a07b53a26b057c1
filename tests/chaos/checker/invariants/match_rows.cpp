// I10, I11, I12, I14: each match is known in the same way to matchmaker, session, orchestrator and the streams.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "tests/chaos/checker/invariants/tickets.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kReleaseMs = 30'000;
constexpr std::int64_t kAnnouncedMs = 5'000;
/// Streams keep messages for 24 hours.
constexpr std::int64_t kStreamMs = 23 * 3'600'000;

bool is(const Run& run, Symbol symbol, std::string_view text) { return run.symbols.text(symbol) == text; }

bool lists(const MatchRow& row, Symbol ticket) {
  return std::any_of(row.roster.begin(), row.roster.end(), [&](const Seat& seat) { return seat.ticket == ticket; });
}

void check_matched_key(const Run& run, const TicketKey& key, Verdict& verdict) {
  if (run.timeline.any_after(key.queued_ms, kQueueLost)) return;
  const auto about = named(run, "ticket", key.ticket) + " is matched";
  const auto* match = run.match(key.match);
  const auto* row = match == nullptr ? nullptr : run.row(*match);
  if (row == nullptr) {
    return verdict.add(about + " in " + named(run, "match", key.match) + ", which has no row.", {key.at});
  }
  if (!lists(*row, key.ticket)) {
    verdict.add(about + " in " + named(run, "match", key.match) + ", which does not list it.", {key.at, row->at});
  } else if (match->was_cancelled) {
    verdict.add(about + " in " + named(run, "match", key.match) + ", which was cancelled.", {key.at, row->at});
  }
}

void check_listed_tickets(const Run& run, const MatchRow& row, Verdict& verdict) {
  if (run.timeline.any_after(row.found_ms, kQueueLost)) return;
  Symbol last;
  for (const auto& seat : row.roster) {
    const auto* story = seat.ticket && seat.ticket != last ? run.ticket(seat.ticket) : nullptr;
    last = seat.ticket;
    const auto* key = story == nullptr ? nullptr : key_of(run, *story);
    // An ended ticket contradicts its match too, but that is what I02 and I05 say.
    if (key == nullptr || !is(run, key->state, "queued")) continue;
    verdict.add(named(run, "ticket", seat.ticket) + " is queued, although " + named(run, "match", row.match) +
                    " lists it and was not cancelled.",
                {key->at, row.at});
  }
}

void check_told_matches(const Run& run, const TicketStory& story, Verdict& verdict) {
  for (const auto index : story.reads) {
    const auto& read = run.calls[index];
    if (!read.ok() || !read.match || run.timeline.any_after(read.begin.wall_ms, kQueueLost)) continue;
    const auto* match = run.match(read.match);
    if (match != nullptr && run.row(*match) != nullptr) continue;
    return verdict.add(
        named(run, "ticket", story.ticket) + " was shown in " + named(run, "match", read.match) + ", which has no row.",
        {read.begin_at, read.end_at});
  }
}

void check_rows_are_unique(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, const MatchRow*> first;
  for (const auto& row : run.matches) {
    const auto [place, fresh] = first.try_emplace(row.match, &row);
    if (!fresh) verdict.add(named(run, "match", row.match) + " has two rows.", {place->second->at, row.at});
  }
}

void check_announced(const Run& run, const MatchStory& match, Verdict& verdict) {
  if (!match.found.empty() || !run.has("jetstream.MATCH")) return;
  // Session also stores matches that matchmaker hands over in a request, so after a crash there may be no event.
  if (!run.timeline.calm(match.found_ms, match.found_ms + kAnnouncedMs)) return;
  if (run.timeline.any_after(match.found_ms, kStreamLost)) return;
  if (run.dumped_ms - match.found_ms > kStreamMs) return;
  verdict.add(named(run, "match", match.match) + " has a row, and no event match.found.", {match.at});
}

using AllocationsByMatch = std::unordered_map<Symbol, std::vector<const AllocationRow*>>;

void check_server(const Run& run, const MatchRow& row, const AllocationsByMatch& allocations, Verdict& verdict) {
  const bool never_served = is(run, row.state, "cancelled") && row.ready_ms < 0;
  if (is(run, row.state, "allocating") || never_served) return;
  const auto found = allocations.find(row.match);
  const auto about = named(run, "match", row.match);
  if (found == allocations.end()) return verdict.add(about + " had a server, and none was allocated.", {row.at});
  if (found->second.size() > 1) {
    return verdict.add(about + " has two allocations.", {found->second[0]->at, found->second[1]->at});
  }
  if (found->second.front()->server != row.server) {
    verdict.add(about + " has another server in its row than in its allocation.", {row.at, found->second.front()->at});
  }
}

void check_hosts(const Run& run, const MatchStory& match, Verdict& verdict) {
  for (std::size_t i = 1; i < match.hosted.size(); ++i) {
    const auto& first = run.calls[match.hosted[i - 1]];
    const auto& second = run.calls[match.hosted[i]];
    if (first.server == second.server || !run.timeline.calm(first.begin.wall_ms, second.begin.wall_ms)) continue;
    return verdict.add(named(run, "match", match.match) + " was given to two servers.",
                       {first.begin_at, second.begin_at});
  }
}

void check_slots(const Run& run, Verdict& verdict) {
  std::map<std::tuple<Symbol, int>, std::vector<const AllocationRow*>> slots;
  for (const auto& row : run.allocations) {
    if (row.server) slots[{row.server, row.slot}].push_back(&row);
  }
  for (auto& [slot, rows] : slots) {
    std::sort(rows.begin(), rows.end(),
              [](const AllocationRow* a, const AllocationRow* b) { return a->allocated_ms < b->allocated_ms; });
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const auto* before = rows[i - 1];
      if (before->released_ms >= 0 && before->released_ms <= rows[i]->allocated_ms + kClockSlackMs) continue;
      verdict.add("slot " + std::to_string(std::get<1>(slot)) + " of " + named(run, "server", std::get<0>(slot)) +
                      " was given to " + named(run, "match", rows[i]->match) + " before " +
                      named(run, "match", before->match) + " had left it.",
                  {before->at, rows[i]->at});
    }
  }
}

void check_release(const Run& run, const AllocationRow& allocation, Verdict& verdict) {
  if (!allocation.server) return;
  const auto* match = run.match(allocation.match);
  const auto* row = match == nullptr ? nullptr : run.row(*match);
  const auto until = allocation.released_ms >= 0 ? allocation.released_ms : run.dumped_ms;
  const auto since = row == nullptr ? allocation.allocated_ms : row->ended_ms;
  if (since < 0 || until < 0) return;
  const auto kept = until - since - run.timeline.disturbed_ms(since, until);
  if (kept <= kReleaseMs + kClockSlackMs) return;
  std::vector<Where> lines{allocation.at};
  if (row != nullptr) lines.push_back(row->at);
  verdict.add("a slot was kept for " + named(run, "match", allocation.match) + " for " + seconds_text(until - since) +
                  (row == nullptr ? " without a row of the match." : " after the match had ended."),
              lines);
}

void check_takeovers(const Run& run, Verdict& verdict) {
  std::map<std::tuple<Symbol, std::int64_t>, const Takeover*> owners;
  std::map<std::tuple<Symbol, Symbol>, const Takeover*> last;
  for (const auto& taken : run.takeovers) {
    const auto [owner, fresh] = owners.try_emplace({taken.tenant, taken.epoch}, &taken);
    const auto* first = owner->second;
    // A queue that was replaced by an older one issues its epochs again.
    const bool replaced = run.timeline.any_between(first->wall_ms, taken.wall_ms, kQueueLost);
    if (replaced) owner->second = &taken;
    if (!replaced && !fresh && (first->token != taken.token || first->partition != taken.partition)) {
      verdict.add("epoch " + std::to_string(taken.epoch) + " has two owners.", {first->at, taken.at});
    }
    auto& before = last[{taken.tenant, taken.partition}];
    // A process that was frozen writes its log late.
    const bool in_order = before != nullptr && run.timeline.calm(before->wall_ms, taken.wall_ms);
    if (in_order && before->epoch > taken.epoch) {
      verdict.add("the epoch of partition " + run.text(taken.partition) + " fell from " +
                      std::to_string(before->epoch) + " to " + std::to_string(taken.epoch) + ".",
                  {before->at, taken.at});
    }
    before = &taken;
  }
}

void check_leases(const Run& run, Verdict& verdict) {
  std::map<std::tuple<Symbol, std::int64_t>, const LeaseKey*> owners;
  for (const auto& lease : run.leases) {
    const auto [owner, fresh] = owners.try_emplace({lease.tenant, lease.epoch}, &lease);
    if (!fresh) {
      verdict.add("epoch " + std::to_string(lease.epoch) + " belongs to two partitions.",
                  {owner->second->at, lease.at});
    }
    for (const auto& counter : run.epochs) {
      if (counter.tenant != lease.tenant || lease.epoch <= counter.epoch) continue;
      verdict.add("partition " + run.text(lease.partition) + " has epoch " + std::to_string(lease.epoch) +
                      ", which was never issued.",
                  {lease.at, counter.at});
    }
  }
}

}  // namespace

Verdict check_matched_tickets_have_rows(const Run& run) {
  if (!run.has("session.match") || !run.has("redis.queue")) {
    return not_checked("session.match or the queue was not dumped");
  }
  Verdict verdict;
  verdict.things = "tickets and matches";
  for (const auto& key : run.tickets) {
    ++verdict.checked;
    if (is(run, key.state, "matched")) check_matched_key(run, key, verdict);
  }
  for (const auto& row : run.matches) {
    ++verdict.checked;
    if (!is(run, row.state, "cancelled")) check_listed_tickets(run, row, verdict);
  }
  for (const auto& story : run.ticket_stories) check_told_matches(run, story, verdict);
  return verdict;
}

Verdict check_matches_have_rows(const Run& run) {
  if (!run.has("session.match")) return not_checked("session.match was not dumped");
  Verdict verdict;
  verdict.things = "matches";
  check_rows_are_unique(run, verdict);
  AllocationsByMatch allocations;
  for (const auto& row : run.allocations) allocations[row.match].push_back(&row);
  for (const auto& story : run.match_stories) {
    const auto* row = run.row(story);
    if (row == nullptr && story.found.empty()) continue;
    ++verdict.checked;
    if (row == nullptr) {
      verdict.add(named(run, "match", story.match) + " was found, and has no row.", {story.at});
      continue;
    }
    check_announced(run, story, verdict);
    if (run.has("orchestrator.allocation")) check_server(run, *row, allocations, verdict);
    check_hosts(run, story, verdict);
  }
  return verdict;
}

Verdict check_servers(const Run& run) {
  if (!run.has("orchestrator.allocation")) return not_checked("orchestrator.allocation was not dumped");
  Verdict verdict;
  verdict.things = "allocations";
  verdict.checked = run.allocations.size();
  check_slots(run, verdict);
  if (!run.has("session.match")) return verdict;
  for (const auto& allocation : run.allocations) check_release(run, allocation, verdict);
  return verdict;
}

Verdict check_epochs(const Run& run) {
  if (run.leases.empty() && run.takeovers.empty()) {
    return not_checked("neither the queue has a lease nor a log says that a partition was taken");
  }
  Verdict verdict;
  verdict.things = "leases and takeovers";
  verdict.checked = run.leases.size() + run.takeovers.size();
  check_takeovers(run, verdict);
  check_leases(run, verdict);
  return verdict;
}

}  // namespace mm::chaos
