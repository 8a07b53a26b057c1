// The Unix socket in the runtime folder through which an orchestrator controls this server with JSON lines
// (common/contracts/game_server.h). Only processes of the same user are accepted. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/contracts/game_server.h"
#include "services/game_server/net.h"

namespace mm::game {

/// What the lines from an orchestrator call.
struct ControlHandlers {
  std::function<ServerLine()> hello;
  std::function<std::optional<std::string>(HandOver)> host;  ///< none: hosted; else the reason for the refusal
  std::function<void(MatchId)> end;
};

class Control {
 public:
  static constexpr std::size_t kMaxLinks = 8;
  static constexpr std::size_t kMaxUnsentBytes = 1024 * 1024;  // then a peer that does not read is disconnected

  Control(asio::io_context& io, ControlHandlers handlers);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Creates the socket `<folder>/<name>`, and replaces an old one. The error is for the log.
  Result<Done, std::string> listen(const std::string& folder, const std::string& name);

  /// Sends the line to every connected orchestrator.
  void send_to_all(const ServerLine& line);
  bool connected() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and links with pending operations
};

}  // namespace mm::game
