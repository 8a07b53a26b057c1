#include "tests/chaos/proxy/nats_frames.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

namespace mm::chaos {
namespace {

// nats-server accepts lines of 4 KiB from clients; its own INFO can be longer.
constexpr std::size_t kMaxLine = 64 * 1024;
constexpr std::size_t kMaxPayload = 64 * 1024 * 1024;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view kSpace = " \t";
  for (auto begin = line.find_first_not_of(kSpace); begin != line.npos;) {
    const auto end = std::min(line.find_first_of(kSpace, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kSpace, end);
  }
  return words;
}

struct Head {
  std::size_t payload = 0;
  std::string_view subject;
  std::string_view reply;
};

/// The head of a message. Its words: the verb, the subject, in messages from the server the id of the subscription,
/// perhaps the reply subject, and one size, or two if there are headers. The last size is that of the whole payload.
std::optional<Head> head_of(const std::vector<std::string_view>& words, bool from_server, bool has_headers) {
  const std::size_t fixed = 2U + (from_server ? 1U : 0U) + (has_headers ? 2U : 1U);
  if (words.size() != fixed && words.size() != fixed + 1) return std::nullopt;
  Head head;
  head.subject = words[1];
  if (words.size() > fixed) head.reply = words[from_server ? 3 : 2];
  const auto size = words.back();
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), head.payload);
  if (parsed.ec != std::errc{} || parsed.ptr != size.data() + size.size()) return std::nullopt;
  if (head.payload > kMaxPayload) return std::nullopt;
  return head;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

}  // namespace

void NatsFrames::feed(std::string_view bytes, std::vector<NatsFrame>& frames) {
  pending_.append(bytes);
  while (!foreign_ && take_one(frames)) {
  }
  if (foreign_ && read_ < pending_.size()) {
    frames.push_back({pending_.substr(read_), false, {}, {}});
    read_ = pending_.size();
  }
  pending_.erase(0, read_);
  read_ = 0;
}

bool NatsFrames::take_one(std::vector<NatsFrame>& frames) {
  const auto rest = std::string_view(pending_).substr(read_);
  const auto line_end = rest.find("\r\n");
  if (line_end == rest.npos) {
    foreign_ = rest.size() > kMaxLine;
    return false;
  }
  const auto words = words_of(rest.substr(0, line_end));
  const auto verb = words.empty() ? std::string() : upper(words.front());
  const bool from_server = verb == "MSG" || verb == "HMSG";
  NatsFrame frame;
  auto length = line_end + 2;
  if (from_server || verb == "PUB" || verb == "HPUB") {
    const auto head = head_of(words, from_server, verb.front() == 'H');
    if (!head) {
      foreign_ = true;
      return false;
    }
    length += head->payload + 2;
    if (rest.size() < length) return false;
    frame.is_message = true;
    frame.subject = head->subject;
    frame.reply = head->reply;
  }
  frame.bytes = rest.substr(0, length);
  frames.push_back(std::move(frame));
  read_ += length;
  return true;
}

}  // namespace mm::chaos
