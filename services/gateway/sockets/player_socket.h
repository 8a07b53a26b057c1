// One WebSocket of one player: hello, welcome, frames in order, commands, and every reason to close it. Lives on its
// shard's loop; the link below it knows bytes only.
//
//   greeting  no token yet: only hello is understood, within 5 s
//   entering  the token is good; membership and presence are looked up, then the state is read
//   live      welcomed
//   over      closing or closed
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/security/jwt.h"
#include "services/gateway/core/frame_order.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/exchange.h"
#include "services/gateway/messages.h"
#include "services/gateway/sockets/frames.h"
#include "services/gateway/sockets/link.h"

namespace mm::gateway {

class PlayerSocket : public std::enable_shared_from_this<PlayerSocket> {
 public:
  static constexpr Milliseconds kHelloTime{5'000};

  PlayerSocket(Shard& shard, std::uint64_t number, SocketLink& link, Admission admission);
  PlayerSocket(const PlayerSocket&) = delete;
  PlayerSocket& operator=(const PlayerSocket&) = delete;

  /// Enters at once if the token came in the header.
  void start();

  // From the link.
  void on_text(std::string_view text);
  void on_binary();
  /// A ping, pong or close frame: the link answers it, and it counts as a frame.
  void on_control();
  void on_closed();

  // From the shard.
  void on_frame(std::int64_t seq, const FrameText& text);
  void on_tick(SteadyPoint now);
  /// Frames may have been lost: a fresh welcome. False when no welcome is needed, because the first is still to come.
  bool resync();
  /// Says why in a last frame, then closes.
  void end(std::uint16_t code, std::string_view reason);

  std::uint64_t number() const { return number_; }
  std::string name() const;
  TimePoint opened_at() const { return opened_at_; }
  const std::optional<security::AccessClaims>& claims() const { return claims_; }
  const std::optional<PartyId>& party() const { return party_; }
  bool is_over() const { return phase_ == Phase::over; }

 private:
  enum class Phase { greeting, entering, live, over };

  void enter(security::AccessClaims claims);
  void check_member();
  void join();
  void welcome();
  void read_state();
  void send_welcome(const Welcome& state, std::int64_t seq);
  void welcome_failed();

  bool count_frame();
  void on_hello(const ClientFrame& frame);
  void renew(security::AccessClaims claims, bool resume, const std::optional<std::string>& ref);
  void on_ping(const ClientFrame& frame);
  void on_command(const ClientFrame& frame);
  void find_party(Command command, const std::optional<std::string>& ref);
  void run(Command command, const std::optional<std::string>& ref);
  void refuse(const std::optional<std::string>& ref, const Problem& problem);
  void answer(const std::optional<std::string>& ref, const HttpAnswer& answer);
  void send(std::string_view event, std::string_view data, const std::optional<std::string>& ref = std::nullopt);
  void obey(const FrameOrder::Verdict& verdict);
  Asker asker() const;
  TimePoint now() const { return shard_.gateway.runtime.clock.now(); }

  Shard& shard_;
  const std::uint64_t number_;
  SocketLink* link_;  ///< null once it is closed
  Phase phase_ = Phase::greeting;
  std::optional<security::AccessClaims> claims_;
  std::optional<PartyId> party_;  ///< only while a member of it
  const std::string address_;
  const TimePoint opened_at_;
  const SteadyPoint started_;
  TokenBucket frames_;
  FrameOrder order_;
  bool welcoming_ = false;
  bool welcome_again_ = false;  ///< what is being read now may be from before an outage
  std::optional<std::string> welcome_ref_;  ///< of the hello that the next welcome answers
  int welcome_failures_ = 0;
  std::optional<SteadyPoint> welcome_at_;  ///< another try
};

}  // namespace mm::gateway
