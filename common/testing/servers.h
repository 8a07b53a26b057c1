// A test's own servers: real nats-server, redis-server and PostgreSQL on free ports with state in a temporary folder
// (TMPDIR, else in memory, else /tmp), gone when the object is. Also kill, stop and restart, for tests of outages.
// Starting them takes about 0.05, 0.05 and 0.1 s (PostgreSQL 1 s once per machine and set of migrations); share one per
// test suite where tests do not disturb each other. What does not start throws std::runtime_error with the end of its
// log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace mm::testing {

/// A TCP port of 127.0.0.1 that is ours until the end: nobody else gets it, nobody listens on it, and a server that
/// sets SO_REUSEADDR (all do) can take it. Until then connections to it are refused.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  int number() const { return number_; }

 private:
  int socket_ = -1;
  int number_ = 0;
};

class OwnServer {
 public:
  virtual ~OwnServer();
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  const std::string& url() const { return url_; }
  int port() const { return port_; }
  int pid() const;

  void kill();     ///< SIGKILL to it and its children, and waits until they are gone
  void freeze();   ///< SIGSTOP to it and its children
  void thaw();     ///< SIGCONT
  void restart();  ///< starts it again on the same port with its state, and waits until it answers

 protected:
  struct Impl;
  explicit OwnServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::string url_;
  int port_ = 0;
};

/// JetStream enabled, streams not created. `arguments`: more of nats-server's, such as {"--user", "x"}.
class OwnNats : public OwnServer {
 public:
  explicit OwnNats(std::vector<std::string> arguments = {});
  /// Kills it and starts it without its streams, as after a loss of power on a young stream.
  void restart_without_state();
};

/// appendonly yes, appendfsync always, noeviction: as the queue instance; no password. `arguments`: more of
/// redis-server's, such as {"--appendonly", "no"}.
class OwnRedis : public OwnServer {
 public:
  explicit OwnRedis(std::vector<std::string> arguments = {});
  void restart_without_state();
};

/// One cluster with a database `matchmaker` that has all migrations applied; url() connects as its superuser.
/// Durable as in production; `settings` such as {"fsync=off"} change that.
class OwnPostgres : public OwnServer {
 public:
  explicit OwnPostgres(std::vector<std::string> settings = {});
  /// As the role of a service, as in production: "profile", "session", … (mm_profile, …).
  std::string url_as(const std::string& role) const;
};

}  // namespace mm::testing
