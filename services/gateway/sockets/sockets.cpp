#include "services/gateway/sockets/sockets.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "services/gateway/sockets/frames.h"

namespace mm::gateway {
namespace {

constexpr Milliseconds kKeepEvery{15'000};
constexpr Milliseconds kLookEvery{100};

}  // namespace

std::shared_ptr<PlayerSocket> Sockets::open(SocketLink& link, Admission admission) {
  static std::atomic<std::uint64_t> last_number{0};
  auto socket = std::make_shared<PlayerSocket>(shard_, ++last_number, link, std::move(admission));
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
  if (of.sockets.empty()) of.keep_at = std::chrono::steady_clock::now() + kKeepEvery;
  of.sockets.push_back(socket);
  if (socket->party()) shard_.gateway.directory.watch(*socket->party());
  const auto over = shard_.gateway.directory.add(player, {shard_.index, socket->number()}, Store::kSocketsPerPlayer);
  for (const auto& place : over) close_place(player, place);

  const HeldSocket held{socket->name(), socket->opened_at(), claims.login};
  shard_.store.join(claims.tenant, player, shard_.gateway.instance, held,
                    [this, player, tenant = claims.tenant, then = std::move(then)](storage::RedisResult<Joined> joined) {
                      // Without the cache the socket serves all the same; `keep` repeats it when the cache is back.
                      if (joined) {
                        if (joined->before == 0) tell_presence(player, tenant, true);
                        evict(player, joined->evicted);
                      }
                      then();
                    });
}

void Sockets::closed(const PlayerSocket& socket) {
  const auto number = socket.number();
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return;
  const auto kept = found->second;  // alive until the end of this call
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
  shard_.store.leave(tenant, player, shard_.gateway.instance, socket.name(), [this, player, tenant](storage::RedisResult<int> left) {
    if (left && *left == 0) tell_presence(player, tenant, false);
  });
}

void Sockets::tell_presence(PlayerId player, const Tenant& tenant, bool connected) {
  const auto told = shard_.gateway.runtime.bus.publish(PresenceChanged{player, tenant, connected});
  if (!told) log::warning("presence_not_told", {{"player_id", player}});
}

void Sockets::deliver(PlayerId player, std::int64_t seq, const FrameText& text) {
  const auto found = by_player_.find(player);
  if (found == by_player_.end()) return;
  const auto sockets = found->second.sockets;
  for (const auto& socket : sockets) socket->on_frame(seq, text);
}

void Sockets::obey(PlayerId player, const Bye& bye) {
  const auto found = by_player_.find(player);
  if (found == by_player_.end()) return;
  const auto sockets = found->second.sockets;
  for (const auto& socket : sockets) {
    const bool named = (bye.login && socket->claims()->login == *bye.login) || (bye.socket && socket->name() == *bye.socket);
    if (named) socket->end(static_cast<std::uint16_t>(bye.code), bye.reason);
  }
}

void Sockets::party_changed(PartyId party, const std::vector<PlayerId>& members) {
  std::vector<std::shared_ptr<PlayerSocket>> gone;
  for (const auto& [number, socket] : by_number_) {
    const bool bound = socket->party() == party && socket->claims();
    if (bound && std::find(members.begin(), members.end(), socket->claims()->player) == members.end()) gone.push_back(socket);
  }
  for (const auto& socket : gone) socket->end(close_codes::kNotMember, "not a member any more");
}

void Sockets::evict(PlayerId player, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    Bye bye;
    bye.code = close_codes::kReplaced;
    bye.reason = "replaced by a newer socket";
    bye.socket = name;
    signal_bye(shard_.gateway, player, bye);
  }
}

void Sockets::close_place(PlayerId player, Directory::Place place) {
  if (place.shard != shard_.index) {
    return evict(player, {shard_.gateway.instance + "/" + std::to_string(place.socket)});
  }
  const auto found = by_number_.find(place.socket);
  if (found == by_number_.end()) return;
  const auto socket = found->second;
  socket->end(close_codes::kReplaced, "replaced by a newer socket");
}

void Sockets::end_all(std::uint16_t code, std::string_view reason) {
  std::vector<std::shared_ptr<PlayerSocket>> all;
  for (const auto& [number, socket] : by_number_) all.push_back(socket);
  for (const auto& socket : all) socket->end(code, reason);
}

void Sockets::on_tick(SteadyPoint now) {
  if (now < look_at_) return;
  look_at_ = now + kLookEvery;
  std::vector<std::shared_ptr<PlayerSocket>> all;
  all.reserve(by_number_.size());
  for (const auto& [number, socket] : by_number_) all.push_back(socket);
  for (const auto& socket : all) socket->on_tick(now);
  for (auto& [player, of] : by_player_) {
    if (now >= of.keep_at) keep(player, of);
  }
}

void Sockets::keep(PlayerId player, OfPlayer& of) {
  of.keep_at = std::chrono::steady_clock::now() + kKeepEvery;
  std::vector<HeldSocket> held;
  for (const auto& socket : of.sockets) held.push_back({socket->name(), socket->opened_at(), socket->claims()->login});
  shard_.store.keep(of.tenant, player, shard_.gateway.instance, held, [this, player, held](storage::RedisResult<std::vector<bool>> denied) {
    for (std::size_t i = 0; denied && i < held.size() && i < denied->size(); ++i) {
      if (!(*denied)[i]) continue;
      Bye bye;
      bye.code = close_codes::kNotAuthenticated;
      bye.reason = "login ended";
      bye.login = held[i].login;
      obey(player, bye);
    }
  });
}

void signal_bye(Gateway& gateway, PlayerId player, const Bye& bye) {
  // No number: not a frame for clients but a word among gateways.
  const auto text = R"({"event":"bye","data":)" + wire::encode(bye) + "}";
  const auto told = gateway.runtime.bus.publish(notify_subject(player), text);
  if (!told) log::warning("gateways_not_told", {{"player_id", player}});
}

}  // namespace mm::gateway
