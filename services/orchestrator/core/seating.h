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

struct Seat {
  ServerId server;
  int slot = 0;
  friend bool operator==(const Seat&, const Seat&) = default;
};

class Seating {
 public:
  /// `open`: it takes new matches. Seats on a closed server stay.
  void set_open(ServerId server, bool open);
  /// The server is gone, and every seat on it.
  void remove(ServerId server);

  std::optional<Seat> of(MatchId match) const;
  /// The seat it has, or a new one; none: no open server has room.
  std::optional<Seat> take(MatchId match);
  /// As the table says; another match in that place loses it.
  void restore(MatchId match, const Seat& seat);
  void free(MatchId match);

  std::vector<MatchId> seated() const;
  int used() const { return static_cast<int>(seats_.size()); }

 private:
  struct Server {
    bool open = false;
    std::bitset<game::kMatchesPerServer> taken;
  };

  std::map<ServerId, Server> servers_;
  std::map<MatchId, Seat> seats_;
};

/// How many servers there should be for so many matches: room for `kSpareMatches` more, at least one, at most `most`.
inline constexpr int kSpareMatches = 16;
int servers_wanted(int matches, int most);

}  // namespace mm::orchestrator
