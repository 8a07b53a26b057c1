// The door for orchestrators: a Unix socket in the runtime folder, JSON lines (common/contracts/game_server.h). Only
// processes of our own user are let in. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/contracts/game_server.h"
#include "services/game_server/net.h"

namespace mm::game {

/// What the lines ask for.
struct ControlHandlers {
  std::function<ServerLine()> hello;
  std::function<std::optional<std::string>(HandOver)> host;  ///< empty: hosted; else why not
  std::function<void(MatchId)> end;
};

class Control {
 public:
  static constexpr std::size_t kMaxLinks = 8;
  static constexpr std::size_t kMaxUnsentBytes = 1024 * 1024;  // a peer that does not read is dropped

  Control(asio::io_context& io, ControlHandlers handlers);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Makes the socket `<folder>/<name>`; an old one of that name goes. The error is for the log.
  Result<Done, std::string> listen(const std::string& folder, const std::string& name);

  /// To every orchestrator that is connected.
  void send_to_all(const ServerLine& line);
  bool connected() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and links whose operations are under way
};

}  // namespace mm::game
