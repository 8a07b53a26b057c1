// The Matchmaker client: one per player.
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
// Threads: a Client belongs to one thread, which makes all calls and calls tick(); every callback, event handler and hook
// runs inside tick(), none after the Client is destroyed. A Client may be destroyed at any time, also by one of them.
// Nothing blocks; the network has threads of its own.
// Errors are values: no call throws, whatever the texts it is given. An address that is not valid is told by the first
// call, with the kind `invalid` and the code `invalid_address`.
// Access tokens are renewed by themselves, a broken realtime connection comes back by itself with the whole state, and
// ends of matches that were missed meanwhile are delivered as events, each once. Calls that create something carry a key
// that makes their retries safe.
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
  std::string gateway_url = {};  ///< http://host:port or https://host:port; an IPv6 address stands in brackets
  std::string tenant = {};       ///< of the game; empty: the default
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds reconnect_least{250};   ///< first pause before the realtime connection is tried again …
  std::chrono::milliseconds reconnect_most{8'000};  ///< … doubling, with jitter, up to this
  /// Each new refresh token, which replaces the one before: whoever keeps it can login_with_refresh() after a restart of
  /// the game. Empty: the login has ended, forget it. It is as secret as a password.
  std::function<void(const std::string& refresh_token)> store_refresh_token = {};
  /// What the client does: requests with their outcome, connections, renewals. Never a secret.
  std::function<void(LogLevel level, const std::string& text)> log = {};
};

class Transport;

template <class T>
using Callback = std::function<void(Result<T>)>;

class MATCHMAKER_API Client {
 public:
  explicit Client(ClientOptions options);
  /// With a transport of the caller's own, for tests.
  Client(ClientOptions options, std::unique_ptr<Transport> transport);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Runs what has arrived: callbacks, events, renewals, reconnects. Returns how many things it ran.
  int tick();
  /// The same, but waits up to `most` for something to arrive first: for tools without a frame loop.
  int wait(std::chrono::milliseconds most);

  Events& events();

  // Account and login
  void register_account(const Registration& registration, Callback<Account> done);
  void login(const std::string& username, const std::string& password, Callback<Done> done);
  /// With the refresh token of an earlier login (ClientOptions::store_refresh_token), which is spent by this.
  void login_with_refresh(const std::string& refresh_token, Callback<Done> done);
  void logout(Callback<Done> done);
  bool logged_in() const;
  /// From the access token; empty before the login.
  const std::string& player_id() const;

  // Profile
  void my_profile(Callback<Profile> done);
  void profile(const std::string& player_id, Callback<Profile> done);
  void set_region(const std::string& region, Callback<Profile> done);
  /// An object of at most 4 KiB of JSON.
  void set_preferences(const std::string& json, Callback<Profile> done);

  // Party
  void create_party(const PartyOptions& options, Callback<Party> done);
  void party(const std::string& party_id, Callback<Party> done);
  void join_party(const std::string& party_id, Callback<Party> done);
  void leave_party(const std::string& party_id, Callback<Done> done);
  void set_ready(const std::string& party_id, bool ready, Callback<ReadyState> done);
  void invite(const std::string& party_id, const std::string& player_id, Callback<Party> done);
  /// The player's own open invitations.
  void invites(Callback<std::vector<Invitation>> done);
  void decline_invite(const std::string& party_id, Callback<Done> done);
  /// By the party's leader.
  void withdraw_invite(const std::string& party_id, const std::string& player_id, Callback<Done> done);
  void kick(const std::string& party_id, const std::string& player_id, Callback<Party> done);
  void promote(const std::string& party_id, const std::string& player_id, Callback<Party> done);
  void chat(const std::string& party_id, const std::string& text, Callback<Done> done);

  // Queue
  void enter_queue(const QueueOptions& options, Callback<Ticket> done);
  void enter_queue_as_party(const std::string& party_id, const QueueOptions& options, Callback<Ticket> done);
  void ticket(const std::string& ticket_id, Callback<Ticket> done);
  /// Why a ticket waits, what becomes of it, and what would help.
  void explain(const std::string& ticket_id, Callback<Explanation> done);
  void leave_queue(const std::string& ticket_id, Callback<Done> done);
  /// Ends of matches in its `recent` that were missed are delivered as events first, as those of `connected` are.
  void active(Callback<Active> done);

  // Match, history, leaderboard
  void match(const std::string& match_id, Callback<Match> done);
  void history(const HistoryQuery& query, Callback<HistoryPage> done);
  void leaderboard(const LeaderboardQuery& query, Callback<LeaderboardPage> done);

  // Realtime
  /// Opens the realtime connection, once there is a login, and keeps it open until disconnect().
  void connect();
  void disconnect();
  bool connected() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and tick() while it runs
};

}  // namespace matchmaker
