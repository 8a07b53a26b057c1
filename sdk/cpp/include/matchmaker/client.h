// The client of the matchmaking service. A game uses one Client per player.
//
//   matchmaker::ClientOptions options;
//   options.gateway_url = "http://127.0.0.1:8080";
//   matchmaker::Client client(options);
//   client.events().match_found = [](const matchmaker::MatchFound& m) { … };
//   client.login("alice", "correct horse", [&](matchmaker::Result<matchmaker::Done> r) {
//     if (r) client.connect();
//   });
//   while (playing) client.tick();   // once per frame
//
// Threads: a Client belongs to one thread, which makes all calls and calls tick(). Every callback, event handler and
// hook runs inside tick(), and none runs after the Client is destroyed. A callback, handler or hook may destroy the
// Client. No function blocks except wait(); network I/O runs on other threads.
// Errors: every error is a value. No call throws, for any argument. If the gateway address is invalid, every call ends
// with an error of the kind `invalid` and the code `invalid_address`.
// Recovery: the client renews access tokens and reopens a broken realtime connection without action by the game. After
// a reconnect it delivers the events that were missed, each once, and the complete current state. Calls
// that create something carry an idempotency key, so that they can be retried safely.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "matchmaker/events.h"
#include "matchmaker/export.h"
#include "matchmaker/result.h"
#include "matchmaker/types.h"

namespace matchmaker {

enum class LogLevel { debug, info, warning, error };

struct ClientOptions {
  std::string gateway_url = {};  ///< http://host:port or https://host:port; an IPv6 address is in brackets
  std::string tenant = {};       ///< the tenant of the game; empty: the default tenant
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds reconnect_least{250};   ///< first pause before the realtime connection is reopened
  std::chrono::milliseconds reconnect_most{8'000};  ///< longest pause; pauses double, with jitter
  /// Receives each new refresh token, which replaces the previous one. A game that stores the token can call
  /// login_with_refresh() after a restart. An empty text means that the login has ended and the stored token must be
  /// deleted. The token is as secret as a password.
  std::function<void(const std::string& refresh_token)> store_refresh_token = {};
  /// Receives a line for each request with its result, each connection and each renewal. No line contains a secret.
  std::function<void(LogLevel level, const std::string& text)> log = {};
};

class Transport;

template <class T>
using Callback = std::function<void(Result<T>)>;

class MATCHMAKER_API Client {
 public:
  explicit Client(ClientOptions options);
  /// Uses the given transport instead of the default one, for example in tests.
  Client(ClientOptions options, std::unique_ptr<Transport> transport);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Runs the callbacks and events that are due, and starts renewals and reconnects. Returns how many network results
  /// it processed.
  int tick();
  /// Like tick(), but first blocks up to `most` until a network result arrives. For tools without a frame loop.
  int wait(std::chrono::milliseconds most);

  Events& events();

  // Account and login
  void register_account(const Registration& registration, Callback<Account> done);
  void login(const std::string& username, const std::string& password, Callback<Done> done);
  /// Uses the refresh token of an earlier login (ClientOptions::store_refresh_token). A refresh token is valid once.
  void login_with_refresh(const std::string& refresh_token, Callback<Done> done);
  void logout(Callback<Done> done);
  bool logged_in() const;
  /// Taken from the access token; empty before the login.
  const std::string& player_id() const;

  // Profile
  void my_profile(Callback<Profile> done);
  void profile(const std::string& player_id, Callback<Profile> done);
  void set_region(const std::string& region, Callback<Profile> done);
  /// `json`: a JSON object of at most 4 KiB.
  void set_preferences(const std::string& json, Callback<Profile> done);

  // Party
  void create_party(const PartyOptions& options, Callback<Party> done);
  void party(const std::string& party_id, Callback<Party> done);
  void join_party(const std::string& party_id, Callback<Party> done);
  void leave_party(const std::string& party_id, Callback<Done> done);
  void set_ready(const std::string& party_id, bool ready, Callback<ReadyState> done);
  void invite(const std::string& party_id, const std::string& player_id, Callback<Party> done);
  /// The open invitations to this player.
  void invites(Callback<std::vector<Invitation>> done);
  void decline_invite(const std::string& party_id, Callback<Done> done);
  /// Only the leader of the party may withdraw an invitation.
  void withdraw_invite(const std::string& party_id, const std::string& player_id, Callback<Done> done);
  void kick(const std::string& party_id, const std::string& player_id, Callback<Party> done);
  void promote(const std::string& party_id, const std::string& player_id, Callback<Party> done);
  void chat(const std::string& party_id, const std::string& text, Callback<Done> done);

  // Queue
  void enter_queue(const QueueOptions& options, Callback<Ticket> done);
  void enter_queue_as_party(const std::string& party_id, const QueueOptions& options, Callback<Ticket> done);
  void ticket(const std::string& ticket_id, Callback<Ticket> done);
  /// Explains why a ticket waits, what the forecast for it is, and what would let it match.
  void explain(const std::string& ticket_id, Callback<Explanation> done);
  void leave_queue(const std::string& ticket_id, Callback<Done> done);
  /// Before `done` runs, each end of a match in `Active::recent` that was missed is delivered as an event.
  void active(Callback<Active> done);

  // Match, history, leaderboard
  void match(const std::string& match_id, Callback<Match> done);
  void history(const HistoryQuery& query, Callback<HistoryPage> done);
  void leaderboard(const LeaderboardQuery& query, Callback<LeaderboardPage> done);

  // Realtime
  /// Opens the realtime connection as soon as the player is logged in, and keeps it open until disconnect().
  void connect();
  void disconnect();
  bool connected() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this object, and tick() and wait() while they run
};

}  // namespace matchmaker
