// Joins the sources of a run by ticket and match.
#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_set>

#include "tests/chaos/checker/run/run.h"

namespace mm::chaos {
namespace {

TicketStory& ticket_story(Run& run, Symbol ticket) {
  const auto [place, fresh] = run.story_of_ticket.try_emplace(ticket, static_cast<Index>(run.ticket_stories.size()));
  if (fresh) run.ticket_stories.emplace_back().ticket = ticket;
  return run.ticket_stories[place->second];
}

MatchStory& match_story(Run& run, Symbol match) {
  const auto [place, fresh] = run.story_of_match.try_emplace(match, static_cast<Index>(run.match_stories.size()));
  if (fresh) run.match_stories.emplace_back().match = match;
  return run.match_stories[place->second];
}

void order_calls(Run& run) {
  const auto key = [](const Call& call) { return std::tuple(call.begin.us, call.writer, call.number, call.begin_at); };
  std::sort(run.calls.begin(), run.calls.end(), [&](const Call& a, const Call& b) { return key(a) < key(b); });
}

void add_fault_end(std::vector<Fault>& faults, const Run& run, const Call& call) {
  for (auto fault = faults.rbegin(); fault != faults.rend(); ++fault) {
    if (fault->end_ms != kNever || fault->id != run.symbols.text(call.fault)) continue;
    const auto bound = call.bound_ms >= 0 ? call.bound_ms : Timeline::kDefaultBoundMs;
    fault->end_ms = call.begin.wall_ms + bound;
    return;
  }
}

void read_timeline(Run& run) {
  std::vector<Fault> faults;
  for (const auto& call : run.calls) {
    if (run.first_ms < 0) run.first_ms = call.begin.wall_ms;
    if (call.malformed && run.malformed++ == 0) run.first_malformed = call.last_line();
    if (call.op == Op::fault_begin) {
      faults.push_back({run.text(call.fault), call.begin_at, call.begin.wall_ms, kNever});
    } else if (call.op == Op::fault_end) {
      add_fault_end(faults, run, call);
    } else if (call.op == Op::quiesced) {
      run.dumped_ms = call.begin.wall_ms;
    }
  }
  run.timeline = Timeline(std::move(faults));
}

void add_call(Run& run, Index index) {
  const auto& call = run.calls[index];
  if (call.key) run.first_attempt.try_emplace(call.key, call.begin);
  switch (call.op) {
    case Op::enqueue:
      if (call.ok() && call.ticket) ticket_story(run, call.ticket).enqueues.push_back(index);
      return;
    case Op::cancel:
      if (call.ticket) ticket_story(run, call.ticket).cancels.push_back(index);
      return;
    case Op::ticket:
    case Op::active:
      if (call.ticket) ticket_story(run, call.ticket).reads.push_back(index);
      return;
    case Op::match:
      if (call.match) match_story(run, call.match).reads.push_back(index);
      return;
    case Op::hosted:
      if (call.match) match_story(run, call.match).hosted.push_back(index);
      return;
    case Op::report:
      if (call.match) match_story(run, call.match).reports.push_back(index);
      return;
    default: return;
  }
}

void add_event(Run& run, Index index) {
  const auto& event = run.events[index];
  switch (event.kind) {
    case EventKind::found: match_story(run, event.match).found.push_back(index); return;
    case EventKind::ready: match_story(run, event.match).ready.push_back(index); return;
    case EventKind::completed: match_story(run, event.match).completed.push_back(index); return;
    case EventKind::cancelled: match_story(run, event.match).cancelled.push_back(index); return;
    case EventKind::rated: match_story(run, event.match).rated.push_back(index); return;
    case EventKind::closed: ticket_story(run, event.ticket).closed.push_back(index); return;
    case EventKind::requeued: ticket_story(run, event.ticket).requeued.push_back(index); return;
    case EventKind::other: return;
  }
}

/// Several copies of one event (of the tap, of a stream that was filled again) count once.
void add_events(Run& run) {
  std::unordered_set<Symbol> seen;
  for (Index i = 0; i < run.events.size(); ++i) {
    if (run.events[i].kind == EventKind::other) continue;
    if (!run.events[i].message || seen.insert(run.events[i].message).second) add_event(run, i);
  }
}

void finish_match(Run& run, MatchStory& story) {
  if (const auto* row = run.row(story)) {
    story.roster = row->roster;
    story.found_ms = row->found_ms;
    story.ended_ms = row->ended_ms;
    story.was_cancelled = run.symbols.text(row->state) == "cancelled";
    story.at = row->at;
  } else {
    story.was_cancelled = !story.cancelled.empty();
  }
  if (story.found.empty()) return;
  const auto& found = run.events[story.found.front()];
  if (story.roster.empty()) story.roster = found.roster;
  if (story.found_ms < 0) story.found_ms = found.created_ms;
  if (story.at.line == 0) story.at = found.at;
}

void list_matches_of_tickets(Run& run) {
  for (Index i = 0; i < run.match_stories.size(); ++i) {
    // A ticket has a seat for each of its players.
    for (const auto& seat : std::vector<Seat>(run.match_stories[i].roster)) {
      if (!seat.ticket) continue;
      auto& matches = ticket_story(run, seat.ticket).matches;
      if (matches.empty() || matches.back() != i) matches.push_back(i);
    }
  }
  for (auto& story : run.ticket_stories) {
    std::sort(story.matches.begin(), story.matches.end(), [&](Index a, Index b) {
      const auto& left = run.match_stories[a];
      const auto& right = run.match_stories[b];
      return std::tuple(left.found_ms, left.at) < std::tuple(right.found_ms, right.at);
    });
    std::sort(story.requeued.begin(), story.requeued.end(), [&](Index a, Index b) {
      return std::tuple(run.events[a].attempt, run.events[a].at) < std::tuple(run.events[b].attempt, run.events[b].at);
    });
  }
}

}  // namespace

const ModeRules* Run::rules(Symbol mode) const {
  for (const auto& rules : modes) {
    if (rules.id.str() == symbols.text(mode)) return &rules;
  }
  return nullptr;
}

const MatchStory* Run::match(Symbol match) const {
  const auto found = story_of_match.find(match);
  return found == story_of_match.end() ? nullptr : &match_stories[found->second];
}

const TicketStory* Run::ticket(Symbol ticket) const {
  const auto found = story_of_ticket.find(ticket);
  return found == story_of_ticket.end() ? nullptr : &ticket_stories[found->second];
}

void connect(Run& run) {
  order_calls(run);
  read_timeline(run);
  std::sort(run.applied.begin(), run.applied.end(), [](const AppliedRow& a, const AppliedRow& b) {
    return std::tuple(a.sequence, a.at) < std::tuple(b.sequence, b.at);
  });
  std::stable_sort(run.events.begin(), run.events.end(), [](const Event& a, const Event& b) {
    return std::tuple(!a.stored, a.stored ? a.sequence : a.wall_ms) <
           std::tuple(!b.stored, b.stored ? b.sequence : b.wall_ms);
  });
  std::sort(run.takeovers.begin(), run.takeovers.end(), [](const Takeover& a, const Takeover& b) {
    return std::tuple(a.wall_ms, a.at) < std::tuple(b.wall_ms, b.at);
  });
  for (Index i = 0; i < run.matches.size(); ++i) match_story(run, run.matches[i].match).row = i;
  for (Index i = 0; i < run.tickets.size(); ++i) ticket_story(run, run.tickets[i].ticket).key = i;
  for (Index i = 0; i < run.calls.size(); ++i) add_call(run, i);
  add_events(run);
  for (auto& story : run.match_stories) finish_match(run, story);
  list_matches_of_tickets(run);
  for (Index i = 0; i < run.applied.size(); ++i) run.applied_of_match.emplace(run.applied[i].match, i);
  for (Index i = 0; i < run.changes.size(); ++i) run.changes_of_match[run.changes[i].match].push_back(i);
}

}  // namespace mm::chaos
