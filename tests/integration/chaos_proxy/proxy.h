// The program mm-chaos-proxy of a test, with one link, and a client of its control socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/testing/own_file.h"

namespace mm::chaos {

class Proxy {
 public:
  /// `store`: nats, redis-queue, redis-cache or postgres. Throws std::runtime_error if the proxy does not start.
  Proxy(const std::string& store, int store_port);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// The port on which clients connect.
  int port() const { return port_; }
  /// Sends a line of the control protocol; the answer without its line feed.
  std::string control(const std::string& line) const;
  void set(const std::string& fault) const { control(R"({"fault":)" + fault + "}"); }
  void heal() const { set(R"({"kind":"none"})"); }
  /// A number of the link's state, as "commits_cut".
  std::int64_t count(const std::string& name) const;

 private:
  testing::OwnFolder folder_;
  pid_t pid_ = 0;
  int port_ = 0;
};

/// A plain TCP client without any protocol. Every call ends within 10 s.
class PlainClient {
 public:
  explicit PlainClient(int port);
  ~PlainClient();
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  bool send(const std::string& bytes) const;
  /// Reads until `bytes` bytes are there, or the connection ends.
  std::string read(std::size_t bytes);
  /// True if the last call of read found the connection reset.
  bool was_reset() const { return reset_; }

 private:
  int socket_ = -1;
  bool reset_ = false;
};

}  // namespace mm::chaos
