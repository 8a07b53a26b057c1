// Runs game servers as processes of this machine: at most `max_servers`, 64 matches each, started when needed. At least
// one is always running. core/server_state.h has the states of a server; this class feeds it events and executes its
// effects. One thread starts and reaps processes, finds servers of an earlier orchestrator by their sockets, and reads
// what servers send. Callers of the public methods reserve slots and send matches.
//
// When a server ends, its matches are lost, and session cancels them because their heartbeats stop. Servers go on when
// the orchestrator ends.
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

#include "services/orchestrator/core/server_state.h"
#include "services/orchestrator/core/slot_table.h"
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
  /// A reservation without a row in the table after this time gets none any more, so reconcile() frees its slot.
  static constexpr Milliseconds kReservationTimeout{10'000};

  ProcessProvider(ProcessSettings settings, RuntimeFolder folder, const Clock& clock, Metrics& metrics);
  ~ProcessProvider() override;

  Reply<Place> reserve(MatchId match, Deadline deadline) override;
  HandOverResult hand_over(ServerId server, const game::HandOver& match, Deadline deadline) override;
  void free(MatchId match, std::optional<ServerId> on) override;
  Reachability reachability(ServerId server) override;
  void reconcile(const std::vector<AllocatedMatch>& allocated) override;
  bool ready() override;

 private:
  struct Server {
    ServerState state;
    std::optional<pid_t> child;        // none: an earlier orchestrator started the process
    std::unique_ptr<ServerLink> link;  // null exactly while the state is Connecting
    std::string endpoint;              // host:port for players, from the hello
    int port_offset = -1;              // in the range of ports; -1: the port is not of the range
    std::set<MatchId> hosted;
  };
  using Servers = std::map<ServerId, Server>;
  // A hand-over whose caller waits for the answer.
  struct HandOverWait {
    ServerId server;
    MatchId match;
    std::optional<HandOverResult> outcome;
  };

  void run();
  void wait_for_input(std::unique_lock<std::mutex>& lock);
  void wake_thread();

  // mutex_ is held during all of these.
  void apply(Servers::iterator at, ServerEvent event);
  void execute(Servers::iterator at, ServerEffect effect);
  void tick();
  void find_servers();
  void reap_children();
  void connect(Servers::iterator at);
  void receive_lines();
  void handle_line(Servers::iterator at, const game::ServerLine& line);
  void handle_hello(Servers::iterator at, const game::ServerLine& line);
  void kill(ServerId id, const Server& server);
  void remove(Servers::iterator at);
  void end_misplaced(const std::map<MatchId, ServerId>& known);
  bool is_recently_reserved(MatchId match) const;
  void start_missing();
  bool start_one();
  void answer_hand_overs(ServerId server, const MatchId* match, HandOverResult outcome);
  bool may_gain_place() const;

  const ProcessSettings settings_;
  const RuntimeFolder folder_;
  const Clock& clock_;
  Metrics& metrics_;
  const int wake_;  // eventfd

  std::mutex mutex_;
  std::condition_variable changed_;  // the state of a server changed, or a hand-over was answered
  bool stopping_ = false;
  Servers servers_;
  SlotTable slots_;
  std::map<MatchId, SteadyPoint> reserved_at_;
  std::list<HandOverWait*> hand_overs_;
  int failed_starts_ = 0;  // since the last hello
  int ports_refused_ = 0;  // since the last hello
  int next_port_offset_ = 0;
  SteadyPoint start_not_before_;
  SteadyPoint scanned_at_;
  std::thread thread_;
};

}  // namespace mm::orchestrator
