// Game servers as processes of this machine: at most `max_servers`, 64 matches each, started when needed and one kept
// warm. One thread tends them: it starts and reaps processes, finds those of an earlier orchestrator by their sockets,
// reads what they say; callers reserve places and send matches.
//
// A server that goes takes its matches with it: session ends them for want of heartbeats. When we go, the servers stay.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "services/orchestrator/core/seating.h"
#include "services/orchestrator/game_server_process.h"
#include "services/orchestrator/metrics.h"
#include "services/orchestrator/provider.h"
#include "services/orchestrator/runtime_folder.h"
#include "services/orchestrator/server_link.h"

namespace mm::orchestrator {

struct ProcessSettings {
  std::string program;
  int max_servers = 8;
  std::string address = "127.0.0.1";
  int port_first = 0;  ///< 0: any free port
  int port_count = 100;
  int game_seconds = 15;
  std::string log_level = "info";
};

class ProcessProvider final : public Provider {
 public:
  /// How long a server we started may take to open its socket, and how long a socket found in the folder is tried.
  static constexpr Milliseconds kStartTime{10'000};
  static constexpr Milliseconds kAdoptTime{1'000};
  /// A server that has not said hello on a new link by then is silent, like one that does not answer a hand-over.
  static constexpr Milliseconds kHelloTime{2'000};
  /// A silent server gets no matches, and is killed after this time.
  static constexpr Milliseconds kSilenceTime{60'000};
  /// A reservation that the table does not know after this time was never made.
  static constexpr Milliseconds kReservationTime{10'000};

  ProcessProvider(ProcessSettings settings, RuntimeFolder folder, const Clock& clock, Metrics& metrics);
  ~ProcessProvider() override;

  Reply<Place> reserve(MatchId match, Deadline deadline) override;
  HandedOver hand_over(ServerId server, const game::HandOver& match, Deadline deadline) override;
  void free(MatchId match, std::optional<ServerId> on) override;
  Presence presence(ServerId server) override;
  void reconcile(const std::vector<Allocated>& allocated) override;
  bool ready() override;

 private:
  struct Server {
    std::optional<pid_t> child;        // ours to reap; none: an earlier orchestrator's
    std::unique_ptr<ServerLink> link;  // none: not connected
    bool greeted = false;              // it said hello on this link
    std::string endpoint;
    int port_offset = -1;              // of the range; -1: it has a port of its own
    std::set<MatchId> hosted;
    SteadyPoint waiting_since;         // for its socket or its hello
    std::optional<SteadyPoint> silent_since;
  };
  using Servers = std::map<ServerId, Server>;
  struct Waiter {
    ServerId server;
    MatchId match;
    std::optional<HandedOver> outcome;
  };

  void run();
  void wait_for_something(std::unique_lock<std::mutex>& lock);
  void wake();

  // All with mutex_ held.
  void tend();
  void look_for_others();
  void reap();
  void connect(ServerId id, Server& server);
  void listen_to_all();
  void take(ServerId id, Server& server, const game::ServerLine& line);
  void greet(ServerId id, Server& server, const game::ServerLine& line);
  void disconnect(ServerId id, Server& server);
  Servers::iterator lose(Servers::iterator server);
  void notice_silence();
  void give_up_late();
  bool is_late(const Server& server) const;
  void end_misplaced(const std::map<MatchId, ServerId>& known);
  bool just_reserved(MatchId match) const;
  void start_missing();
  bool start_one();
  void settle(ServerId server, const MatchId* match, HandedOver outcome);
  bool could_grow() const;

  const ProcessSettings settings_;
  const RuntimeFolder folder_;
  const Clock& clock_;
  Metrics& metrics_;
  const int wake_;  // eventfd

  std::mutex mutex_;
  std::condition_variable changed_;  // a server said hello or went, or a hand-over was answered
  bool ending_ = false;
  Servers servers_;
  Seating seating_;
  std::map<MatchId, SteadyPoint> reserved_at_;
  std::list<Waiter*> waiters_;
  int failed_starts_ = 0;
  int ports_refused_ = 0;  // in a row
  int next_port_offset_ = 0;
  SteadyPoint start_not_before_;
  SteadyPoint looked_at_;
  std::thread thread_;
};

}  // namespace mm::orchestrator
