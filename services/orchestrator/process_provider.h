// Runs game servers as processes of this machine: at most `max_servers`, 64 matches each, started when needed. At least
// one is always running. core/server_state.h has the states of a server; this class feeds it events and executes its
// effects. One thread starts and reaps processes, finds servers of an earlier orchestrator by their sockets, and reads
// what servers send. Callers of the public methods reserve slots and send matches.
//
// When a server ends, its matches are lost, and session cancels them because their heartbeats stop. Servers go on when
// the orchestrator ends.
#pragma once

#include <poll.h>

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
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

  struct Input {
    std::vector<pollfd> descriptors;
    int timeout_ms;
  };

  void run();
  void wake_thread();
  void limit_log();
  Input expected_input() const REQUIRES(mutex_);
  void apply(Servers::iterator at, ServerEvent event) REQUIRES(mutex_);
  void execute(Servers::iterator at, ServerEffect effect) REQUIRES(mutex_);
  void tick() REQUIRES(mutex_);
  void find_servers() REQUIRES(mutex_);
  void reap_children() REQUIRES(mutex_);
  void connect(Servers::iterator at) REQUIRES(mutex_);
  void receive_lines() REQUIRES(mutex_);
  void handle_line(Servers::iterator at, const game::ServerLine& line) REQUIRES(mutex_);
  void handle_hello(Servers::iterator at, const game::ServerLine& line) REQUIRES(mutex_);
  void kill(ServerId id, const Server& server);
  void remove(Servers::iterator at) REQUIRES(mutex_);
  void end_misplaced(const std::map<MatchId, ServerId>& known) REQUIRES(mutex_);
  bool is_recently_reserved(MatchId match) const REQUIRES(mutex_);
  void start_missing() REQUIRES(mutex_);
  bool start_one() REQUIRES(mutex_);
  void answer_hand_overs(ServerId server, const MatchId* match, HandOverResult outcome) REQUIRES(mutex_);
  bool may_gain_place() const REQUIRES(mutex_);

  const ProcessSettings settings_;
  const RuntimeFolder folder_;
  const Clock& clock_;
  Metrics& metrics_;
  const int wake_;              // eventfd
  SteadyPoint limit_log_at_{};  // used by the thread only

  Mutex mutex_;
  Condition changed_;  // the state of a server changed, or a hand-over was answered
  bool stopping_ GUARDED_BY(mutex_) = false;
  Servers servers_ GUARDED_BY(mutex_);
  SlotTable slots_ GUARDED_BY(mutex_);
  std::map<MatchId, SteadyPoint> reserved_at_ GUARDED_BY(mutex_);
  std::list<HandOverWait*> hand_overs_ GUARDED_BY(mutex_);
  int failed_starts_ GUARDED_BY(mutex_) = 0;  // since the last hello
  int ports_refused_ GUARDED_BY(mutex_) = 0;  // since the last hello
  int next_port_offset_ GUARDED_BY(mutex_) = 0;
  SteadyPoint start_not_before_ GUARDED_BY(mutex_);
  SteadyPoint scanned_at_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace mm::orchestrator
