#include "services/gateway/transport/listener.h"

#include "services/gateway/net/net.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include <algorithm>

#include "common/runtime/log.h"
#include "services/gateway/transport/http_session.h"

namespace mm::gateway {
namespace {

constexpr int kBacklog = 4096;
constexpr Milliseconds kAcceptPause{100};
// Open files reserved for other purposes than client connections: Redis, NATS, listeners, logs, and a reserve.
constexpr std::size_t kOtherFiles = 128;
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 94\r\n"
    "Retry-After: 1\r\nConnection: close\r\n\r\n"
    R"({"type":"/errors/unavailable","title":"Too many connections","status":503,"code":"unavailable"})";

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Impl> {
  Impl(Shard& the_shard, Sockets& the_sockets, ConnectionCap& the_cap, net::ssl::context* the_tls)
      : shard(the_shard), sockets(the_sockets), cap(the_cap), tls(the_tls), acceptor(the_shard.loop.context()) {}

  Shard& shard;
  Sockets& sockets;
  ConnectionCap& cap;
  net::ssl::context* tls;
  TcpAcceptor acceptor;
  SteadyPoint retry_at = SteadyPoint::max();  // when to accept again after a failure

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, TcpSocket socket) {
      if (error == net::error::operation_aborted || !self->acceptor.is_open()) return;
      if (error) {
        // Usually the limit of open files is reached. Open connections continue; new ones wait in the backlog.
        log::warning("accept_failed", {{"reason", error.message()}});
        self->retry_at = std::chrono::steady_clock::now() + kAcceptPause;
        return;
      }
      self->take(std::move(socket));
      self->accept();
    });
  }

  void take(TcpSocket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    const auto address = Address::parse(peer.address().to_string(error)).value_or(Address{});
    const auto& gateway = shard.gateway;
    const bool counted =
        gateway.settings.rate_limits && !address.is_loopback() && !gateway.trusted_proxies.contains(address);
    auto slot = cap.take(counted_as(address), counted);
    socket.set_option(Tcp::no_delay(true), error);
    if (!slot) return reject(socket);
    serve_connection(shard, sockets, std::move(socket), std::move(slot), tls);
  }

  // Sends the answer with one non-blocking write, which may fail, and closes the connection.
  void reject(TcpSocket& socket) {
    shard.gateway.metrics.connections_refused.add();
    if (tls == nullptr) ::send(socket.native_handle(), kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    error_code error;
    socket.close(error);
  }
};

Listener::Listener(Shard& shard, Sockets& sockets, ConnectionCap& cap, boost::asio::ssl::context* tls)
    : impl_(std::make_shared<Impl>(shard, sockets, cap, tls)) {}

Listener::~Listener() = default;

Result<int, runtime::ListenError> Listener::open(const std::string& address, int port) {
  error_code error;
  const auto ip = net::ip::make_address(address, error);
  if (error) return fail(runtime::ListenError{"MM_LISTEN_ADDRESS is not an address: " + address});
  const Tcp::endpoint endpoint(ip, static_cast<unsigned short>(port));
  auto& acceptor = impl_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  const int on = 1;
  if (!error) acceptor.set_option(TcpAcceptor::reuse_address(true), error);
  if (!error && ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    return fail(runtime::ListenError{"SO_REUSEPORT is not available"});
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);  // so that `open` can be called again
    return fail(runtime::listen_refused(address, port, error));
  }
  return static_cast<int>(acceptor.local_endpoint().port());
}

void Listener::start() { impl_->accept(); }

// The kernel resets connections that nobody has accepted, so they are accepted first.
void Listener::close() {
  error_code error;
  impl_->retry_at = SteadyPoint::max();
  impl_->acceptor.non_blocking(true, error);
  for (int i = 0; i < kBacklog && !error; ++i) {
    TcpSocket socket(impl_->shard.loop.context());
    impl_->acceptor.accept(socket, error);
    if (!error) impl_->take(std::move(socket));
  }
  impl_->acceptor.close(error);
}

void Listener::on_tick(SteadyPoint now) {
  if (now < impl_->retry_at) return;
  impl_->retry_at = SteadyPoint::max();
  impl_->accept();
}

std::size_t connections_allowed() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  const auto all = static_cast<std::size_t>(std::min<rlim_t>(files.rlim_cur, 1'000'000));
  return all > 2 * kOtherFiles ? all - kOtherFiles : all / 2;
}

}  // namespace mm::gateway
