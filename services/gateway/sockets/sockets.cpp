#include "services/gateway/sockets/sockets.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "services/gateway/core/close_codes.h"
#include "services/gateway/sockets/frames.h"

namespace mm::gateway {
namespace {

constexpr Milliseconds kPresenceInterval{15'000};
constexpr Milliseconds kPresenceRetryInterval{1'000};  // after a failure
constexpr Milliseconds kTickInterval{100};
// Work per kTickInterval and loop after an outage. For 10,000 players, writing presence takes one second, and the
// welcomes, with six requests each, take 25 seconds.
constexpr std::size_t kMaxPresenceWrites = 1'000;
constexpr std::size_t kMaxWelcomes = 40;
constexpr std::size_t kMaxRemovals = 1'000;

CloseSockets replaced(PlayerId player, std::string name) {
  CloseSockets event;
  event.player_id = player;
  event.code = close_codes::kReplaced;
  event.reason = "replaced by a newer socket";
  event.socket = std::move(name);
  return event;
}

}  // namespace

std::shared_ptr<PlayerSocket> Sockets::open(SocketLink& link, SocketAdmission admission) {
  static std::atomic<std::uint64_t> last_number{0};
  auto socket = std::make_shared<PlayerSocket>(*this, ++last_number, link, std::move(admission));
  by_number_.emplace(socket->number(), socket);
  shard_.gateway.metrics.sockets.add(1);
  socket->start();
  return socket;
}

void Sockets::entered(const std::shared_ptr<PlayerSocket>& socket, std::function<void()> then) {
  const auto& claims = *socket->claims();
  const auto player = claims.player;
  auto& of = by_player_[player];
  of.tenant = claims.tenant;
  of.sockets.push_back(socket);
  if (socket->party()) shard_.gateway.directory.watch(*socket->party());
  const auto over = shard_.gateway.directory.add(player, {shard_.index, socket->number()}, Store::kMaxSocketsPerPlayer);
  for (const auto& place : over) evict(player, shard_.gateway.instance + "/" + std::to_string(place.socket));
  // The login may have ended between the upgrade and now. An end of the login after this point finds this socket.
  if (!end_denied(*socket)) write_presence(player, of, std::move(then));
}

void Sockets::write_presence(PlayerId player, OfPlayer& of, std::function<void()> then) {
  of.write_at = std::chrono::steady_clock::now() + kPresenceInterval;
  std::vector<SocketPresence> sockets;
  for (const auto& socket : of.sockets)
    sockets.push_back({socket->name(), socket->opened_at(), socket->claims()->login});
  auto on_answer = [this, player, sockets, then = std::move(then)](storage::RedisResult<PresenceAnswer> answer) {
    const auto found = by_player_.find(player);
    if (answer) {
      on_presence_written(player, sockets, *answer);
    } else if (found != by_player_.end()) {
      // The sockets work without the cache. Writing presence is retried.
      found->second.write_at = std::chrono::steady_clock::now() + kPresenceRetryInterval;
    }
    if (then) then();
  };
  shard_.store.write_presence(of.tenant, player, shard_.gateway.instance, sockets, std::move(on_answer));
}

void Sockets::on_presence_written(PlayerId player, const std::vector<SocketPresence>& sockets,
                                  const PresenceAnswer& answer) {
  if (const auto found = by_player_.find(player); found != by_player_.end()) {
    const bool first = answer.before == 0 && !found->second.written;
    found->second.written = true;
    if (first) publish_presence(player, found->second.tenant, true);
  }
  for (const auto& name : answer.evicted) evict(player, name);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (answer.denied[i]) shard_.gateway.endings.end_here(login_ended(player, sockets[i].login));
  }
}

void Sockets::closed(const PlayerSocket& socket) {
  const auto number = socket.number();
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return;
  const auto kept = found->second;  // keeps the socket alive until the end of this call
  by_number_.erase(found);
  shard_.gateway.metrics.sockets.add(-1);
  if (!socket.claims()) return;
  const auto player = socket.claims()->player;
  const auto of = by_player_.find(player);
  if (of == by_player_.end() || std::erase(of->second.sockets, kept) == 0) return;
  const auto tenant = of->second.tenant;
  if (of->second.sockets.empty()) by_player_.erase(of);
  if (socket.party()) shard_.gateway.directory.unwatch(*socket.party());
  shard_.gateway.directory.remove(player, {shard_.index, number});
  remove_presence({tenant, player, socket.name()});
}

void Sockets::remove_presence(PendingRemoval socket) {
  const auto on_answer = [this, socket](storage::RedisResult<int> left) {
    if (left && *left == 0) publish_presence(socket.player, socket.tenant, false);
    if (!left && pending_removals_.size() < kMaxPendingRemovals) pending_removals_.push_back(socket);
  };
  shard_.store.remove_presence(socket.tenant, socket.player, shard_.gateway.instance, socket.socket, on_answer);
}

void Sockets::publish_presence(PlayerId player, const Tenant& tenant, bool connected) {
  const auto published = shard_.gateway.runtime.bus.publish(PresenceChanged{player, tenant, connected});
  if (!published) log::warning("presence_not_published", {{"player_id", player}});
}

/// Ends an evicted socket. If it belongs to this process, no event is published.
void Sockets::evict(PlayerId player, const std::string& name) {
  auto& endings = shard_.gateway.endings;
  const bool ours = name.starts_with(shard_.gateway.instance + "/");
  ours ? endings.end_here(replaced(player, name)) : endings.end_everywhere(replaced(player, name));
}

bool Sockets::end_denied(PlayerSocket& socket) {
  if (!shard_.gateway.denials.contains(socket.claims()->login)) return false;
  socket.end(close_codes::kNotAuthenticated, kLoginEnded);
  return true;
}

void Sockets::deliver(PlayerId player, std::int64_t seq, const FrameText& text) {
  const auto found = by_player_.find(player);
  if (found == by_player_.end()) return;
  const auto sockets = found->second.sockets;
  for (const auto& socket : sockets) {
    // A denial applies to all threads at once, but the event that ends the socket may not have reached this loop yet.
    if (!end_denied(*socket)) socket->on_frame(seq, text);
  }
}

void Sockets::end(const CloseSockets& event) {
  const auto found = by_player_.find(event.player_id);
  if (found == by_player_.end()) return;
  const auto sockets = found->second.sockets;
  for (const auto& socket : sockets) {
    const bool named =
        (event.login && socket->claims()->login == *event.login) || (event.socket && socket->name() == *event.socket);
    if (named) socket->end(static_cast<std::uint16_t>(event.code), event.reason);
  }
}

void Sockets::party_changed(PartyId party, const std::vector<PlayerId>& members) {
  std::vector<std::shared_ptr<PlayerSocket>> gone;
  for (const auto& [number, socket] : by_number_) {
    const bool bound = socket->party() == party && socket->claims();
    if (bound && std::find(members.begin(), members.end(), socket->claims()->player) == members.end())
      gone.push_back(socket);
  }
  for (const auto& socket : gone) socket->end(close_codes::kNotMember, "no longer a member");
}

void Sockets::end_all(std::uint16_t code, std::string_view reason) {
  std::vector<std::shared_ptr<PlayerSocket>> all;
  for (const auto& [number, socket] : by_number_) all.push_back(socket);
  for (const auto& socket : all) socket->end(code, reason);
}

void Sockets::on_tick(SteadyPoint now) {
  if (now < tick_at_) return;
  tick_at_ = now + kTickInterval;
  std::vector<std::shared_ptr<PlayerSocket>> all;
  all.reserve(by_number_.size());
  for (const auto& [number, socket] : by_number_) all.push_back(socket);
  for (const auto& socket : all) socket->on_tick(now);
  detect_outages(now);
  write_due_presence(now);
  retry_removals(now);
  send_pending_welcomes();
}

void Sockets::detect_outages(SteadyPoint now) {
  const auto cache = shard_.cache.connections();
  const auto bus = shard_.gateway.runtime.bus.reconnections();
  // The first connection to the cache does not count as the end of an outage.
  const bool outage = (cache != cache_connections_ && cache_connections_ != 0) || bus != bus_reconnections_;
  cache_connections_ = cache;
  bus_reconnections_ = bus;
  if (!outage) return;
  // Events about ended logins may have been lost too. Writing presence also reads the denials.
  for (auto& [player, of] : by_player_) of.write_at = now;
  to_welcome_.clear();
  for (const auto& [number, socket] : by_number_) to_welcome_.push_back(number);
}

void Sockets::write_due_presence(SteadyPoint now) {
  if (!shard_.cache.connected()) return;
  std::size_t most = kMaxPresenceWrites;
  for (auto& [player, of] : by_player_) {
    if (now < of.write_at) continue;
    write_presence(player, of, nullptr);
    if (--most == 0) return;
  }
}

// Retries the removal of closed sockets. Runs after write_due_presence, so that a player who still has a socket on this
// gateway is not reported as disconnected.
void Sockets::retry_removals(SteadyPoint now) {
  if (pending_removals_.empty() || now < remove_at_ || !shard_.cache.connected()) return;
  remove_at_ = now + kPresenceRetryInterval;
  for (std::size_t i = std::min(pending_removals_.size(), kMaxRemovals); i > 0; --i) {
    auto socket = std::move(pending_removals_.front());
    pending_removals_.pop_front();
    remove_presence(std::move(socket));
  }
}

void Sockets::queue_reset() {
  to_tell_.clear();
  for (const auto& [number, socket] : by_number_) to_tell_.push_back(number);
}

void Sockets::send_pending_welcomes() {
  if (!shard_.cache.connected() || !shard_.gateway.runtime.bus.connected()) return;
  auto most = kMaxWelcomes;
  send_some(to_tell_, &PlayerSocket::resync_after_reset, most);
  send_some(to_welcome_, &PlayerSocket::resync, most);
}

void Sockets::send_some(std::deque<std::uint64_t>& numbers, bool (PlayerSocket::*resync)(), std::size_t& most) {
  while (most > 0 && !numbers.empty()) {
    const auto found = by_number_.find(numbers.front());
    numbers.pop_front();
    if (found != by_number_.end() && ((*found->second).*resync)()) --most;
  }
}

}  // namespace mm::gateway
