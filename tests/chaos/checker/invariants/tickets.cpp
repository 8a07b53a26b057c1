// I01, I02, I05, I07: what may become of a ticket.
#include "tests/chaos/checker/invariants/tickets.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace mm::chaos {
namespace {

constexpr std::int64_t kLateEndMs = 5'000;
constexpr std::int64_t kLateTimeOutMs = 1'000;
constexpr std::int64_t kPublicationMs = 2'000;
/// Redis keeps an ended ticket for 15 minutes.
constexpr std::int64_t kKeptMs = 14 * 60'000;

Symbol mode_of(const Run& run, const TicketStory& story) {
  for (const auto index : story.enqueues) {
    if (run.calls[index].mode) return run.calls[index].mode;
  }
  const auto* key = key_of(run, story);
  return key == nullptr ? Symbol{} : key->mode;
}

bool plays(const Run& run, const MatchStory& match) { return run.row(match) != nullptr && !match.was_cancelled; }

bool has_ended(const Run& run, const TicketStory& story) {
  const auto* key = key_of(run, story);
  if (key != nullptr) return run.symbols.text(key->state) != "queued";
  if (!story.closed.empty()) return true;
  if (story.matches.empty()) return false;
  // A ticket that was to be queued again ends with an event of the stream TICKET, or plays a later match.
  const auto* last = run.row(run.match_stories[story.matches.back()]);
  if (last == nullptr || !run.has("jetstream.TICKET")) return true;
  return std::find(last->requeue.begin(), last->requeue.end(), story.ticket) == last->requeue.end();
}

/// Whether a ticket may be unknown to every dump although nothing went wrong.
bool may_be_forgotten(const Run& run, const TicketStory& story, std::int64_t since) {
  if (key_of(run, story) != nullptr) return false;
  const bool long_ago = run.dumped_ms - since > kKeptMs;
  return long_ago && (!run.has("jetstream.TICKET") || run.timeline.any_after(since, kStreamLost));
}

void check_end(const Run& run, const TicketStory& story, Verdict& verdict) {
  const auto queued = queued_between(run, story);
  const auto deadline = deadline_between(run, story);
  if (!queued || !deadline || run.timeline.any_after(queued->latest, kQueueLost)) return;
  if (story.matches.size() > story.requeued.size() + 1) return;  // the last deadline is unknown
  const auto limit = [&](std::int64_t until) {
    return deadline->latest + kLateEndMs + kClockSlackMs + run.timeline.disturbed_ms(deadline->latest, until);
  };
  auto lines = lines_of(run, story);
  if (!has_ended(run, story)) {
    if (run.dumped_ms < 0 || may_be_forgotten(run, story, queued->latest)) return;
    if (key_of(run, story) == nullptr && run.has("redis.queue")) {
      return verdict.add(named(run, "ticket", story.ticket) + " was acknowledged, has not ended, and is not stored.",
                         lines);
    }
    if (run.dumped_ms <= limit(run.dumped_ms)) return;
    return verdict.add(named(run, "ticket", story.ticket) + " has not ended " +
                           seconds_text(run.dumped_ms - deadline->latest) + " after its deadline.",
                       lines);
  }
  for (const auto index : story.matches) {
    const auto& match = run.match_stories[index];
    if (match.found_ms <= limit(match.found_ms)) continue;
    lines.push_back(match.at);
    verdict.add(named(run, "ticket", story.ticket) + " was matched " + seconds_text(match.found_ms - deadline->latest) +
                    " after its deadline.",
                lines);
  }
}

void check_requeues(const Run& run, const TicketStory& story, Verdict& verdict) {
  for (const auto index : story.requeued) {
    const auto& event = run.events[index];
    const auto* match = run.match(event.match);
    const auto* row = match == nullptr ? nullptr : run.row(*match);
    if (row == nullptr) {
      if (!run.has("session.match")) continue;
      verdict.add(named(run, "ticket", story.ticket) + " was queued again after " + named(run, "match", event.match) +
                      ", which has no row.",
                  {event.at});
      continue;
    }
    const bool listed = std::find(row->requeue.begin(), row->requeue.end(), story.ticket) != row->requeue.end();
    if (match->was_cancelled && listed) continue;
    verdict.add(
        named(run, "ticket", story.ticket) + " was queued again after " + named(run, "match", event.match) +
            (match->was_cancelled ? ", which does not list it to be queued again." : ", which was not cancelled."),
        {event.at, row->at});
  }
}

/// The attempt in a message id `<ticket>.<attempt>.closed`; 0 if there is none.
std::int64_t attempt_of(std::string_view message) {
  const auto last = message.rfind('.');
  const auto first = last == std::string_view::npos || last == 0 ? last : message.rfind('.', last - 1);
  if (first == std::string_view::npos) return 0;
  std::int64_t attempt = 0;
  std::from_chars(message.data() + first + 1, message.data() + last, attempt);
  return attempt;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

bool is_terminal(std::string_view state) { return state == "CANCELLED" || state == "TIMED_OUT"; }

/// The answered read of a terminal state that ended first.
const Call* first_terminal_read(const Run& run, const TicketStory& story) {
  const Call* first = nullptr;
  for (const auto index : story.reads) {
    const auto& call = run.calls[index];
    if (!call.ok() || !is_terminal(upper(run.symbols.text(call.state)))) continue;
    if (first == nullptr || call.end.us < first->end.us) first = &call;
  }
  return first;
}

void check_closed_once(const Run& run, const TicketStory& story, Verdict& verdict) {
  if (story.closed.empty()) return;
  const auto& closed = run.events[story.closed.front()];
  const auto about = named(run, "ticket", story.ticket);
  if (story.closed.size() > 1) {
    verdict.add(about + " ended twice.", {closed.at, run.events[story.closed[1]].at});
  }
  const auto attempt = attempt_of(run.symbols.text(closed.message));
  for (const auto index : story.requeued) {
    if (attempt == 0 || run.events[index].attempt <= attempt) continue;
    verdict.add(about + " was queued again after it had ended.", {closed.at, run.events[index].at});
  }
  for (const auto index : story.matches) {
    if (!plays(run, run.match_stories[index])) continue;
    verdict.add(about + " ended, and plays " + named(run, "match", run.match_stories[index].match) + ".",
                {closed.at, run.match_stories[index].at});
  }
  const auto* key = key_of(run, story);
  if (key == nullptr) return;
  const bool timed_out = run.symbols.text(closed.reason) == "timed_out";
  if (run.symbols.text(key->state) != (timed_out ? "timed_out" : "cancelled")) {
    verdict.add(about + " ended as " + run.text(closed.reason) + ", and is stored as " + run.text(key->state) + ".",
                {closed.at, key->at});
  }
}

void check_reads_after_the_end(const Run& run, const TicketStory& story, Verdict& verdict) {
  const auto* ended = first_terminal_read(run, story);
  if (ended == nullptr) return;
  const auto state = upper(run.symbols.text(ended->state));
  for (const auto index : story.reads) {
    const auto& read = run.calls[index];
    if (!read.ok() || !read.state || read.begin.us <= ended->end.us) continue;
    if (upper(run.symbols.text(read.state)) == state) continue;
    return verdict.add(named(run, "ticket", story.ticket) + " was " + state + ", and later " +
                           upper(run.symbols.text(read.state)) + ".",
                       {ended->end_at, read.begin_at, read.end_at});
  }
  for (const auto index : story.matches) {
    const auto& match = run.match_stories[index];
    if (!plays(run, match)) continue;
    verdict.add(
        named(run, "ticket", story.ticket) + " was " + state + ", and plays " + named(run, "match", match.match) + ".",
        {ended->end_at, match.at});
  }
}

void check_cancelled(const Run& run, const TicketStory& story, const Call& cancel, Verdict& verdict) {
  for (const auto index : story.matches) {
    const auto& match = run.match_stories[index];
    if (!plays(run, match)) continue;
    verdict.add(named(run, "ticket", story.ticket) + " was cancelled with an acknowledgement, and plays " +
                    named(run, "match", match.match) + ".",
                {cancel.begin_at, cancel.end_at, match.at});
  }
}

void check_already_matched(const Run& run, const TicketStory& story, const Call& cancel, Verdict& verdict) {
  if (run.timeline.any_after(cancel.begin.wall_ms, kQueueLost)) return;
  if (story.matches.empty()) {
    verdict.add(named(run, "ticket", story.ticket) + " could not be cancelled because of a match, and is in none.",
                {cancel.begin_at, cancel.end_at});
    return;
  }
  for (const auto index : story.matches) {
    const auto& match = run.match_stories[index];
    if (match.found_ms <= cancel.end.wall_ms + kClockSlackMs) continue;
    verdict.add(named(run, "ticket", story.ticket) +
                    " was matched again although its player had asked to cancel it during the match before.",
                {cancel.begin_at, cancel.end_at, match.at});
  }
}

void check_time_out(const Run& run, const TicketStory& story, Verdict& verdict) {
  const auto deadline = deadline_between(run, story);
  const auto* key = key_of(run, story);
  const Event* closed = story.closed.empty() ? nullptr : &run.events[story.closed.front()];
  const bool stored_end = key != nullptr && key->ended_ms >= 0;
  const auto ended = stored_end ? key->ended_ms : closed != nullptr ? closed->wall_ms : -1;
  const bool deadline_unknown = story.matches.size() > story.requeued.size();
  if (!deadline || ended < 0 || deadline_unknown) return;
  ++verdict.checked;
  auto lines = lines_of(run, story);
  if (closed != nullptr) lines.push_back(closed->at);
  if (ended + kClockSlackMs < deadline->earliest) {
    return verdict.add(named(run, "ticket", story.ticket) + " timed out " + seconds_text(deadline->earliest - ended) +
                           " before its deadline.",
                       lines);
  }
  // A published event says only that the ticket had ended before.
  const auto late = kLateTimeOutMs + (stored_end ? 0 : kPublicationMs) + kClockSlackMs;
  if (ended > deadline->latest + late + run.timeline.disturbed_ms(deadline->latest, ended)) {
    verdict.add(named(run, "ticket", story.ticket) + " timed out " + seconds_text(ended - deadline->latest) +
                    " after its deadline.",
                lines);
  }
}

bool timed_out(const Run& run, const TicketStory& story) {
  const auto* key = key_of(run, story);
  if (key != nullptr) return run.symbols.text(key->state) == "timed_out";
  return !story.closed.empty() && run.symbols.text(run.events[story.closed.front()].reason) == "timed_out";
}

}  // namespace

std::optional<QueuedBetween> queued_between(const Run& run, const TicketStory& story) {
  std::optional<QueuedBetween> queued;
  for (const auto index : story.enqueues) {
    const auto& call = run.calls[index];
    if (!queued) queued = QueuedBetween{call.begin.wall_ms, call.end.wall_ms, index};
    if (call.end.wall_ms < queued->latest) queued->latest = call.end.wall_ms, queued->acknowledged = index;
    queued->earliest = std::min(queued->earliest, call.begin.wall_ms);
  }
  // An earlier attempt with the same key may have queued the ticket, without an answer.
  if (queued) {
    const auto attempt = run.first_attempt.find(run.calls[queued->acknowledged].key);
    if (attempt != run.first_attempt.end()) queued->earliest = std::min(queued->earliest, attempt->second.wall_ms);
  }
  return queued;
}

std::optional<DeadlineBetween> deadline_between(const Run& run, const TicketStory& story) {
  const auto queued = queued_between(run, story);
  const auto* rules = run.rules(mode_of(run, story));
  if (!queued || rules == nullptr) return std::nullopt;
  const auto wait = std::llround(rules->max_wait_seconds * 1000);
  if (story.requeued.empty()) return DeadlineBetween{queued->earliest + wait, queued->latest + wait};
  const auto requeued = run.events[story.requeued.back()].queued_ms;
  return DeadlineBetween{requeued + wait, requeued + wait};
}

std::vector<Symbol> players_of(const Run& run, const TicketStory& story) {
  std::vector<Symbol> players;
  if (const auto* key = key_of(run, story)) {
    for (const auto& seat : key->players) players.push_back(seat.player);
  } else if (!story.requeued.empty()) {
    players = run.events[story.requeued.front()].players;
  } else if (!story.closed.empty()) {
    players = run.events[story.closed.front()].players;
  } else if (!story.enqueues.empty() && !run.calls[story.enqueues.front()].party) {
    players = {run.calls[story.enqueues.front()].player};
  }
  std::sort(players.begin(), players.end());
  return players;
}

std::vector<Where> lines_of(const Run& run, const TicketStory& story) {
  std::vector<Where> lines;
  if (const auto queued = queued_between(run, story)) {
    const auto& call = run.calls[queued->acknowledged];
    lines = {call.begin_at, call.end_at};
  }
  if (const auto* key = key_of(run, story)) lines.push_back(key->at);
  return lines;
}

const TicketKey* key_of(const Run& run, const TicketStory& story) {
  return story.key == kNone ? nullptr : &run.tickets[story.key];
}

bool shows_tickets(const Run& run) {
  return run.has("redis.queue") || run.has("session.match") || run.has("jetstream.TICKET");
}

Verdict check_tickets_end(const Run& run) {
  if (!shows_tickets(run)) return not_checked("the dump has neither the queue nor matches nor the stream TICKET");
  Verdict verdict;
  verdict.things = "acknowledged tickets";
  for (const auto& story : run.ticket_stories) {
    check_requeues(run, story, verdict);
    if (story.enqueues.empty()) continue;
    ++verdict.checked;
    check_end(run, story, verdict);
  }
  return verdict;
}

Verdict check_terminal_states(const Run& run) {
  Verdict verdict;
  verdict.things = "tickets";
  for (const auto& story : run.ticket_stories) {
    // An older queue has older states.
    const auto queued = queued_between(run, story);
    if (queued && run.timeline.any_after(queued->earliest, kQueueLost)) continue;
    ++verdict.checked;
    check_closed_once(run, story, verdict);
    check_reads_after_the_end(run, story, verdict);
  }
  return verdict;
}

Verdict check_cancels(const Run& run) {
  if (!run.has("session.match")) return not_checked("session.match was not dumped");
  Verdict verdict;
  verdict.things = "answered cancels";
  for (const auto& story : run.ticket_stories) {
    for (const auto index : story.cancels) {
      const auto& cancel = run.calls[index];
      const bool refused = cancel.outcome == Outcome::fail && run.symbols.text(cancel.code) == "already_matched";
      if (cancel.ok()) check_cancelled(run, story, cancel, verdict);
      if (refused) check_already_matched(run, story, cancel, verdict);
      if (cancel.ok() || refused) ++verdict.checked;
    }
  }
  return verdict;
}

Verdict check_time_outs(const Run& run) {
  if (!run.has("redis.queue") && !run.has("jetstream.TICKET")) {
    return not_checked("the dump has neither the queue nor the stream TICKET");
  }
  Verdict verdict;
  verdict.things = "time-outs";
  for (const auto& story : run.ticket_stories) {
    if (timed_out(run, story)) check_time_out(run, story, verdict);
  }
  return verdict;
}

}  // namespace mm::chaos
