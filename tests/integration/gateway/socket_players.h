// For tests of WebSockets: sockets that have received `welcome`, and frames to players as other daemons send them.
#pragma once

#include "tests/integration/gateway/world.h"

#include "common/bus/notifier.h"
#include "common/contracts/frames.h"
#include "common/wire/codec.h"

namespace mm::gateway::testing {

/// Sends frames to players, as a daemon does.
class FrameSender {
 public:
  void chat(const Player& player, const std::string& text) {
    notifier_.notify(default_tenant(), {player.id}, frames::ChatMessage{PartyId{}, player.id, player.name, text});
  }
  /// Publishes a frame with this number, without the counter in the cache.
  void raw(const Player& player, int seq, const std::string& event = "chat_message") {
    const auto text = R"({"event":")" + event + R"(","seq":)" + std::to_string(seq) + R"(,"data":{"text":"n)" +
                      std::to_string(seq) + "\"}}";
    EXPECT_TRUE(World::get().bus->publish(notify_subject(player.id), text).ok());
  }
  void set_seq(const Player& player, int seq) {
    EXPECT_TRUE(redis_.command({"SET", "mm:{default}:seq:" + player.id.to_string(), std::to_string(seq)}, soon()).ok());
  }
  std::int64_t sockets_of(const Player& player) {
    const auto counts = redis_.command({"HVALS", "mm:{default}:presence:" + player.id.to_string()}, soon());
    std::int64_t all = 0;
    for (const auto& count : counts->items) all += std::stoll(count.text);
    return all;
  }

 private:
  storage::Redis redis_{mm::testing::redis_options(World::get().cache)};
  SystemClock clock_;
  bus::Notifier notifier_{*World::get().bus, redis_, clock_};
};

inline FrameSender& frame_sender() {
  static FrameSender frame_sender;
  return frame_sender;
}

/// A socket that has received `welcome`. Fails the test if it has not.
struct Welcomed {
  explicit Welcomed(const Player& player, Instance& at = gateway(), const std::string& path = "/v1/ws")
      : socket(at.port(), path, player.auth()) {
    EXPECT_TRUE(socket.open()) << socket.answer().body;
    welcome = socket.read();
    EXPECT_EQ(welcome.at("event"), "welcome") << welcome.payload;
  }
  WebSocket socket;
  Frame welcome;
};

}  // namespace mm::gateway::testing
