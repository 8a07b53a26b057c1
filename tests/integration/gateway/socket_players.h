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
  void raw(const Player& player, std::int64_t seq, const std::string& event = "chat_message") {
    const auto text = R"({"event":")" + event + R"(","seq":)" + std::to_string(seq) + R"(,"data":{"text":"n)" +
                      std::to_string(seq) + "\"}}";
    EXPECT_TRUE(World::get().bus->publish(notify_subject(player.id), text).ok());
  }
  void set_seq(const Player& player, std::int64_t seq) {
    EXPECT_TRUE(redis_.command({"SET", "mm:{default}:seq:" + player.id.to_string(), std::to_string(seq)}, soon()).ok());
  }
  /// Stores a chat frame with its number, but does not publish it, as if the bus had lost it.
  void lose(const Player& player, const std::string& text) {
    const auto presence = "mm:{default}:presence:" + player.id.to_string();
    // The cache is not new, so a player without a presence is not connected.
    EXPECT_TRUE(redis_.command({"SET", "mm:{default}:seq:seen", "1"}, soon()).ok());
    EXPECT_TRUE(redis_.command({"DEL", "mm:{default}:seq:uncertain", presence}, soon()).ok());
    chat(player, text);
    mm::testing::set_connected(redis_, default_tenant(), player.id);
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
  std::int64_t seq() const { return std::stoll(welcome.at("seq")); }

  WebSocket socket;
  Frame welcome;
};

/// A socket of a client that names the last frame that it has, and the frames up to and with `welcome`.
struct Resumed {
  Resumed(const Player& player, std::int64_t seen, Instance& at = gateway(), const std::string& path = "/v1/ws")
      : socket(at.port(), path + "?resume=" + std::to_string(seen), player.auth()) {
    EXPECT_TRUE(socket.open()) << socket.answer().body;
    read();
  }
  /// Reads the frames up to and with the next `welcome`.
  void read() {
    missed.clear();
    for (welcome = socket.read(); welcome.opcode == 1 && welcome.at("event") != "welcome"; welcome = socket.read()) {
      missed.push_back(welcome);
    }
    EXPECT_EQ(welcome.at("event"), "welcome") << welcome.payload;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& frame : missed) all.push_back(frame.at("data/text"));
    return all;
  }
  bool resumed() const { return welcome.at("data/resumed") == "true"; }
  std::int64_t seq() const { return std::stoll(welcome.at("seq")); }

  WebSocket socket;
  std::vector<Frame> missed;
  Frame welcome;
};

}  // namespace mm::gateway::testing
