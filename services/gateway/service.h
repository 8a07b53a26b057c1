// The gateway daemon: creates the shared objects and one shard per io thread, listens for connections, and dispatches
// messages from the bus to the shards. Shutdown: it accepts no new connections, asks the clients of WebSockets to
// reconnect, answers the requests that come on open connections within a second and all that are in progress for up to
// 3.5 s, and then closes everything.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/bus/bus.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "services/gateway/net/connections.h"
#include "services/gateway/process/gateway.h"

namespace boost::asio::ssl {
class context;
}

namespace mm::gateway {

class Listener;
class Sockets;

class Service {
 public:
  static constexpr std::string_view kName = "gateway";
  using Settings = gateway::Settings;

  Service(const Settings& settings, Runtime& runtime);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  int port() const { return port_; }

 private:
  void build_shards();
  void listen();
  void subscribe();
  void watch_health();
  void on_tick(std::size_t index, SteadyPoint now);

  void on_notify(std::string_view subject, std::string_view body);
  void end_sockets(const CloseSockets& event);
  void on_party(PartyId party, std::vector<PlayerId> members);

  void flush_presence();
  void on_every_loop(const std::function<void(std::size_t)>& work);

  Gateway gateway_;
  ConnectionCap cap_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Sockets>> sockets_;  // one per shard; outlive the shards, whose callbacks use them
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  int port_ = 0;
  // Declared last, so that they are destroyed first: no frame may be posted to a shard that is being destroyed.
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
  std::unique_ptr<bus::Server> described_;  // answers $SRV.*
};

}  // namespace mm::gateway
