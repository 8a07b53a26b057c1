#include "services/gateway/core/body.h"

#include <algorithm>
#include <charconv>

namespace mm::gateway {
namespace {

Failure<HeadRefusal> refused(std::string_view detail, Code code = Code::malformed_request) {
  return {HeadRefusal{code, detail}};
}

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

BodyReader::BodyReader(const Head& head)
    : chunked_(head.chunked), state_(head.chunked ? State::size_line : State::data), left_(head.content_length) {}

Result<std::size_t, HeadRefusal> BodyReader::read(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !is_done()) {
    if (state_ == State::data) {
      used += read_data(bytes.substr(used));
      continue;
    }
    const auto read = read_line(bytes.substr(used));
    if (!read) return fail(read.error());
    used += *read;
  }
  return used;
}

std::size_t BodyReader::read_data(std::string_view bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  body_.append(bytes.substr(0, count));
  left_ -= count;
  if (left_ == 0) state_ = chunked_ ? State::data_end : State::done;
  return count;
}

/// Consumes bytes up to the end of the current line, or all bytes if the line does not end in them.
Result<std::size_t, HeadRefusal> BodyReader::read_line(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const bool after_return = line_.ends_with('\r');
    if (after_return != (c == '\n')) return refused("lines must end with CR LF");
    if (after_return) {
      line_.pop_back();
      if (auto done = on_line(); !done) return fail(done.error());
      line_.clear();
      return i + 1;
    }
    if (line_.size() >= kMaxLineBytes) return refused("a line of the chunked coding is too long");
    line_ += c;
  }
  return bytes.size();
}

Result<Done, HeadRefusal> BodyReader::on_line() {
  if (state_ == State::size_line) return on_size_line();
  if (state_ == State::trailer) return on_trailer();
  if (!line_.empty()) return refused("a chunk is longer than its size");
  state_ = State::size_line;
  return Done{};
}

Result<Done, HeadRefusal> BodyReader::on_size_line() {
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(line_.begin(), line_.end(), is_hex_digit) - line_.begin());
  if (digits == 0 || digits > kMaxSizeDigits) return refused("the size of a chunk is not a number");
  std::from_chars(line_.data(), line_.data() + digits, left_, 16);
  const auto extension = std::string_view(line_).substr(digits);
  const auto begin = extension.find_first_not_of(" \t");
  if (!extension.empty() &&
      (begin == std::string_view::npos || extension[begin] != ';' || !is_field_value(extension))) {
    return refused("the extension of a chunk is malformed");
  }
  extension_bytes_ += extension.size();
  if (extension_bytes_ > http_limits::kMaxHeaderBytes) return refused("the chunk extensions are too large");
  if (left_ > http_limits::kMaxBodyBytes - body_.size())
    return refused("the body is too large", Code::payload_too_large);
  state_ = left_ > 0 ? State::data : State::trailer;
  return Done{};
}

Result<Done, HeadRefusal> BodyReader::on_trailer() {
  if (line_.empty()) {
    state_ = State::done;
    return Done{};
  }
  trailer_bytes_ += line_.size();
  if (trailer_bytes_ > http_limits::kMaxHeaderBytes)
    return refused("the trailer is too large", Code::headers_too_large);
  return read_field(line_, trailer_);
}

}  // namespace mm::gateway
