// Encodes and parses the text of WebSocket frames.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/problem.h"
#include "common/wire/json.h"
#include "services/gateway/api/messages.h"
#include "services/gateway/api/route.h"
#include "services/gateway/core/replay.h"

namespace mm::gateway {

/// Encodes a frame {"event", "seq", "data", "timestamp", "ref"?}. `data` is JSON text; an empty text means {}.
std::string frame_text(std::string_view event, std::int64_t seq, std::string_view data, TimePoint now,
                       const std::optional<std::string>& ref = std::nullopt);

/// Reads the number of a frame from the bus. The text of the frame is relayed unchanged.
std::optional<std::int64_t> read_frame_seq(std::string_view text);

/// Reads the frames of a player's log (LoggedFrames::log). Drops text that is not a complete frame.
std::vector<StoredFrame> read_frame_log(std::string_view log);

/// The ticket and the party that a client knows from the frames it received. Used to tell the client what the queue has
/// lost.
struct LastKnown {
  std::optional<TicketId> ticket;  ///< until its match is over
  std::optional<PartyId> party;

  void set(const Welcome& state);
  /// Follows a frame of a daemon.
  void follow(std::string_view text);
  /// The ticket and the party that are not in this state any more. A ticket that is in the present match is not lost.
  LastKnown losses(const Welcome& state) const;
};

/// A frame of a client: a JSON object with a `type`, which is empty here if it is missing or not a string.
struct ClientFrame {
  std::string type;
  std::optional<std::string> ref;
  json::Document document;
};
/// Fails if the text is not a JSON object; the caller then closes the socket with 4400. Does not check the type.
Result<ClientFrame, std::string> read_client_frame(std::string_view text);

/// A command frame translated into a request: its route and the parts of the request.
struct Command {
  const Route* route = nullptr;
  wire::HttpParts parts;  ///< `body` refers to `body_text`
  std::string body_text;
};
/// Fails for an unknown type, an invalid `ref`, or a field that is not a valid path parameter of the route.
Reply<Command> read_command(const ClientFrame& frame, Routes routes);

/// True if the command's path needs a party_id that the frame does not have.
bool lacks_party(const Command& command);

}  // namespace mm::gateway
