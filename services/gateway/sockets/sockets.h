// The WebSockets of one shard: dispatches frames from the bus to the sockets of a player, and maintains presence in the
// Redis cache, which tells other daemons whether a player has an open socket. After an outage of the cache or the bus
// it writes presence again and sends a new welcome on every socket, because frames may have been lost. Used only on the
// shard's loop.
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

  /// Creates the socket of an admitted connection. `link` must call PlayerSocket::on_closed before it is destroyed.
  std::shared_ptr<PlayerSocket> open(SocketLink& link, SocketAdmission admission);

  // Called by the sockets.
  /// Registers a socket whose token was accepted and writes its presence. `then` is called when the cache has answered
  /// or failed, unless the login has ended.
  void entered(const std::shared_ptr<PlayerSocket>& socket, std::function<void()> then);
  void closed(const PlayerSocket& socket);

  // Posted by the threads of the bus.
  void deliver(PlayerId player, std::int64_t seq, const FrameText& text);
  void end(const CloseSockets& event);
  void queue_reset();
  void party_changed(PartyId party, const std::vector<PlayerId>& members);

  void end_all(std::uint16_t code, std::string_view reason);
  void on_tick(SteadyPoint now);
  Shard& shard() { return shard_; }

 private:
  struct OfPlayer {
    Tenant tenant;
    std::vector<std::shared_ptr<PlayerSocket>> sockets;
    SteadyPoint write_at{};  ///< when to write presence again
    bool written = false;    ///< presence was written at least once since the first of these sockets opened
  };
  /// A closed socket whose removal from presence failed and must be retried.
  struct PendingRemoval {
    Tenant tenant;
    PlayerId player;
    std::string socket;
  };
  static constexpr std::size_t kMaxPendingRemovals = 20'000;

  void write_presence(PlayerId player, OfPlayer& of, std::function<void()> then);
  void on_presence_written(PlayerId player, const std::vector<SocketPresence>& sockets, const PresenceAnswer& answer);
  void remove_presence(PendingRemoval socket);
  void publish_presence(PlayerId player, const Tenant& tenant, bool connected);
  void evict(PlayerId player, const std::string& name);
  bool end_denied(PlayerSocket& socket);

  void detect_outages(SteadyPoint now);
  void write_due_presence(SteadyPoint now);
  void retry_removals(SteadyPoint now);
  void send_pending_welcomes();
  void send_some(std::deque<std::uint64_t>& numbers, bool (PlayerSocket::*resync)(), std::size_t& most);

  Shard& shard_;
  std::unordered_map<std::uint64_t, std::shared_ptr<PlayerSocket>> by_number_;
  std::unordered_map<PlayerId, OfPlayer> by_player_;
  std::deque<PendingRemoval> pending_removals_;
  std::deque<std::uint64_t> to_welcome_;  ///< numbers of the sockets that need a new welcome
  std::deque<std::uint64_t> to_tell_;     ///< the same, after a reset of the queue
  std::uint64_t cache_connections_ = 0;
  std::uint64_t bus_reconnections_ = 0;
  SteadyPoint tick_at_{};
  SteadyPoint remove_at_{};
};

}  // namespace mm::gateway
