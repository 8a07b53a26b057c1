#include "services/matchmaker/ticket_view.h"

#include <algorithm>

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kShownAfterEnd{10 * 60 * 1000};

}  // namespace

bool holds(const QueueTicket& ticket, PlayerId player) {
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

BucketMs waited_ms(const StatusResult& found) {
  const auto& ticket = found.ticket;
  BucketMs until = found.now;
  if (ticket.state == TicketState::matched) until = ticket.matched_at;
  else if (ticket.state != TicketState::queued) until = ticket.ended_at;
  return std::max<BucketMs>(0, until - ticket.queued_at);
}

}  // namespace mm::matchmaker
