// AdminServer: the admin port of a daemon. Answers GET for a few fixed paths. It has its own thread and listener, so
// that it answers while the daemon is overloaded. At most 64 connections of at most 5 s each. Players must not be able
// to reach it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/runtime/port_holder.h"

namespace mm::daemon {

struct AdminAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

class AdminServer {
 public:
  /// Called on the server's thread for a GET or HEAD of `path`. Must return within milliseconds.
  using Route = std::function<AdminAnswer(std::string_view path)>;

  /// Starts listening. Port 0 means any free port. The error says why the address is not available.
  static Result<std::unique_ptr<AdminServer>, runtime::ListenError> start(const std::string& address, int port,
                                                                          Route route);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  int port() const;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::daemon
