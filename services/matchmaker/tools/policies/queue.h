// What the rival policies share: the tickets of one region in the order of their entering, teams dealt out after a
// match is found, and one instance per region (a ticket queues in its best one).
#pragma once

#include <functional>
#include <map>

#include "services/matchmaker/tools/policies/policy.h"

namespace mm::matchmaker::tools {

/// By number, so oldest first.
using Queue = std::map<TicketNumber, WaitingTicket>;

/// Tickets in one team each, in the order given.
struct TeamsOfTickets {
  std::vector<std::vector<const WaitingTicket*>> teams;
};

MadeMatch seat(const TeamsOfTickets& teams);

/// Largest parties first, of equals the strongest first, each into the weakest team that has room. Nothing if one
/// finds none.
std::optional<TeamsOfTickets> deal_evenly(std::span<const WaitingTicket* const> tickets, const Terms& terms);

/// Player by player, strongest first, into the weakest team with room: for matchmakers that leave teams to the game
/// and whose tickets may not fit whole.
MadeMatch deal_players(std::span<const WaitingTicket* const> tickets, const Terms& terms);

/// Whether parties of these sizes, largest first, fill all teams.
bool sizes_fill_teams(std::vector<int> sizes, const Terms& terms);

/// A policy that keeps one queue per region and knows nothing of latencies.
class PerRegion : public Policy {
 public:
  using Make = std::function<std::unique_ptr<Policy>(std::uint8_t region)>;
  PerRegion(std::size_t regions, const Make& make);

  void enter(const WaitingTicket& ticket) override { parts_[region_of(ticket.number, ticket.region)]->enter(ticket); }
  void leave(TicketNumber number, BucketMs now) override;
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override;

 private:
  std::size_t region_of(TicketNumber number, std::uint8_t region);

  std::vector<std::unique_ptr<Policy>> parts_;
  std::map<TicketNumber, std::uint8_t> regions_;
};

}  // namespace mm::matchmaker::tools
