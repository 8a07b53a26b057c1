#include "services/matchmaker/requests/ticket_view.h"

#include <algorithm>

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kShownAfterEnd{10 * 60 * 1000};

}  // namespace

bool holds(const TicketRecord& ticket, PlayerId player) {
  return std::any_of(ticket.players.begin(), ticket.players.end(),
                     [&](const auto& one) { return one.player_id == player; });
}

bool is_shown(const StatusResult& found) {
  const auto ended_at = found.ticket.ended_at;
  return ended_at == 0 || found.now - ended_at <= kShownAfterEnd.count();
}

bool may_see(const StatusResult& found, const Caller& caller) {
  return caller.role != Role::player || (caller.player && holds(found.ticket, *caller.player));
}

TicketStatus status_of(TicketState state) {
  switch (state) {
    case TicketState::matched: return TicketStatus::matched;
    case TicketState::cancelled: return TicketStatus::cancelled;
    case TicketState::timed_out: return TicketStatus::timed_out;
    case TicketState::queued:
    case TicketState::missing: break;
  }
  return TicketStatus::searching;
}

namespace {

/// Time in a match that has no server yet counts as waiting; later time does not.
BucketMs waited_until(const StatusResult& found) {
  const auto& ticket = found.ticket;
  if (ticket.state == TicketState::queued) return found.now;
  if (ticket.state != TicketState::matched) return ticket.ended_at;
  if (ticket.ready_at > 0) return ticket.ready_at;
  return ticket.ended_at > 0 ? ticket.matched_at : found.now;
}

}  // namespace

BucketMs first_queued_at(const TicketRecord& ticket) { return ticket.queued_at - ticket.spent_matched; }

BucketMs waited_ms(const StatusResult& found) {
  return std::max<BucketMs>(0, waited_until(found) - first_queued_at(found.ticket));
}

BucketMs counted_ms(const StatusResult& found) {
  const auto until = found.ticket.state == TicketState::matched ? found.ticket.matched_at : waited_until(found);
  return std::max<BucketMs>(0, until - found.ticket.queued_at);
}

}  // namespace mm::matchmaker
