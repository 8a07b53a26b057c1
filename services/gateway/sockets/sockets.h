// The WebSockets of one shard: by player, for frames from the bus; and their presence in the cache, which says to
// everybody else whether a player has a socket open. After an outage of the cache or the bus, presence is written again
// and every socket is welcomed anew, because its frames may have been lost. Lives on the shard's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/contracts/events.h"
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
  void end(const SocketsEnded& event);
  void party_changed(PartyId party, const std::vector<PlayerId>& members);

  void end_all(std::uint16_t code, std::string_view reason);
  void on_tick(SteadyPoint now);
  std::size_t count() const { return by_number_.size(); }

 private:
  struct OfPlayer {
    Tenant tenant;
    std::vector<std::shared_ptr<PlayerSocket>> sockets;
    SteadyPoint hold_at{};   ///< when presence is written again
    bool announced = false;  ///< the cache has known of the player since the first of these sockets opened
  };
  /// A socket that closed while the cache did not answer.
  struct Unreported {
    Tenant tenant;
    PlayerId player;
    std::string socket;
  };
  static constexpr std::size_t kUnreportedMost = 20'000;

  void hold(PlayerId player, OfPlayer& of, std::function<void()> then);
  void held(PlayerId player, const std::vector<HeldSocket>& sockets, const Held& answer);
  void leave(Unreported socket);
  void tell_presence(PlayerId player, const Tenant& tenant, bool connected);
  void evict(PlayerId player, const std::string& name);
  bool end_denied(PlayerSocket& socket);

  void look_for_outages(SteadyPoint now);
  void write_presence(SteadyPoint now);
  void report_closed(SteadyPoint now);
  void welcome_again();

  Shard& shard_;
  std::unordered_map<std::uint64_t, std::shared_ptr<PlayerSocket>> by_number_;
  std::unordered_map<PlayerId, OfPlayer> by_player_;
  std::deque<Unreported> unreported_;
  std::deque<std::uint64_t> to_welcome_;  ///< numbers of sockets whose frames may have been lost
  std::uint64_t cache_connections_ = 0;
  std::uint64_t bus_reconnections_ = 0;
  SteadyPoint look_at_{};
  SteadyPoint report_at_{};
};

}  // namespace mm::gateway
