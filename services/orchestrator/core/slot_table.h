// Which match has which slot: each server has a fixed number of slots. Pure. The table in PostgreSQL is authoritative
// (a slot is unique there); this is the view from which the next slot is chosen.
//
// A new match gets a slot of the fullest server that has a free one, so that few servers are busy and the others can
// end. Idempotent by match: a match that has a slot keeps it.
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
  /// Whether the server gets new matches. Assigned slots do not change.
  void set_accepting(ServerId server, bool accepting);
  /// Removes the server and its slots.
  void remove(ServerId server);

  std::optional<ServerSlot> find(MatchId match) const;
  /// The slot of the match, or a new one. None: no accepting server has a free slot.
  std::optional<ServerSlot> assign(MatchId match);
  /// Assigns the slot that the table has. Another match with this slot loses it.
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

/// The number of servers for so many matches and kSpareSlots more: at least one, at most `limit`.
inline constexpr int kSpareSlots = 16;
int servers_wanted(int matches, int limit);

}  // namespace mm::orchestrator
