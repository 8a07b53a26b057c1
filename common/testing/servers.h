// Servers of a test: real nats-server, redis-server and PostgreSQL on free ports. Their state is in a temporary folder
// (in TMPDIR, else in /dev/shm, else in /tmp) and is deleted with the object. They can be killed, stopped and
// restarted, for tests of outages. Redis and PostgreSQL have the same configuration, users and secrets as after `make
// up`, because ops/store-config makes both. A start takes about 0.05, 0.1 and 0.2 s (PostgreSQL 3 s once per machine
// and set of migrations), so test suites share a server if their tests do not disturb each other. If a server does not
// start, the constructor throws std::runtime_error with the end of its log.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace mm::testing {

/// Reserves a TCP port of 127.0.0.1. No other process gets it, but a server that sets SO_REUSEADDR (all of these do)
/// can listen on it. Until one listens, connections to the port are refused.
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
  std::string log() const;  ///< the path of the file with its output

  void kill();     ///< SIGKILL to the server and its children, and waits until they are gone
  void freeze();   ///< SIGSTOP to the server and its children
  void thaw();     ///< SIGCONT to the server and its children
  void stop();     ///< orderly shutdown, as by `make down`
  void restart();  ///< kills the server if it runs, starts it on the same port with its state, waits until it answers

 protected:
  struct Impl;
  explicit OwnServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::string url_;
  int port_ = 0;
};

/// A nats-server with the shipped configuration, started as in the stack: with the streams and consumers, and a user
/// for each daemon. One more user, `test`, may use every subject.
class OwnNats : public OwnServer {
 public:
  /// `instead`: arguments of nats-server that replace the shipped configuration, for tests of a wrong configuration.
  explicit OwnNats(std::vector<std::string> instead = {});
  ~OwnNats() override;
  static std::string password(std::string_view user);
  std::string data_folder() const;
  /// Kills the server and starts it without its streams, as after a power loss before the streams were synced.
  void restart_without_state();

  /// Lines about refused subjects and slow clients from the logs of all nats-servers of this process, since the last
  /// call. A test fails if there are any at its end, so a test that provokes such lines calls this function.
  static std::vector<std::string> take_errors();
};

/// The Redis "queue" or "cache" as deployed. `arguments`: further arguments of redis-server, as {"--appendonly", "no"}.
class OwnRedis : public OwnServer {
 public:
  enum class Instance { queue, cache };
  explicit OwnRedis(Instance instance, std::vector<std::string> arguments = {});
  void restart_without_state();
  /// The folder of the append-only file, which a test may copy and replace while the server is stopped.
  std::string data_folder() const;

  /// The URL for a daemon: "lobby", … url() and password() are those of the operator, who may use every key.
  std::string url_as(const std::string& user) const;
  std::string password_of(const std::string& user) const;
  std::string password() const { return password_of("operator"); }

 private:
  std::string name_;
};

/// A PostgreSQL cluster with the database `matchmaker`, to which all migrations are applied. url() is that of the
/// superuser and includes the password. `settings`, such as {"fsync=off"}, change the deployed configuration.
class OwnPostgres : public OwnServer {
 public:
  explicit OwnPostgres(std::vector<std::string> settings = {});
  /// The URL for a service: "profile", "session", … (the role mm_profile, …).
  std::string url_as(const std::string& service) const;
  static std::string password_of(const std::string& service);
};

/// The folder with the secrets of a daemon ("lobby", …), as after `make up`. All servers above accept these secrets.
std::string credentials_of(const std::string& daemon);

/// A secret of the servers above, by its name in ops/stack.d/secrets.sh.
std::string secret(const std::string& name);

}  // namespace mm::testing
