// The Matchmaker client: one per player.
//
//   matchmaker::Client client({.gateway_url = "http://127.0.0.1:8080"});
//   client.events().match_found = [](const matchmaker::MatchFound& m) { … };
//   client.login("alice", "correct horse", [&](matchmaker::Result<matchmaker::Done> r) {
//     if (r) client.connect();
//   });
//   while (playing) client.tick();   // once per frame
//
// Threads: a Client belongs to one thread, which makes all calls and calls tick(); every callback and event handler
// runs inside tick(), none after the Client is destroyed. Nothing blocks; the network has threads of its own.
// Access tokens are renewed by themselves, a broken realtime connection comes back by itself with the whole state,
// and calls that create something carry a key that makes their retries safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "matchmaker/events.h"
#include "matchmaker/result.h"
#include "matchmaker/types.h"

namespace matchmaker {

struct ClientOptions {
  std::string gateway_url;      ///< http://host:port or https://host:port
  std::string tenant;           ///< of the game; empty: the default
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds reconnect_least{250};   ///< first pause before the realtime connection is tried again …
  std::chrono::milliseconds reconnect_most{8'000};  ///< … doubling, with jitter, up to this
};

class Transport;

template <class T>
using Callback = std::function<void(Result<T>)>;

class Client {
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
  void active(Callback<Active> done);

  // Match, history, leaderboard
  void match(const std::string& match_id, Callback<Match> done);
  void history(const HistoryQuery& query, Callback<HistoryPage> done);
  void leaderboard(const LeaderboardQuery& query, Callback<LeaderboardPage> done);

  // Realtime
  /// Opens the realtime connection and keeps it open until disconnect(). Needs a login.
  void connect();
  void disconnect();
  bool connected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace matchmaker
