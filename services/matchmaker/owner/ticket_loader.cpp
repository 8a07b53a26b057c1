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

std::optional<RestampRequest> TicketLoader::correct(const FoundTicket& at, TicketRecord& ticket) const {
  if (ticket.state != TicketState::queued || ticket.first_bucket != at.bucket->text()) return std::nullopt;
  const auto by = at.partition->clock.error_of(ticket);
  if (by == Milliseconds{0}) return std::nullopt;
  ticket.queued_at += by.count();
  ticket.deadline += by.count();
  return RestampRequest{at.partition->name, at.partition->lease.token(), ticket.id, ticket.attempt, by};
}

}  // namespace mm::matchmaker
