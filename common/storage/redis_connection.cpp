#include "common/storage/redis_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace mm::storage {
namespace {

constexpr std::size_t kMaxReadBufferKept = 256 * 1024;
/// A connection that is not established within this time is started again, because the kernel's retransmission pauses
/// grow to several seconds.
constexpr Milliseconds kReachTimeout{1'000};

Failure<RedisError> away(std::string text) { return fail(RedisError{false, std::move(text)}); }

Failure<RedisError> system_error(const char* what, int number) {
  return away(std::string(what) + ": " + std::strerror(number));
}

std::optional<int> number_in(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

RedisReply converted(const redisReply& reply) {
  RedisReply out;
  switch (reply.type) {
    case REDIS_REPLY_NIL: return out;
    case REDIS_REPLY_INTEGER:
      out.kind = RedisReply::Kind::integer;
      out.integer = reply.integer;
      return out;
    case REDIS_REPLY_ARRAY:
      out.kind = RedisReply::Kind::array;
      out.items.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) out.items.push_back(converted(*reply.element[i]));
      return out;
    case REDIS_REPLY_STATUS: out.kind = RedisReply::Kind::status; break;
    case REDIS_REPLY_ERROR: out.kind = RedisReply::Kind::error; break;
    default: out.kind = RedisReply::Kind::text;
  }
  out.text.assign(reply.str, reply.len);
  return out;
}

}  // namespace

Result<RedisAddress, std::string> RedisAddress::parse(std::string_view url) {
  constexpr std::string_view kScheme = "redis://";
  const auto wrong = [] { return fail(std::string("the URL is not of the form redis://[user@]host:port[/db]")); };
  if (!url.starts_with(kScheme)) return wrong();
  url.remove_prefix(kScheme.size());
  RedisAddress address;
  if (const auto at = url.rfind('@'); at != url.npos) {
    address.user = url.substr(0, at);
    url.remove_prefix(at + 1);
    if (address.user.find(':') != std::string::npos) return fail(std::string("the URL must not hold a password"));
  }
  if (const auto slash = url.find('/'); slash != url.npos) {
    const auto text = url.substr(slash + 1);
    const auto database = number_in(text, 0, 1'000'000);
    if (!database && !text.empty()) return wrong();
    address.database = database.value_or(0);
    url = url.substr(0, slash);
  }
  // The colon before the port comes after the closing bracket of an IPv6 address.
  const auto bracket = url.find(']');
  if (const auto colon = url.find(':', bracket == url.npos ? 0 : bracket); colon != url.npos) {
    const auto port = number_in(url.substr(colon + 1), 1, 65'535);
    if (!port) return wrong();
    address.port = *port;
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty()) return wrong();
  address.host = url;
  return address;
}

void append_command(std::string& request, const Arguments& arguments) {
  request += '*' + std::to_string(arguments.size()) + "\r\n";
  for (const auto& argument : arguments) {
    request += '$' + std::to_string(argument.size()) + "\r\n";
    request += argument;
    request += "\r\n";
  }
}

Result<std::unique_ptr<RedisConnection::Attempt>, std::string> RedisConnection::start(const RedisAddress& address,
                                                                                      const std::string& password) {
  Context context(redisConnectNonBlock(address.host.c_str(), address.port));
  if (!context) return fail(std::string("out of memory"));
  if (context->err != 0) return fail(std::string("cannot connect: ") + context->errstr);
  context->reader->maxbuf = kMaxReadBufferKept;
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(context)));
  return std::make_unique<Attempt>(std::move(connection), address, password);
}

RedisConnection::Attempt::Attempt(std::unique_ptr<RedisConnection> connection, const RedisAddress& address,
                                  const std::string& password)
    : connection_(std::move(connection)), reached_by_(Deadline::after(kReachTimeout)) {
  const auto append = [this](Arguments command) {
    append_command(request_, command);
    ++wanted_;
  };
  if (!password.empty())
    append(address.user.empty() ? Arguments{"AUTH", password} : Arguments{"AUTH", address.user, password});
  if (address.database != 0) append({"SELECT", std::to_string(address.database)});
  unsent_ = request_;
}

