// A lobby with its own nats-server and two Redis servers, stand-ins for profile and matchmaker, and players who send
// requests and receive frames.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/event_recorder.h"
#include "common/testing/players.h"
#include "services/lobby/service.h"
#include "tests/integration/lobby/fake_matchmaker.h"

namespace mm::testing {

/// Answers profile.ratings from a list in pages of two, once open() was called, and profile.get for every player who
/// was not added as a stranger.
class FakeProfile {
 public:
  FakeProfile(bus::Bus& bus, metrics::Registry& metrics, std::vector<Rating> ratings);
  void open() { is_open_ = true; }
  int pages_read() const { return pages_read_; }
  void add_stranger(PlayerId player);

 private:
  Reply<Ratings> page(const GetRatings& request);

  const std::vector<Rating> ratings_;
  std::atomic<bool> is_open_{false};
  std::atomic<int> pages_read_{0};
  std::mutex mutex_;
  std::set<PlayerId> strangers_;  // guarded by mutex_
  bus::Server server_;
};

struct StackOptions {
  std::vector<Rating> ratings;
  bool profile_answers = true;
  std::string modes_file{};
  std::vector<std::string> queue_arguments{};  ///< further arguments of the redis-server of the queue
};

class Stack {
 public:
  explicit Stack(const StackOptions& options = {});

  /// Shared by all tests that do not disturb others.
  static Stack& shared();

  /// Waits until frames are delivered. Frames are best effort: after a delay of the cache none are sent for a second.
  void wait_for_frames();

  void start_lobby();
  void stop_lobby() { lobby_->stop(); }
  bool ready() const { return lobby_->ready(); }
  double metric(const std::string& series) const { return lobby_->metric(series); }

  OwnNats nats;
  OwnRedis queue_server;
  OwnRedis cache_server{OwnRedis::Instance::cache};
  ManualClock clock{SystemClock{}.now()};
  metrics::Registry registry;
  std::unique_ptr<bus::Bus> bus = connect(nats, registry);
  storage::Redis queue{redis_options(queue_server)};
  storage::Redis cache{redis_options(cache_server)};
  EventRecorder published{*bus, {"party.*", "notify.*"}};
  FakeProfile profile;
  std::optional<FakeMatchmaker> matchmaker{std::in_place, *bus, queue, registry};

 private:
  const std::string modes_file_;
  std::unique_ptr<Daemon<lobby::Service>> lobby_;
};

/// A player who sends requests to lobby; has an open socket by default.
class Gamer {
 public:
  enum class Socket { open, none };
  explicit Gamer(Stack& stack, std::string name = "gamer", Socket socket = Socket::open,
                 const Tenant& tenant = default_tenant());

  template <class Req>
  Reply<typename Req::Answer> send(const Req& request, Milliseconds budget = Milliseconds{5'000}) const {
    return stack_.bus->request(request, caller_, Deadline::after(budget));
  }

  Reply<Party> create(CreateParty options = {}) const;
  Reply<Party> join(PartyId party) const { return send(JoinParty{party, name}); }
  Reply<Empty> leave(PartyId party) const { return send(LeaveParty{party}); }
  Reply<ReadyState> ready(PartyId party, std::optional<bool> ready = true) const {
    return send(SetReady{party, ready});
  }
  Reply<Party> invite(PartyId party, const Gamer& guest) const { return send(InvitePlayer{party, guest.id}); }
  Reply<std::vector<Invitation>> invitations() const;
  Reply<Empty> decline(PartyId party) const { return send(RemoveInvitation{party, std::nullopt}); }
  Reply<Empty> withdraw(PartyId party, const Gamer& guest) const { return send(RemoveInvitation{party, guest.id}); }
  Reply<Party> kick(PartyId party, const Gamer& member) const { return send(KickPlayer{party, member.id}); }
  Reply<Party> promote(PartyId party, const Gamer& member) const { return send(PromotePlayer{party, member.id}); }
  Reply<Empty> chat(PartyId party, std::string text) const { return send(SendChat{party, std::move(text)}); }
  Reply<Party> see(PartyId party) const { return send(GetParty{party, std::nullopt}); }
  Reply<Ticket> queue(PartyId party, const char* mode = "casual", std::optional<int> team_size = std::nullopt) const;
  Reply<Ticket> queue_alone(const char* mode = "casual", std::optional<TicketId> ticket = std::nullopt) const;
  Reply<CancelledTicket> cancel(TicketId ticket) const { return send(LeaveQueue{ticket, std::nullopt}); }
  Reply<CancelledTicket> cancel(PartyId party) const { return send(LeaveQueue{std::nullopt, party}); }

  /// Changes the gateways' record of sockets.
  void open_socket() const;
  void close_socket() const;

  const PlayerId id;
  const std::string name;

 private:
  Stack& stack_;
  const Caller caller_;
};

/// Creates a party of these members, led by the first. `ready`: all are ready.
PartyId party_of(const std::vector<const Gamer*>& members, bool ready = false, CreateParty options = {});

}  // namespace mm::testing
