// The WebSockets of one shard: by player, for frames from the bus; and their presence in the cache, which says to
// everybody else whether a player has a socket open. Lives on the shard's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/contracts/lobby.h"
#include "services/gateway/messages.h"
#include "services/gateway/sockets/player_socket.h"

namespace mm::gateway {

class Sockets {
 public:
  explicit Sockets(Shard& shard) : shard_(shard) {}

  /// For a connection that was admitted; the link closes before it goes.
  std::shared_ptr<PlayerSocket> open(SocketLink& link, Admission admission);

  // From the sockets.
  void entered(const std::shared_ptr<PlayerSocket>& socket, std::function<void()> then);
  void closed(const PlayerSocket& socket);

  // From the bus, posted.
  void deliver(PlayerId player, std::int64_t seq, const FrameText& text);
  void obey(PlayerId player, const Bye& bye);
  void party_changed(PartyId party, const std::vector<PlayerId>& members);

  void end_all(std::uint16_t code, std::string_view reason);
  void on_tick(SteadyPoint now);
  std::size_t count() const { return by_number_.size(); }

 private:
  struct OfPlayer {
    Tenant tenant;
    std::vector<std::shared_ptr<PlayerSocket>> sockets;
    SteadyPoint keep_at{};
  };

  void tell_presence(PlayerId player, const Tenant& tenant, bool connected);
  void evict(PlayerId player, const std::vector<std::string>& names);
  void close_place(PlayerId player, Directory::Place place);
  void keep(PlayerId player, OfPlayer& of);

  Shard& shard_;
  std::unordered_map<std::uint64_t, std::shared_ptr<PlayerSocket>> by_number_;
  std::unordered_map<PlayerId, OfPlayer> by_player_;
  SteadyPoint look_at_{};
};

/// Tells every gateway (this one too) to end sockets of a player.
void signal_bye(Gateway& gateway, PlayerId player, const Bye& bye);

}  // namespace mm::gateway
