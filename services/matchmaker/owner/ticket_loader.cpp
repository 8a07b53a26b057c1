#include "services/matchmaker/owner/ticket_loader.h"

#include <utility>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kQueueTimeout{500};

}  // namespace

storage::RedisResult<Done> TicketLoader::load(const std::vector<FoundTicket>& found) {
  if (found.empty()) return Done{};
  std::vector<std::pair<Tenant, TicketId>> tickets;
  tickets.reserve(found.size());
  for (const auto& one : found) tickets.emplace_back(one.partition->name.tenant, one.ticket);
  auto loaded = store_.load(tickets, Deadline::after(kQueueTimeout));
  if (!loaded) {
    // The cursors are already past these tickets: the tickets that were not loaded must be read again.
    for (const auto& one : found) one.bucket->start_over();
    return fail(std::move(loaded).error());
  }
  std::vector<RestampRequest> corrections;
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto& ticket = (*loaded)[i];
    if (auto correction = correct(found[i], ticket)) corrections.push_back(std::move(*correction));
    found[i].bucket->put(ticket);
  }
  if (corrections.empty()) return Done{};
  metrics_.clock_jumps.add(static_cast<double>(corrections.size()));
  log::warning("tickets_restamped", {{"tickets", corrections.size()}});
  return store_.restamp(corrections, Deadline::after(kQueueTimeout));
}

// A ticket that entered the queue since the previous poll cannot have waited longer than that, and cannot come from the
// future. If its times say so, they were stamped while the clock had jumped, before a poll corrected the jump.
std::optional<RestampRequest> TicketLoader::correct(const FoundTicket& at, TicketRecord& ticket) const {
  if (ticket.state != TicketState::queued || ticket.first_bucket != at.bucket->text()) return std::nullopt;
  const auto now = at.partition->clock.now();
  const bool from_the_future = ticket.queued_at > now + kClockTolerance.count();
  const bool too_old =
      at.fresh && ticket.attempt == 1 && ticket.queued_at < at.partition->clock.before() - kClockTolerance.count();
  if (!from_the_future && !too_old) return std::nullopt;
  const Milliseconds by{now - ticket.queued_at};
  ticket.queued_at += by.count();
  ticket.deadline += by.count();
  return RestampRequest{at.partition->name, at.partition->lease.token(), ticket.id, ticket.attempt, by};
}

}  // namespace mm::matchmaker
