// Shared code of the other policies: the tickets of one region in the order of entering, team splitting after a match
// is found, and one policy instance per region (a ticket queues in its best region).
#pragma once

#include <functional>
#include <map>

#include "services/simulator/policies/policy.h"

namespace mm::simulator {

/// Ordered by number, so oldest first.
using Queue = std::map<TicketNumber, WaitingTicket>;

/// The tickets of each team, in the given order.
struct TeamsOfTickets {
  std::vector<std::vector<const WaitingTicket*>> teams;
};

MadeMatch seat(const TeamsOfTickets& teams);

/// Deals tickets into teams: largest parties first, the strongest first among equals, each into the weakest team with
/// room. Empty if a ticket finds no room.
std::optional<TeamsOfTickets> deal_evenly(std::span<const WaitingTicket* const> tickets, const Terms& terms);

/// Deals single players, strongest first, each into the weakest team with room. For matchmakers that leave teams to the
/// game, and whose tickets may not fit as a whole.
MadeMatch deal_players(std::span<const WaitingTicket* const> tickets, const Terms& terms);

/// Whether parties of these sizes can fill all teams exactly.
bool sizes_fill_teams(std::vector<int> sizes, const Terms& terms);

/// Runs one policy per region; each ticket queues in its best region only, so latencies are ignored.
class PerRegion : public Policy {
 public:
  using Make = std::function<std::unique_ptr<Policy>(std::uint8_t region)>;
  PerRegion(std::size_t regions, const Make& make);

  void enter(const WaitingTicket& ticket) override { parts_[region_of(ticket.number, ticket.region)]->enter(ticket); }
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override;

 private:
  std::size_t region_of(TicketNumber number, std::uint8_t region);

  std::vector<std::unique_ptr<Policy>> parts_;
  std::map<TicketNumber, std::uint8_t> regions_;
};

}  // namespace mm::simulator
