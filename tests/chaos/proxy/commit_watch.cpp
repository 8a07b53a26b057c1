#include "tests/chaos/proxy/commit_watch.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace mm::chaos {
namespace {

constexpr std::size_t kHeader = 5;  // the type and four bytes of length
constexpr std::uint32_t kSslRequest = 80'877'103;
constexpr std::uint32_t kGssRequest = 80'877'104;
/// A larger message is not examined: it is a query with data, not a commit.
constexpr std::uint32_t kMaxExamined = 1024 * 1024;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

/// Takes the text up to the next NUL from the front of `body`.
std::string take_text(std::string_view& body) {
  const auto end = std::min(body.find('\0'), body.size());
  std::string text(body.substr(0, end));
  body.remove_prefix(std::min(end + 1, body.size()));
  return text;
}

}  // namespace

bool ends_with_commit(std::string_view sql) {
  constexpr std::string_view kEnd = " \t\r\n;";
  const auto last = sql.find_last_not_of(kEnd);
  if (last == sql.npos) return false;
  sql = sql.substr(0, last + 1);
  const auto before = sql.find_last_of(kEnd);
  const auto word = sql.substr(before == sql.npos ? 0 : before + 1);
  const auto is = [&](std::string_view name) {
    return std::equal(word.begin(), word.end(), name.begin(), name.end(),
                      [](unsigned char a, char b) { return std::toupper(a) == b; });
  };
  // "CASE … END" is an expression: END counts only as a statement of its own.
  const auto lead = sql.substr(0, sql.size() - word.size()).find_last_not_of(" \t\r\n");
  const bool is_statement = lead == sql.npos || sql[lead] == ';';
  return is_statement && (is("COMMIT") || is("END"));
}

int CommitWatch::feed(std::string_view bytes) {
  commits_ = 0;
  const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
  skip_ -= skipped;
  pending_.append(bytes.substr(static_cast<std::size_t>(skipped)));
  while (started_ ? take_one() : take_startup()) {
  }
  pending_.erase(0, std::min(read_, pending_.size()));
  read_ = 0;
  return commits_;
}

bool CommitWatch::take_startup() {
  const auto rest = std::string_view(pending_).substr(read_);
  if (rest.size() < 8) return false;
  const auto length = number_at(rest, 0);
  const auto code = number_at(rest, 4);
  if (rest.size() < length) return false;
  // The server answers both requests with one byte, and another startup packet follows.
  started_ = code != kSslRequest && code != kGssRequest;
  read_ += std::max<std::size_t>(length, 8);
  return true;
}

bool CommitWatch::take_one() {
  const auto rest = std::string_view(pending_).substr(read_);
  if (rest.size() < kHeader) return false;
  const std::size_t length = std::max<std::size_t>(number_at(rest, 1), 4) + 1;
  if (length > kMaxExamined) {
    const auto here = std::min(length, rest.size());
    skip_ = length - here;
    read_ += here;
    return skip_ == 0;
  }
  if (rest.size() < length) return false;
  read_message(rest.front(), rest.substr(kHeader, length - kHeader));
  read_ += length;
  return true;
}

void CommitWatch::read_message(char type, std::string_view body) {
  switch (type) {
    case 'Q':
      if (ends_with_commit(take_text(body))) ++commits_;
      break;
    case 'P': {
      auto name = take_text(body);
      statements_.erase(name);
      if (ends_with_commit(take_text(body))) statements_.insert(std::move(name));
      break;
    }
    case 'B': {
      auto portal = take_text(body);
      portals_.erase(portal);
      if (statements_.contains(take_text(body))) portals_.insert(std::move(portal));
      break;
    }
    case 'E': executed_ = executed_ || portals_.contains(take_text(body)); break;
    case 'S':
      if (std::exchange(executed_, false)) ++commits_;
      break;
    default: break;
  }
}

}  // namespace mm::chaos
