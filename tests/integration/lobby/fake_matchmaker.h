// A stand-in for matchmaker: serves matchmaker.enqueue, .cancel and .status with the real scripts of the queue, and
// creates and ends matches when a test calls it. So a test controls the order of all steps.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::testing {

class FakeMatchmaker {
 public:
  FakeMatchmaker(bus::Bus& bus, storage::Redis& queue, metrics::Registry& metrics);

  /// Sets a function to be called after a request arrives and before its script runs.
  void before_enqueue(std::function<void(const Enqueue&)> hook);
  /// The requests, in order.
  std::vector<Enqueue> enqueues() const;
  std::optional<Enqueue> last_enqueue_of(PlayerId player) const;

  /// Commits a match of these queued tickets, one team each, and publishes match.found.
  MatchId match(const Tenant& tenant, const std::vector<TicketId>& tickets);
  /// Publishes match.completed or match.cancelled, as session does.
  void publish_completed(MatchId match, const std::string& copy = "1");
  void publish_cancelled(MatchId match, const std::vector<TicketId>& requeue);
  /// Applies the end of the match to the queue.
  void apply_completed(MatchId match);
  void apply_cancelled(MatchId match, const std::vector<TicketId>& requeue);

  /// Publishes the events in the queue's outbox; returns how many.
  int relay(const Tenant& tenant = default_tenant());

  std::optional<Ticket> ticket(TicketId id, const Tenant& tenant = default_tenant());

 private:
  Reply<Enqueued> enqueue(const Enqueue& request);
  Reply<CancelledTicket> cancel(const CancelTicket& request);
  std::string lease(const Tenant& tenant, const std::string& bucket);
  MatchFound found(MatchId match);

  bus::Bus& bus_;
  matchmaker::RequestStore store_;
  matchmaker::OwnerStore owner_store_;
  matchmaker::GenerationStore generation_store_;
  mutable std::mutex mutex_;
  std::function<void(const Enqueue&)> hook_;
  std::vector<Enqueue> enqueues_;
  std::map<std::string, std::string> leases_;
  std::map<MatchId, MatchFound> matches_;
  bus::Server server_;
};

}  // namespace mm::testing
