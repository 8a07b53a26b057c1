// The admin port of a daemon: GET of a few fixed paths, answered by a function. Its own thread and listener, so that it
// answers while the daemon is overloaded; at most 64 connections, each done within 5 s. Never reachable for players.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/runtime/port_holder.h"

namespace mm::runtime {

struct AdminAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

class AdminServer {
 public:
  /// Called on the server's thread for a GET or HEAD of `path`; must answer within milliseconds.
  using Route = std::function<AdminAnswer(std::string_view path)>;

  /// Port 0: any free one. The error says why the address cannot be had.
  static Result<std::unique_ptr<AdminServer>, ListenError> start(const std::string& address, int port, Route route);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  int port() const;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::runtime
