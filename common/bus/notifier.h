// Notifier: sends WebSocket frames to players on notify.<player_id>. Each frame gets a number (`seq`, counted per
// player in the Redis cache, across daemons and gateways) and is stored there for kFrameLogTime, so that a gateway can
// replay the frames that a client has missed. Players without an open socket get no frame; frames are stored for them
// until kFrameLogTime after their last socket was closed. For some time after the cache lost its data all players get
// frames, because the cache does not know yet who is connected. Delivery is best effort: a frame that is lost on the
// bus is counted and leaves a gap in `seq`, upon which the gateway replays it.
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

  /// Sends the same data to several players.
  template <class D>
  void notify(const Tenant& tenant, const std::vector<PlayerId>& players, const D& data) {
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
  /// Sends each player different data, with one cache round trip of at most 200 ms. For one second after a failure of
  /// the cache all frames are dropped. Thread-safe.
  void send(const Tenant& tenant, const std::vector<Frame>& frames);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
