// I26, I27, I28: events say what rows say, in order, and all of them arrive.
#include <array>
#include <string>
#include <unordered_map>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kPublishedMs = 2'000;
/// Rows of the last 15 minutes are sent again when a stream was lost.
constexpr std::int64_t kSentAgainMs = 14 * 60'000;

bool is(const Run& run, Symbol symbol, std::string_view text) { return run.symbols.text(symbol) == text; }

void check_copies(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, const Event*> first;
  for (const auto& event : run.events) {
    if (!event.message) continue;
    const auto [place, fresh] = first.try_emplace(event.message, &event);
    if (fresh || place->second->digest == event.digest) continue;
    verdict.add("two events have the message id " + run.text(event.message) + " and different contents.",
                {place->second->at, event.at});
  }
}

/// The place of an event in the life of a match; 0: none.
int rank_of(EventKind kind) {
  switch (kind) {
    case EventKind::found: return 1;
    case EventKind::ready: return 2;
    case EventKind::completed:
    case EventKind::cancelled: return 3;
    case EventKind::rated: return 4;
    case EventKind::closed:
    case EventKind::requeued:
    case EventKind::other: return 0;
  }
  return 0;
}

void check_order(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, const Event*> last;  // stored events are in the order of the stream
  for (const auto& event : run.events) {
    if (!event.stored || rank_of(event.kind) == 0) continue;
    auto& before = last[event.match];
    const auto* match = run.match(event.match);
    const auto since = match != nullptr ? match->found_ms : event.wall_ms;
    // What a stream has lost is published again, after newer events.
    const bool lost = run.timeline.any_between(since, event.wall_ms, kStreamLost);
    const bool late =
        !lost && before != nullptr && before->message != event.message && rank_of(before->kind) > rank_of(event.kind);
    if (late && run.timeline.calm(before->wall_ms, event.wall_ms)) {
      verdict.add("event " + run.text(event.subject) + " of " + named(run, "match", event.match) + " came after " +
                      run.text(before->subject) + ".",
                  {before->at, event.at});
    }
    if (before == nullptr || rank_of(event.kind) >= rank_of(before->kind)) before = &event;
  }
}

/// Why no row stands behind the event; empty: one does.
std::string contradiction(const Run& run, const Event& event, const MatchRow* row) {
  if (event.kind == EventKind::rated) {
    if (!run.has("profile.applied") || run.applied_of_match.contains(event.match)) return {};
    return "the match was not applied to the ratings";
  }
  if (row == nullptr) return "the match has no row";
  const auto state = "its row is " + run.text(row->state);
  if (event.kind == EventKind::ready) return row->ready_ms >= 0 ? std::string{} : "its row never had a server";
  if (event.kind == EventKind::completed) return is(run, row->state, "completed") ? std::string{} : state;
  return is(run, row->state, "cancelled") ? std::string{} : state;
}

void check_stored_outbox(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, const Event*> stored;
  for (const auto& event : run.events) {
    if (event.stored && event.message) stored.try_emplace(event.message, &event);
  }
  for (const auto& row : run.outbox) {
    ++verdict.checked;
    const auto about = "event " + run.text(row.message);
    if (!row.sent) {
      if (run.dumped_ms < 0 || row.created_ms + kPublishedMs + kClockSlackMs >= run.dumped_ms) continue;
      verdict.add(about + " was not published in " + seconds_text(run.dumped_ms - row.created_ms) + ".", {row.at});
      continue;
    }
    if (!run.has("jetstream.MATCH")) continue;
    const auto event = stored.find(row.message);
    if (event == stored.end()) {
      if (run.dumped_ms - row.created_ms > kSentAgainMs) continue;
      verdict.add(about + " was published and is not in its stream.", {row.at});
      continue;
    }
    const auto at = event->second->wall_ms;
    const auto lag = at - row.created_ms - run.timeline.disturbed_ms(row.created_ms, at);
    const bool lost = run.timeline.any_between(row.created_ms, at, kStreamLost);
    if (lost || at < 0 || lag <= kPublishedMs + kClockSlackMs) continue;
    verdict.add(about + " was published after " + seconds_text(at - row.created_ms) + ".", {row.at, event->second->at});
  }
}

void check_pending(const Run& run, Verdict& verdict) {
  for (const auto& entry : run.pending) {
    ++verdict.checked;
    if (run.dumped_ms < 0 || entry.since_ms + kPublishedMs + kClockSlackMs >= run.dumped_ms) continue;
    verdict.add("event " + run.text(entry.message) + " was not published in " +
                    seconds_text(run.dumped_ms - entry.since_ms) + ".",
                {entry.at});
  }
}

}  // namespace

Verdict check_event_order(const Run& run) {
  Verdict verdict;
  verdict.things = "events";
  verdict.checked = run.events.size();
  if (verdict.checked == 0) return not_checked("the run has no events");
  check_copies(run, verdict);
  check_order(run, verdict);
  return verdict;
}

Verdict check_events_have_rows(const Run& run) {
  if (!run.has("session.match")) return not_checked("session.match was not dumped");
  Verdict verdict;
  verdict.things = "events of matches";
  for (const auto& story : run.match_stories) {
    for (const auto* list : {&story.ready, &story.completed, &story.cancelled, &story.rated}) {
      for (const auto index : *list) {
        const auto& event = run.events[index];
        const auto* row = run.row(story);
        ++verdict.checked;
        const auto why = contradiction(run, event, row);
        if (why.empty()) continue;
        std::vector<Where> lines{event.at};
        if (row != nullptr) lines.push_back(row->at);
        verdict.add("event " + run.text(event.subject) + " of " + named(run, "match", story.match) +
                        " was published, and " + why + ".",
                    lines);
      }
    }
  }
  if (verdict.checked == 0) verdict.not_checked = "the run has no event of a match";
  return verdict;
}

Verdict check_outboxes(const Run& run) {
  if (!run.has("session.outbox") && !run.has("profile.outbox") && !run.has("redis.queue")) {
    return not_checked("no outbox was dumped");
  }
  Verdict verdict;
  verdict.things = "events of outboxes";
  check_stored_outbox(run, verdict);
  check_pending(run, verdict);
  return verdict;
}

}  // namespace mm::chaos
