// The players of a simulation: they queue alone or as parties through the lobby, at times directly at the matchmaker,
// cancel, leave, and repeat requests whose answer they did not get. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/bus/bus.h"
#include "common/contracts/lobby.h"
#include "tests/simulation/platform/ledger.h"
#include "tests/simulation/servers/servers.h"

namespace mm::simulation {

class Players {
 public:
  Players(Servers& servers, Ledger& ledger, int count);

  /// Starts them in a process of their own.
  void start();
  /// From now on nobody asks for anything new.
  void stop() { stopped_ = true; }
  /// The number of players who have not finished what they did.
  int busy() const { return busy_; }

  /// Two new players who queue for a duel against each other; a check that the platform works after all faults.
  /// Returns their tickets, or nothing if they could not be queued.
  std::optional<std::vector<std::string>> queue_newcomers();

 private:
  void live(std::size_t self);
  void queue_alone(PlayerId player);
  void queue_directly(PlayerId player);
  void challenge(PlayerId player, PlayerId other);
  void play_as_party(PlayerId leader, PlayerId member);
  std::optional<PartyId> form_party(PlayerId leader, PlayerId member);
  void leave_party(PartyId party, PlayerId player);
  void wait_or_cancel(TicketId ticket, PlayerId player, bool directly);
  void cancel(TicketId ticket, PlayerId player, bool directly);
  void think(int least_ms, int most_ms);

  /// Repeats the request until the answer is certain, at most `attempts` times.
  template <class Req>
  Reply<typename Req::Answer> ask(const Req& request, const Caller& caller, int attempts = 3);

  Servers& servers_;
  Ledger& ledger_;
  Process& process_;
  std::unique_ptr<bus::Bus> bus_;
  metrics::Registry metrics_;
  std::vector<PlayerId> players_;
  bool stopped_ = false;
  int busy_ = 0;
};

}  // namespace mm::simulation
