// Reads the body of a request, either by Content-Length or in the chunked coding (RFC 9112, 7.1). Parsing is strict:
// lines of the chunked coding must end with CR LF, because a proxy that ends a line elsewhere would see a different
// request. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "services/gateway/core/head.h"

namespace mm::gateway {

class BodyReader {
 public:
  /// `head.has_body()` must be true.
  explicit BodyReader(const Head& head);

  /// Consumes bytes of the body from `bytes`, the next bytes of the connection, and returns how many it consumed. Bytes
  /// that are not consumed belong to the next request.
  Result<std::size_t, HeadRefusal> read(std::string_view bytes);

  bool is_done() const { return state_ == State::done; }
  std::size_t received() const { return body_.size(); }
  std::string take() { return std::move(body_); }

 private:
  enum class State { data, size_line, data_end, trailer, done };

  static constexpr std::size_t kMaxSizeDigits = 16;
  static constexpr std::size_t kMaxLineBytes = 1024;

  std::size_t read_data(std::string_view bytes);
  Result<std::size_t, HeadRefusal> read_line(std::string_view bytes);
  Result<Done, HeadRefusal> on_line();
  Result<Done, HeadRefusal> on_size_line();
  Result<Done, HeadRefusal> on_trailer();

  const bool chunked_;
  State state_;
  std::uint64_t left_ = 0;  ///< bytes left of the current chunk, or of the whole body
  std::string line_;        ///< the incomplete current line
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  HeaderFields trailer_;  ///< trailer fields; checked, but otherwise ignored
  std::string body_;
};

}  // namespace mm::gateway
