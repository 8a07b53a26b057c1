// The text of WebSocket frames, out and in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/contracts/problem.h"
#include "common/wire/json.h"
#include "services/gateway/routes.h"

namespace mm::gateway {

/// {"event", "seq", "data", "timestamp", "ref"?}; `data` is JSON text, empty counts as {}.
std::string frame_text(std::string_view event, std::int64_t seq, std::string_view data, TimePoint now,
                       const std::optional<std::string>& ref = std::nullopt);

/// What must be known of a frame from the bus to pass it on: the text itself is not changed.
struct FrameHead {
  std::string event;
  std::optional<std::int64_t> seq;
};
std::optional<FrameHead> read_frame_head(std::string_view text);

/// A client's frame: one JSON object with a `type`.
struct ClientFrame {
  std::string type;
  std::optional<std::string> ref;
  json::Document document;
};
/// Fails for what is no JSON object (the socket is closed with 4400), not for a missing or foreign type.
Result<ClientFrame, std::string> read_client_frame(std::string_view text);

/// A command frame means a route; its fields are that request's path, query and body.
struct Command {
  const Route* route = nullptr;
  wire::HttpParts parts;  ///< `body` refers to `body_text`
  std::string body_text;
};
/// A refusal: an unknown type, or a path field that cannot be one.
Reply<Command> read_command(const ClientFrame& frame);

/// The party that the command's path needs and the frame did not name.
bool lacks_party(const Command& command);

}  // namespace mm::gateway
