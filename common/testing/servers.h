// A test's own servers: real nats-server, redis-server and PostgreSQL on free ports with state in a temporary folder,
// gone when the object is. Also kill, stop and restart, for tests of outages. Starting them takes about 0.1, 0.1 and
// 1 s; share one per test suite where tests do not disturb each other.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"

namespace mm::testing {

class OwnServer {
 public:
  virtual ~OwnServer();
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  const std::string& url() const { return url_; }
  int port() const { return port_; }
  int pid() const;

  void kill();      ///< SIGKILL, and waits until it is gone
  void freeze();    ///< SIGSTOP
  void thaw();      ///< SIGCONT
  void restart();   ///< starts it again on the same port with its state, and waits until it answers

 protected:
  OwnServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string url_;
  int port_ = 0;
};

/// JetStream enabled, streams not created.
class OwnNats : public OwnServer {
 public:
  OwnNats();
};

/// appendonly yes, appendfsync always, noeviction: as the queue instance; no password.
class OwnRedis : public OwnServer {
 public:
  OwnRedis();
};

/// One cluster with a database `matchmaker` that has all migrations applied; url() connects as its superuser.
class OwnPostgres : public OwnServer {
 public:
  OwnPostgres();
  /// As the role of a service, as in production: "profile", "session", …
  std::string url_as(const std::string& role) const;
};

}  // namespace mm::testing
