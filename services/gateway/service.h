// The gateway as a daemon: builds what its parts share, one shard per io thread, listens, and passes on what the bus
// tells. Its end: no new connections, what is under way is answered, sockets are told to come back, then it is gone.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/bus/bus.h"
#include "common/bus/server.h"
#include "common/runtime/daemon.h"
#include "services/gateway/gateway.h"
#include "services/gateway/messages.h"
#include "services/gateway/net/connections.h"

namespace boost::asio::ssl {
class context;
}

namespace mm::gateway {

class Listener;

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
  void on_tick(Shard& shard, Listener& listener, SteadyPoint now);

  void on_notify(std::string_view subject, std::string_view body);
  void end_sockets(const SocketsEnded& event);
  void on_party(PartyId party, std::vector<PlayerId> members);

  void say_goodbye_to_presence();
  void on_every_loop(const std::function<void(std::size_t)>& work);

  Gateway gateway_;
  ConnectionCap cap_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  int port_ = 0;
  // Last: gone first, so that no frame meets a shard that is going.
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
  std::unique_ptr<bus::Server> described_;  // answers $SRV.*
};

}  // namespace mm::gateway
