// A link: the way from one daemon to one store. It listens on a port of 127.0.0.1, passes each connection on to the
// store, and applies the fault that was set last to all of its connections. Runs on the proxy's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/proxy/connection.h"
#include "tests/chaos/proxy/plan.h"

namespace mm::chaos {

class Link {
 public:
  /// Throws boost::system::system_error if no port is free. `seed`: of all decisions on this link's connections.
  Link(asio::io_context& io, LinkPlan plan, std::uint64_t seed);

  const std::string& name() const { return plan_.name; }
  unsigned short port() const { return acceptor_.local_endpoint().port(); }
  const Traffic& traffic() const { return traffic_; }
  const Fault& fault() const { return fault_; }
  std::size_t open_connections() const;

  void set(const Fault& fault);

 private:
  void accept();
  void forget_closed();

  const LinkPlan plan_;
  std::uint64_t seed_;
  Tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Fault fault_;
  Traffic traffic_;
  std::uint64_t accepted_ = 0;
  std::vector<std::shared_ptr<Connection>> connections_;  // also those that a blackhole keeps without an operation
};

}  // namespace mm::chaos
