#include "common/daemon/admin_server.h"

// Asio 1.74 needs these headers first under C++20.
#include <chrono>
#include <memory>
#include <utility>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <thread>

#include "common/runtime/log.h"
#include "common/runtime/port_holder.h"

namespace mm::daemon {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kConnectionTimeout{5};
constexpr int kMaxConnections = 64;
constexpr std::uint32_t kMaxHeaderBytes = 8 * 1024;
constexpr std::uint64_t kMaxBodyBytes = 1024;

using Response = http::response<http::string_body>;

Response respond(const http::request<http::string_body>& request, const AdminServer::Route& route) {
  Response response;
  response.version(request.version());
  response.keep_alive(false);
  const bool head = request.method() == http::verb::head;
  AdminAnswer answer;
  if (head || request.method() == http::verb::get) {
    const auto target = request.target();
    const std::string_view path(target.data(), target.size());
    answer = route(path.substr(0, path.find('?')));
  } else {
    answer = {405, "application/json", "{}"};
    response.set(http::field::allow, "GET, HEAD");
  }
  response.result(static_cast<unsigned>(answer.status));
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.content_length(answer.body.size());
  if (!head) response.body() = std::move(answer.body);
  return response;
}

// Handles one request and closes the connection. Owners: the completion handlers.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const AdminServer::Route& route, int& open)
      : stream_(std::move(socket)), route_(route), open_(open) {
    ++open_;
  }
  ~Connection() { --open_; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.header_limit(kMaxHeaderBytes);
    parser_.body_limit(kMaxBodyBytes);
    stream_.expires_after(kConnectionTimeout);
    http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

 private:
  void write() {
    response_ = respond(parser_.get(), route_);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  Response response_;
  const AdminServer::Route& route_;
  int& open_;
};

}  // namespace

struct AdminServer::Impl {
  explicit Impl(Route r) : route(std::move(r)), acceptor(io), pause(io) {}

  beast::error_code open(const tcp::endpoint& endpoint) {
    beast::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kMaxConnections, error);
    return error;
  }

  void accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return accept_later();
      // A connection above the limit is closed immediately.
      if (open_connections < kMaxConnections) {
        std::make_shared<Connection>(std::move(socket), route, open_connections)->read();
      }
      accept();
    });
  }

  // Waits before accepting again: when out of descriptors, an immediate retry would spin.
  void accept_later() {
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([this](beast::error_code error) {
      if (!error) accept();
    });
  }

  const Route route;
  int open_connections = 0;  // used by the thread; declared before `io`, whose destructor destroys the connections
  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  int port = 0;
  std::thread thread;
};

Result<std::unique_ptr<AdminServer>, runtime::ListenError> AdminServer::start(const std::string& address, int port,
                                                                              Route route) {
  beast::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(runtime::ListenError{"the address " + address + " is not an IP address"});
  auto impl = std::make_unique<Impl>(std::move(route));
  error = impl->open(tcp::endpoint(ip, static_cast<unsigned short>(port)));
  if (error) return fail(runtime::listen_refused(address, port, error));
  impl->port = impl->acceptor.local_endpoint().port();
  impl->accept();
  impl->thread = std::thread([&io = impl->io] { io.run(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() {
  impl_->io.stop();
  impl_->thread.join();
}

int AdminServer::port() const { return impl_->port; }

}  // namespace mm::daemon
