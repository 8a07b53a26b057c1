// Cuts the bytes of a NATS connection into frames: a protocol line, or a message with its headers and payload. Works
// for both directions. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mm::chaos {

struct NatsFrame {
  std::string bytes;
  bool is_message = false;  ///< PUB, HPUB, MSG or HMSG
  std::string subject;      ///< of a message
  std::string reply;        ///< of a message; empty: none
};

class NatsFrames {
 public:
  /// Appends the frames that `bytes` completes. An incomplete frame is kept for the next call. Bytes that are not NATS
  /// are returned as they are, as one frame per call, from there to the end of the connection.
  void feed(std::string_view bytes, std::vector<NatsFrame>& frames);

 private:
  bool take_one(std::vector<NatsFrame>& frames);

  std::string pending_;
  std::size_t read_ = 0;  // bytes of pending_ that are already returned
  bool foreign_ = false;
};

}  // namespace mm::chaos
