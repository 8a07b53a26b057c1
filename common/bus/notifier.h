// WebSocket frames for players: gives each its number (`seq`, counted per player in the Redis cache, across daemons
// and gateways) and publishes it on notify.<player_id>. Only players with an open socket get one: the others read
// the whole state in `welcome` when they come. For a while after the cache lost its data everybody gets one, because it
// does not know yet who has a socket. Best effort by design: a lost frame is counted and shows as a gap in `seq`, and
// the gateway answers a gap with a fresh `welcome`.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/bus/bus.h"
#include "common/contracts/names.h"
#include "common/storage/redis.h"

namespace mm::bus {

class Notifier {
 public:
  Notifier(Bus& bus, storage::Redis& cache, const Clock& clock);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// The same data to several players.
  template <class D>
  void tell(const Tenant& tenant, const std::vector<PlayerId>& players, const D& data) {
    std::vector<Frame> frames;
    const auto text = wire::encode(data);
    for (const auto& player : players) frames.push_back({player, D::kEvent, text});
    send(tenant, frames);
  }

  struct Frame {
    PlayerId player;
    std::string_view event;
    std::string data;  ///< JSON
  };
  /// Different data to each, in one round trip of at most 200 ms. After the cache failed, a second of silence.
  /// Thread-safe.
  void send(const Tenant& tenant, const std::vector<Frame>& frames);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
