#include "tests/chaos/bots/http_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <map>
#include <vector>

#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "common/wire/json.h"

namespace mm::chaos {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Stream = beast::basic_stream<Tcp, asio::io_context::executor_type>;

// The gateway closes a connection that was idle for 30 s.
constexpr Seconds kMaxIdleTime{20};

std::optional<int> seconds_in(beast::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string HttpAnswer::code() const {
  if (status >= 200 && status < 300) return {};
  const auto document = json::Document::parse(body);
  if (!document || !document->root().is(json::Kind::object)) return {};
  const auto code = document->root().find("code");
  return code && code->is(json::Kind::string) ? std::string(code->string()) : std::string();
}

struct HttpClient::Impl : std::enable_shared_from_this<Impl> {
  class Connection;

  explicit Impl(asio::io_context& context) : io(context) {}

  asio::io_context& io;
  std::map<GatewayAddress, std::vector<std::shared_ptr<Connection>>> idle;  // the most recently used last
  bool closed = false;
};

// One connection, with one exchange at a time. The pool owns an idle connection, the pending operation a busy one.
class HttpClient::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Impl> owner, GatewayAddress to)
      : owner_(std::move(owner)), to_(std::move(to)), stream_(owner_->io) {}

  /// False if the gateway has closed the idle connection, or soon will.
  bool usable(SteadyPoint now) {
    char byte = 0;
    const auto got = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return now - idle_since_ < kMaxIdleTime && got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void run(const HttpRequest& request, Handler handler) {
    handler_ = std::move(handler);
    prepare(request);
    stream_.expires_after(kTimeout);
    open_ ? send() : connect();
  }

 private:
  void prepare(const HttpRequest& request) {
    request_ = {};
    request_.version(11);
    request_.method_string(request.method);
    request_.target(to_.path + request.target);
    request_.set(http::field::host, to_.host + ":" + to_.port);
    if (!request.token.empty()) request_.set(http::field::authorization, "Bearer " + request.token);
    if (!request.key.empty()) request_.set("Idempotency-Key", request.key);
    if (!request.body.empty()) request_.set(http::field::content_type, "application/json");
    request_.body() = request.body;
    request_.prepare_payload();
    parser_.emplace();
    parser_->body_limit(kMaxBodyBytes);
  }

  void connect() {
    ErrorCode error;
    const auto address = asio::ip::make_address(to_.host, error);  // numeric only: a resolver would start a thread
    const auto port = static_cast<std::uint16_t>(std::strtoul(to_.port.c_str(), nullptr, 10));
    stream_.async_connect(Tcp::endpoint(address, port), [self = shared_from_this()](ErrorCode failed) {
      if (failed) return self->fail();
      ErrorCode ignored;
      self->stream_.socket().set_option(Tcp::no_delay(true), ignored);
      self->open_ = true;
      self->send();
    });
  }

  void send() {
    http::async_write(stream_, request_, [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (error) return self->fail();
      http::async_read(self->stream_, self->buffer_, *self->parser_,
                       [self](ErrorCode read_error, std::size_t) { read_error ? self->fail() : self->answered(); });
    });
  }

  void answered() {
    auto& response = parser_->get();
    HttpAnswer answer;
    answer.status = static_cast<int>(response.result_int());
    answer.retry_after_seconds = seconds_in(response[http::field::retry_after]);
    answer.body = std::move(response.body());
    if (!response.keep_alive()) shut();
    done(answer);
  }

  void fail() {
    shut();
    done({});
  }

  void shut() {
    ErrorCode ignored;
    stream_.socket().close(ignored);
    open_ = false;
  }

  void done(const HttpAnswer& answer) {
    stream_.expires_never();
    const auto handler = std::exchange(handler_, nullptr);
    const auto owner = owner_;
    auto& idle = owner->idle[to_];
    if (open_ && !owner->closed && idle.size() < kMaxIdleConnections) {
      idle_since_ = std::chrono::steady_clock::now();
      idle.push_back(shared_from_this());
    }
    if (!owner->closed) handler(answer);
  }

  const std::shared_ptr<Impl> owner_;
  const GatewayAddress to_;
  Stream stream_;
  beast::flat_buffer buffer_;
  bool open_ = false;
  SteadyPoint idle_since_;
  Handler handler_;
  http::request<http::string_body> request_;
  std::optional<http::response_parser<http::string_body>> parser_;
};

HttpClient::HttpClient(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

HttpClient::~HttpClient() {
  impl_->closed = true;
  impl_->idle.clear();  // idle connections own Impl
}

void HttpClient::send(const GatewayAddress& to, const HttpRequest& request, Handler handler) {
  auto& idle = impl_->idle[to];
  const auto now = std::chrono::steady_clock::now();
  std::shared_ptr<Impl::Connection> connection;
  while (!connection && !idle.empty()) {
    if (idle.back()->usable(now)) connection = std::move(idle.back());
    idle.pop_back();
  }
  if (!connection) connection = std::make_shared<Impl::Connection>(impl_, to);
  connection->run(request, std::move(handler));
}

}  // namespace mm::chaos