Result<std::unique_ptr<RedisConnection>, std::string> RedisConnection::Attempt::finish(Deadline deadline) {
  if (!reached_) {
    if (!connection_->wait(POLLOUT, Deadline::at(std::min(deadline.when(), reached_by_.when())))) {
      if (reached_by_.passed()) return fail(std::string("cannot connect: timed out"));
      return std::unique_ptr<RedisConnection>();
    }
    int number = 0;
    socklen_t length = sizeof number;
    getsockopt(connection_->context_->fd, SOL_SOCKET, SO_ERROR, &number, &length);
    if (number != 0) return fail(system_error("cannot connect", number).error.text);
    reached_ = true;
  }
  const auto answered = connection_->advance(unsent_, wanted_, replies_, deadline);
  if (!answered) return fail(answered.error().text);
  if (!*answered) return std::unique_ptr<RedisConnection>();
  for (const auto& reply : replies_) {
    if (reply.kind == RedisReply::Kind::error) return fail("cannot log in: " + reply.text);
  }
  return std::move(connection_);
}

bool RedisConnection::wait(short events, Deadline deadline) const {
  pollfd waited{context_->fd, events, 0};
  while (true) {
    const int ready = poll(&waited, 1, static_cast<int>(deadline.remaining().count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool RedisConnection::is_quiet() const {
  pollfd looked{context_->fd, POLLIN, 0};
  return poll(&looked, 1, 0) == 0;
}

// Replaces hiredis' write function, which raises SIGPIPE when the server has closed the connection.
Result<Done, RedisError> RedisConnection::send_some(std::string_view& request) {
  const auto sent = send(context_->fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return system_error("cannot send", errno);
  if (sent > 0) request.remove_prefix(static_cast<std::size_t>(sent));
  return Done{};
}

Result<Done, RedisError> RedisConnection::take_replies(std::vector<RedisReply>& replies, std::size_t wanted) {
  struct Release {
    void operator()(void* reply) const { freeReplyObject(reply); }
  };
  while (replies.size() < wanted) {
    void* raw = nullptr;
    if (redisReaderGetReply(context_->reader, &raw) != REDIS_OK) {
      return away(std::string("cannot read the reply: ") + context_->reader->errstr);
    }
    const std::unique_ptr<void, Release> reply(raw);
    if (!reply) return Done{};
    replies.push_back(converted(*static_cast<redisReply*>(raw)));
  }
  return Done{};
}

// Alternates between writing and reading, so that a long pipeline and its replies cannot block each other.
Result<bool, RedisError> RedisConnection::advance(std::string_view& unsent, std::size_t wanted,
                                                  std::vector<RedisReply>& replies, Deadline deadline) {
  while (replies.size() < wanted) {
    if (!unsent.empty()) {
      if (auto sent = send_some(unsent); !sent) return fail(std::move(sent).error());
    }
    const short events = unsent.empty() ? POLLIN : POLLIN | POLLOUT;
    if (!wait(events, deadline)) return false;
    if (deadline.passed()) return false;
    if (redisBufferRead(context_.get()) != REDIS_OK) return away(std::string("lost: ") + context_->errstr);
    if (auto taken = take_replies(replies, wanted); !taken) return fail(std::move(taken).error());
  }
  return true;
}

RedisResult<std::vector<RedisReply>> RedisConnection::exchange(std::string_view request, std::size_t wanted,
                                                               Deadline deadline) {
  std::vector<RedisReply> replies;
  replies.reserve(wanted);
  const auto answered = advance(request, wanted, replies, deadline);
  if (!answered) return fail(answered.error());
  if (!*answered) return away("no answer in time");
  return replies;
}

}  // namespace mm::storage
