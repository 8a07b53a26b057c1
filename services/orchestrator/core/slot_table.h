// Which match sits where: servers with a fixed number of places each. Pure bookkeeping; the table in PostgreSQL has the
// last word (a place there is unique), this is the view from which the next place is chosen.
//
// A new match goes to the fullest server that still has room, so that few servers are busy and the others stay free to
// go. Idempotent by match: a match that has a seat keeps it.
#pragma once

#include <bitset>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "common/base/id.h"
#include "common/contracts/game_server.h"

namespace mm::orchestrator {

struct ServerSlot {
  ServerId server;
  int slot = 0;
  friend bool operator==(const ServerSlot&, const ServerSlot&) = default;
};

class SlotTable {
 public:
  /// `open`: it takes new matches. Seats on a closed server stay.
  void set_accepting(ServerId server, bool accepting);
  /// The server is gone, and every seat on it.
  void remove(ServerId server);

  std::optional<ServerSlot> find(MatchId match) const;
  /// The seat it has, or a new one; none: no open server has room.
  std::optional<ServerSlot> assign(MatchId match);
  /// As the table says; another match in that place loses it.
  void restore(MatchId match, const ServerSlot& assigned);
  void free(MatchId match);

  std::vector<MatchId> matches() const;
  int used() const { return static_cast<int>(assigned_.size()); }

 private:
  struct Server {
    bool accepting = false;
    std::bitset<game::kMatchesPerServer> taken;
  };

  std::map<ServerId, Server> servers_;
  std::map<MatchId, ServerSlot> assigned_;
};

/// How many servers there should be for so many matches: room for `kSpareSlots` more, at least one, at most `most`.
inline constexpr int kSpareSlots = 16;
int servers_wanted(int matches, int most);

}  // namespace mm::orchestrator
