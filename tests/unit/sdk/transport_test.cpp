// Tests the default transport with a local server: which addresses reach the server, and the Host header they send.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

// A server that answers every request with 200 and `{"access_token":…}`, one connection per request, and keeps the
// first request. A silent server accepts connections and never answers.
class Server {
 public:
  explicit Server(bool ipv6, bool silent = false)
      : socket_(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    bool bound = false;
    if (ipv6) {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      bound = bind_to(address);
      port_ = ntohs(address.sin6_port);
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      bound = bind_to(address);
      port_ = ntohs(address.sin_port);
    }
    listening_ = bound && ::listen(socket_, 16) == 0;
    if (listening_ && !silent) thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(socket_);
  }

  bool listening() const { return listening_; }
  std::string port() const { return std::to_string(port_); }
  std::string first_request() { return first_.get_future().get(); }

 private:
  template <class Address>
  bool bind_to(Address& address) {
    socklen_t size = sizeof(address);
    return ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
           ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  }
  void serve() {
    for (bool first = true;; first = false) {
      const int peer = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      std::string read;
      char bytes[4096];
      while (read.find("\r\n\r\n") == std::string::npos) {
        const auto got = ::recv(peer, bytes, sizeof(bytes), 0);
        if (got <= 0) break;
        read.append(bytes, static_cast<std::size_t>(got));
      }
      const auto body = tokens(900, "r1");
      const auto answer =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json; charset=utf-16\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
      (void)::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(peer);
      if (first) first_.set_value(read);
    }
  }

  const int socket_;
  int port_ = 0;
  bool listening_ = false;
  std::promise<std::string> first_;
  std::thread thread_;
};

Result<Done> login_at(const std::string& address, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  ClientOptions options;
  options.gateway_url = address;
  options.request_timeout = timeout;
  Client client(options);
  std::optional<Result<Done>> got;
  client.login("alice", "password", [&](const Result<Done>& result) { got = result; });
  while (!got) client.wait(std::chrono::seconds(1));
  return *got;
}

bool logs_in(const std::string& address) { return login_at(address).ok(); }

TEST(SdkTransport, ReachesAGatewayByItsName) {
  Server server(false);
  ASSERT_TRUE(server.listening());
  EXPECT_TRUE(logs_in("HTTP://localhost:" + server.port() + "/"));
  const auto request = server.first_request();
  EXPECT_EQ(request.rfind("POST /v1/auth/login HTTP/1.1\r\n", 0), 0u) << request;
  EXPECT_NE(request.find("localhost:" + server.port() + "\r\n"), std::string::npos) << request;
}

TEST(SdkTransport, ReachesAGatewayBehindAPath) {
  Server server(false);
  ASSERT_TRUE(server.listening());
  EXPECT_TRUE(logs_in("http://127.0.0.1:" + server.port() + "/play//"));
  const auto request = server.first_request();
  EXPECT_EQ(request.rfind("POST /play/v1/auth/login HTTP/1.1\r\n", 0), 0u) << request;
}

TEST(SdkTransport, TellsAServerThatIsSilentFromOneThatIsNotThere) {
  std::string port;
  {
    Server server(false, true);
    ASSERT_TRUE(server.listening());
    port = server.port();
    const auto late = login_at("http://127.0.0.1:" + port, std::chrono::milliseconds(50));
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().kind, ErrorKind::timeout) << late.error().detail;
  }
  const auto gone = login_at("http://127.0.0.1:" + port);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().kind, ErrorKind::network) << gone.error().detail;
}

TEST(SdkTransport, ReachesAGatewayByItsIpv6Address) {
  Server server(true);
  if (!server.listening()) GTEST_SKIP() << "this machine has no IPv6";
  EXPECT_TRUE(logs_in("http://[::1]:" + server.port()));
  const auto request = server.first_request();
  EXPECT_NE(request.find("[::1]:" + server.port() + "\r\n"), std::string::npos) << request;
}

TEST(SdkTransport, ReachesAGameServerByItsIpv6Address) {
  Server server(true);
  if (!server.listening()) GTEST_SKIP() << "this machine has no IPv6";
  bool closed = false;
  GameConnection::Handlers handlers;
  handlers.closed = [&](int, const std::string&) { closed = true; };
  GameConnection connection("ws://[::1]:" + server.port() + "/match/m?x=1", "token", std::move(handlers));
  const auto request = server.first_request();
  EXPECT_EQ(request.rfind("GET /match/m?x=1 HTTP/1.1\r\n", 0), 0u) << request;
  while (!closed) connection.tick();  // the server does not speak WebSocket
}

}  // namespace
}  // namespace matchmaker::testing
