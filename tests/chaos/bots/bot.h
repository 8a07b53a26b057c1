// One player. The bot draws its next action from what it believes its state to be: the answers and frames that it has
// received. The belief may be wrong, for example after an outage; then requests are refused, which is part of the load.
//
// A bot has at most one operation in progress, except for the copies of one operation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/lobby.h"
#include "tests/chaos/bots/calls.h"
#include "tests/chaos/bots/player_socket.h"
#include "tests/chaos/bots/world.h"

namespace mm::chaos {

class Bot {
 public:
  Bot(World& world, int number);

  /// Begins an action. False: an operation is in progress.
  bool act();
  /// Leaves the party or is no longer ready, while the party enters the queue.
  void disturb_party();
  /// Begins what is needed to know that nothing of this bot is in progress. False: not now.
  bool drain();
  /// True when drain() has found neither a ticket nor a live match, and no operation can take effect later.
  bool at_rest() const { return at_rest_; }
  /// What drain() last found, for the summary.
  std::string remains() const;
  /// Closes the socket for good.
  void leave();

  bool logged_in() const { return login_.has_value(); }
  bool online() const { return online_; }
  /// True if the bot can be invited.
  bool is_free() const { return online_ && !party_ && !ticket_ && !match_; }
  const std::string& player() const { return player_; }
  const std::optional<Party>& party() const { return party_; }

 private:
  struct Login {
    std::int64_t number = 0;  // of the operation login
    std::string access, refresh;
    std::string spent;  // the refresh token before `refresh`; empty at first
  };
  using Then = std::function<void(const Outcome&)>;

  // Operations (bot.cpp).
  Operation reading(std::string_view op, std::string target) const;
  Operation writing(std::string_view op, std::string method, std::string target, const Fields& body = {});
  void start(Operation operation, Then then);
  void choose();
  void add_reads(Choice& choice);
  void add_account_actions(Choice& choice);

  // Account and logins (bot_account.cpp).
  void sign_up();
  void log_in();
  void refresh();
  void present_spent_token();
  void log_out();
  void try_wrong_password();
  void use_ended_access();
  void read_me();
  void read_history();
  void read_top();
  void read_active();
  void take_tokens(const HttpAnswer& answer, std::int64_t login_number);

  // Parties (bot_party.cpp).
  void add_party_actions(Choice& choice);
  void add_leader_actions(Choice& choice);
  void create_party();
  void invite();
  void join(const std::string& party);
  void join_any();
  void leave_party();
  void kick();
  void promote();
  void set_ready(bool ready);
  void read_party();
  void take_party(const Outcome& outcome);
  bool leads() const { return party_ && party_->leader_id.to_string() == player_; }
  const PartyMember* self_in_party() const;
  /// A random other member; empty if there is none.
  std::string other_member();

  // Queue and matches (bot_queue.cpp).
  void add_queue_actions(Choice& choice);
  void queue_alone();
  void queue_party();
  void after_enqueue(const Outcome& outcome, bool in_party);
  void cancel(const std::string& ticket);
  void cancel_party();
  void after_cancel(const Outcome& outcome);
  void read_ticket();
  void read_match(const std::string& match);

  // The socket (bot_socket.cpp).
  void connect_later(Milliseconds wait);
  void connect();
  void on_open();
  void on_text(std::string_view text);
  void on_end(const SocketEnd& how);
  void on_welcome(const json::Value& data, std::int64_t seq);
  void on_frame(std::string_view event, const json::Value& data);
  void on_party_frame(std::string_view event, const json::Value& data);
  void on_match_frame(std::string_view event, const json::Value& data);
  void on_match_found(const std::string& match);
  void drop_socket();
  void adopt(const std::optional<Party>& party, const std::optional<Ticket>& ticket, const std::string& live_match);

  World& world_;
  const int number_;
  const std::string name_;
  const std::string password_;
  const std::string region_;
  Route route_;

  bool registered_ = false;
  std::string player_;  // id; empty: not known yet
  std::optional<Login> login_;
  std::string ended_access_;  // an access token of a login that has ended, and the number of that login
  std::int64_t ended_login_ = 0;
  SteadyPoint ended_at_;
  bool access_refused_ = false;  // the access token was refused, so a refresh is due
  bool doubtful_ = false;        // a refusal or an unknown outcome contradicts the belief, so the state is read next

  std::optional<Party> party_;
  std::vector<std::string> invitations_;  // party ids
  std::size_t wanted_size_ = 2;           // of the party that this bot leads
  std::optional<std::string> ticket_;     // a waiting ticket
  std::optional<std::string> matched_ticket_;
  std::optional<std::string> match_;  // a live match
  SteadyPoint waits_since_;

  std::unique_ptr<PlayerSocket> socket_;
  std::int64_t connection_ = 0;  // number of the operation connect
  bool online_ = false;          // the welcome was received
  bool connecting_ = false;      // also while waiting to connect
  bool leaving_ = false;
  int failed_connects_ = 0;
  std::int64_t last_seq_ = -1;
  Milliseconds reconnect_after_{0};  // asked for by the gateway
  bool dropped_by_bot_ = false;
  std::string hello_;  // the first frame, if the token is not in the header

  bool busy_ = false;
  bool acting_ = false;  // called by the pacer
  SteadyPoint unsettled_until_;
  SteadyPoint drain_again_;
  bool at_rest_ = false;
};

/// A JSON object with these members.
std::string object_of(const Fields& fields);

/// The answer's body as this message; none if it is not one.
template <class T>
std::optional<T> read_as(const HttpAnswer& answer) {
  auto read = wire::decode<T>(answer.body, wire::Unknown::ignored, {limits::kMaxJsonDepth, 100'000});
  if (!read) return std::nullopt;
  return *std::move(read);
}

/// The members of an ok line whose answer is not what the API describes.
inline Fields malformed() { return Fields().add("malformed", true); }

}  // namespace mm::chaos
