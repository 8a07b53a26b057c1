#include "services/game_server/gateway_client.h"

#include <charconv>
#include <cstdlib>
#include <deque>
#include <map>
#include <vector>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace mm::game {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

struct Exchange {
  GatewayClient::Request request;
  GatewayClient::Handler handler;
  SteadyPoint deadline;
};

std::optional<int> seconds_in(beast::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

// The connections and the waiting exchanges of each gateway.
struct GatewayClient::Impl : std::enable_shared_from_this<Impl> {
  class Connection;
  struct Pool {
    std::deque<Exchange> waiting;
    std::vector<std::shared_ptr<Connection>> idle;
    std::size_t connections = 0;  // idle and busy
  };

  explicit Impl(asio::io_context& context) : io(context) {}

  void post(const GatewayAddress& to, Exchange exchange);
  void next(const GatewayAddress& to, std::shared_ptr<Connection> free);
  void answer_later(Handler handler);

  asio::io_context& io;
  std::map<GatewayAddress, Pool> pools;
  bool closed = false;
};

// One connection, with one exchange at a time; opened at its first use. The pool owns an idle connection, the pending
// operation a busy one.
class GatewayClient::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Impl> owner, GatewayAddress to)
      : owner_(std::move(owner)), to_(std::move(to)), resolver_(owner_->io), stream_(owner_->io) {}

  void run(Exchange exchange) {
    exchange_ = std::move(exchange);
    kept_ = open_;
    prepare();
    stream_.expires_at(exchange_.deadline);
    open_ ? send() : connect();
  }

 private:
  void prepare() {
    request_ = {};
    request_.version(11);
    request_.method(http::verb::post);
    request_.target(to_.path + exchange_.request.target);
    request_.set(http::field::host, to_.host + ":" + to_.port);
    request_.set(http::field::authorization, "Bearer " + exchange_.request.token);
    request_.set(http::field::content_type, "application/json");
    request_.body() = exchange_.request.body;
    request_.prepare_payload();
    parser_.emplace();
    parser_->body_limit(kMaxBodyBytes);
    parser_->header_limit(16 * 1024);
  }

  void connect() {
    // A literal address needs no resolver, which would start a thread.
    ErrorCode is_name;
    const auto address = asio::ip::make_address(to_.host, is_name);
    if (!is_name) {
      const auto port = static_cast<std::uint16_t>(std::strtoul(to_.port.c_str(), nullptr, 10));
      return connect_to(Tcp::resolver::results_type::create(Tcp::endpoint(address, port), to_.host, to_.port));
    }
    resolver_.async_resolve(to_.host, to_.port,
                            [self = shared_from_this()](ErrorCode error, const Tcp::resolver::results_type& found) {
                              if (error) return self->fail();
                              self->connect_to(found);
                            });
  }

  void connect_to(const Tcp::resolver::results_type& found) {
    stream_.async_connect(found, [self = shared_from_this()](ErrorCode error, const Tcp::endpoint&) {
      if (error) return self->fail();
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
    const auto& response = parser_->get();
    Answer answer;
    answer.status = static_cast<int>(response.result_int());
    answer.retry_after_seconds = seconds_in(response[http::field::retry_after]);
    answer.body = response.body();
    if (!response.keep_alive()) shut();
    done(answer);
  }

  void fail() {
    const bool answer_began = parser_->got_some();
    shut();
    // The gateway had closed the keep-alive connection, so it did not read the request: send it again.
    if (kept_ && !answer_began && std::chrono::steady_clock::now() < exchange_.deadline) {
      kept_ = false;
      prepare();
      return connect();
    }
    done({});
  }

  void shut() {
    ErrorCode ignored;
    stream_.socket().close(ignored);
    buffer_.clear();
    open_ = false;
  }

  void done(const Answer& answer) {
    stream_.expires_never();
    const auto handler = std::move(exchange_.handler);
    exchange_ = {};
    const auto owner = owner_;
    owner->next(to_, shared_from_this());
    if (!owner->closed) handler(answer);
  }

  const std::shared_ptr<Impl> owner_;
  const GatewayAddress to_;
  Tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  bool open_ = false;
  bool kept_ = false;  // the connection was open before this exchange
  Exchange exchange_;
  http::request<http::string_body> request_;
  std::optional<http::response_parser<http::string_body>> parser_;
};

void GatewayClient::Impl::post(const GatewayAddress& to, Exchange exchange) {
  auto& pool = pools[to];
  if (pool.waiting.size() >= kMaxWaiting) return answer_later(std::move(exchange.handler));
  pool.waiting.push_back(std::move(exchange));
  if (!pool.idle.empty()) {
    auto connection = std::move(pool.idle.back());
    pool.idle.pop_back();
    next(to, std::move(connection));
  } else if (pool.connections < kMaxConnections) {
    ++pool.connections;
    next(to, std::make_shared<Connection>(shared_from_this(), to));
  }
}

void GatewayClient::Impl::next(const GatewayAddress& to, std::shared_ptr<Connection> free) {
  if (closed) return;
  auto& pool = pools[to];
  const auto now = std::chrono::steady_clock::now();
  while (!pool.waiting.empty()) {
    auto exchange = std::move(pool.waiting.front());
    pool.waiting.pop_front();
    if (now < exchange.deadline) return free->run(std::move(exchange));
    answer_later(std::move(exchange.handler));
  }
  pool.idle.push_back(std::move(free));
}

void GatewayClient::Impl::answer_later(Handler handler) {
  asio::post(io, [self = shared_from_this(), handler = std::move(handler)] {
    if (!self->closed) handler({});
  });
}

GatewayClient::GatewayClient(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

GatewayClient::~GatewayClient() {
  impl_->closed = true;
  impl_->pools.clear();  // idle connections own Impl
}

void GatewayClient::post(const GatewayAddress& to, Request request, Handler handler) {
  impl_->post(to, {std::move(request), std::move(handler), std::chrono::steady_clock::now() + kExchangeTimeout});
}

}  // namespace mm::game
