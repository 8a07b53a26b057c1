// The protocol of one WebSocket of one player: hello, welcome, ordered frames, commands, and closing. Used only on its
// shard's loop. The transport is a SocketLink.
//
//   greeting  the client has sent no token yet; only hello is accepted, within 5 s
//   entering  the token is valid; the membership is checked, presence is written, missed frames are replayed, then the
//             state is read
//   live      the welcome was sent
//   over      closing or closed
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/security/jwt.h"
#include "services/gateway/api/messages.h"
#include "services/gateway/core/frame_order.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/exchange/exchange.h"
#include "services/gateway/sockets/frames.h"
#include "services/gateway/sockets/link.h"

namespace mm::gateway {

class Sockets;

class PlayerSocket : public std::enable_shared_from_this<PlayerSocket> {
 public:
  static constexpr Milliseconds kHelloTimeout{5'000};

  PlayerSocket(Sockets& sockets, std::uint64_t number, SocketLink& link, SocketAdmission admission);
  PlayerSocket(const PlayerSocket&) = delete;
  PlayerSocket& operator=(const PlayerSocket&) = delete;

  /// Continues in the phase `entering` if the token came in the Authorization header.
  void start();

  // Called by the link.
  void on_text(std::string_view text);
  void on_binary();
  /// A ping, pong or close frame. The link answers it; here it only counts against the frame limit.
  void on_control();
  void on_closed();

  // Called by Sockets.
  void on_frame(std::int64_t seq, const FrameText& text);
  void on_tick(SteadyPoint now);
  /// Replays lost frames, reads the state again and sends a new welcome, because frames may have been lost. Returns
  /// false if the socket has no valid token yet or is over.
  bool resync();
  /// As resync(), after the queue lost data: if the player's ticket or party is gone, the frame queue_left or
  /// party_disbanded comes before the welcome, with the number 0.
  bool resync_after_reset();
  /// Sends a bye frame with the reason, then closes the socket. Has no effect if the socket is over.
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
  bool replay(const LoggedFrames& stored);
  void read_state(std::int64_t seq, bool resumed);
  void send_welcome(const Welcome& state, std::int64_t seq);
  void send_losses(const Welcome& state);
  void welcome_failed();

  bool count_frame();
  void on_hello(const ClientFrame& frame);
  void renew(security::AccessClaims claims, const std::optional<Resume>& resume, const std::optional<std::string>& ref);
  void on_ping(const ClientFrame& frame);
  void on_command(const ClientFrame& frame);
  void find_party(Command command, const std::optional<std::string>& ref);
  void run(Command command, const std::optional<std::string>& ref);
  void refuse(const std::optional<std::string>& ref, const Problem& problem);
  void answer(const std::optional<std::string>& ref, const HttpAnswer& answer);
  void send(std::string_view event, std::string_view data, const std::optional<std::string>& ref = std::nullopt);
  void apply(const FrameOrder::Step& step);
  RequestContext context() const;
  TimePoint now() const { return shard_.gateway.runtime.clock.now(); }

  Sockets& sockets_;
  Shard& shard_;
  const std::uint64_t number_;
  SocketLink* link_;  ///< null once it is closed
  Phase phase_ = Phase::greeting;
  std::optional<security::AccessClaims> claims_;
  std::optional<PartyId> party_;  ///< if set, the socket ends when the player is not a member of this party
  const std::string address_;
  const TimePoint opened_at_;
  const SteadyPoint started_;
  TokenBucket frames_;
  FrameOrder order_;
  LastKnown known_;     ///< the ticket and the party that the client knows
  bool reset_ = false;  ///< the next welcome follows a reset of the queue
  bool welcoming_ = false;
  bool read_again_ = false;  ///< read the state once more: the current read may have begun before an outage
  std::optional<std::string> welcome_ref_;  ///< `ref` of the hello that the next welcome answers
  int welcome_failures_ = 0;
  std::optional<SteadyPoint> welcome_at_;  ///< when a failed welcome is retried
};

}  // namespace mm::gateway
