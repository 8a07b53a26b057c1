// The body of a request, read as strictly as its head: either so many bytes, or chunks (RFC 9112, 7.1). Lines of the
// chunked coding end with CR LF and nothing else; two readers that end a line at different places would see different
// requests. Pure.
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
  /// Of a head that has a body.
  explicit BodyReader(const Head& head);

  /// Takes what belongs to the body from the next bytes of the connection, and returns how many these were. Whatever it
  /// leaves comes after the body.
  Result<std::size_t, HeadRefusal> read(std::string_view bytes);

  bool is_done() const { return state_ == State::done; }
  std::size_t received() const { return body_.size(); }
  std::string take() { return std::move(body_); }

 private:
  enum class State { data, size_line, data_end, trailer, done };

  static constexpr std::size_t kSizeDigits = 16;
  static constexpr std::size_t kLineBytes = 1024;

  std::size_t read_data(std::string_view bytes);
  Result<std::size_t, HeadRefusal> read_line(std::string_view bytes);
  Result<Done, HeadRefusal> on_line();
  Result<Done, HeadRefusal> on_size_line();
  Result<Done, HeadRefusal> on_trailer();

  const bool chunked_;
  State state_;
  std::uint64_t left_ = 0;  ///< of the chunk, or of the whole body
  std::string line_;        ///< the beginning of one, without its end
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  HeaderFields trailer_;  ///< counted and checked, then dropped
  std::string body_;
};

}  // namespace mm::gateway
