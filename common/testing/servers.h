// A test's own servers: real nats-server, redis-server and PostgreSQL on free ports with state in a temporary folder
// (TMPDIR, else in memory, else /tmp), gone when the object is. Also kill, stop and restart, for tests of outages.
// Redis and PostgreSQL have the configuration, users and secrets that `make up` gives them: ops/store-config makes both.
// Starting them takes about 0.05, 0.1 and 0.2 s (PostgreSQL 3 s once per machine and set of migrations); share one per
// test suite where tests do not disturb each other. What does not start throws std::runtime_error with the end of its
// log.
#pragma once

#include <memory>
#include <string>
#include <string_view>
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
  std::string log() const;  ///< the file with what it prints

  void kill();     ///< SIGKILL to it and its children, and waits until they are gone
  void freeze();   ///< SIGSTOP to it and its children
  void thaw();     ///< SIGCONT
  void stop();     ///< in order, as `make down` does
  void restart();  ///< kills it if it runs, starts it on the same port with its state, and waits until it answers

 protected:
  struct Impl;
  explicit OwnServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::string url_;
  int port_ = 0;
};

/// Started as the stack does it, with the shipped configuration: streams, consumers, and a user for each daemon. The
/// user `test` beside them may do everything. (`make up` prints no password of a daemon; here they are known.)
class OwnNats : public OwnServer {
 public:
  /// `instead`: arguments of nats-server in place of the shipped configuration; for tests of a wrong one.
  explicit OwnNats(std::vector<std::string> instead = {});
  ~OwnNats() override;
  static std::string password(std::string_view user);
  std::string data_folder() const;
  /// Kills it and starts it without its streams, as after a loss of power on a young stream.
  void restart_without_state();

  /// Lines of the logs of all servers of this kind in this process, new since the last call, that tell of a refused
  /// subject or of a client that was too slow. At the end of each test there must be none; a test that provokes them
  /// takes them.
  static std::vector<std::string> take_errors();
};

/// The Redis "queue" or "cache" as deployed. `arguments`: more of redis-server's, such as {"--appendonly", "no"}.
class OwnRedis : public OwnServer {
 public:
  enum class Instance { queue, cache };
  explicit OwnRedis(Instance instance, std::vector<std::string> arguments = {});
  void restart_without_state();

  /// As a daemon connects: "lobby", … url() and password() are the operator's, who may use every key.
  std::string url_as(const std::string& user) const;
  std::string password_of(const std::string& user) const;
  std::string password() const { return password_of("operator"); }

 private:
  std::string name_;
};

/// One cluster with a database `matchmaker` that has all migrations applied; url() connects as its superuser and holds
/// the password. `settings` such as {"fsync=off"} change the deployed configuration.
class OwnPostgres : public OwnServer {
 public:
  explicit OwnPostgres(std::vector<std::string> settings = {});
  /// As a service connects: "profile", "session", … (the role mm_profile, …).
  std::string url_as(const std::string& service) const;
  static std::string password_of(const std::string& service);
};

/// The folder with the secrets of a daemon ("lobby", …), as `make up` makes it; all servers above accept them.
std::string credentials_of(const std::string& daemon);

/// One secret of the servers above, by its name in ops/stack.d/secrets.sh.
std::string secret(const std::string& name);

}  // namespace mm::testing
