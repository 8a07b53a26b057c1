#include "tests/chaos/bots/player_socket.h"

#include <cstdlib>
#include <deque>

#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace mm::chaos {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using Stream = beast::basic_stream<Tcp, asio::io_context::executor_type>;

constexpr std::size_t kMaxFrameBytes = 1024 * 1024;

}  // namespace

struct PlayerSocket::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& io, SocketHandlers h) : handlers(std::move(h)), ws(io) {}

  void connect(const game::GatewayAddress& to, const std::string& token) {
    ErrorCode error;
    const auto address = asio::ip::make_address(to.host, error);
    const auto port = static_cast<std::uint16_t>(std::strtoul(to.port.c_str(), nullptr, 10));
    ws.set_option(websocket::stream_base::timeout{kHandshakeTimeout, kIdleTimeout, true});
    ws.set_option(websocket::stream_base::decorator([token](websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, "mm.v1.json");
      if (!token.empty()) request.set(beast::http::field::authorization, "Bearer " + token);
    }));
    ws.read_message_max(kMaxFrameBytes);
    host = to.host + ":" + to.port;
    target = to.path + "/v1/ws";
    auto& stream = beast::get_lowest_layer(ws);
    stream.expires_after(kHandshakeTimeout);
    stream.async_connect(Tcp::endpoint(address, port), [self = shared_from_this()](ErrorCode failed) {
      if (failed) return self->end(0);
      self->shake_hands();
    });
  }

  void shake_hands() {
    auto& stream = beast::get_lowest_layer(ws);
    stream.expires_never();  // the WebSocket has its own timeouts
    ErrorCode ignored;
    stream.socket().set_option(Tcp::no_delay(true), ignored);
    ws.async_handshake(response, host, target, [self = shared_from_this()](ErrorCode failed) {
      if (failed) return self->end(0);
      self->opened = true;
      if (self->handlers.on_open) self->handlers.on_open();
      self->read();
    });
  }

  void read() {
    if (ended) return;
    ws.async_read(buffer, [self = shared_from_this()](ErrorCode failed, std::size_t) {
      if (failed) return self->end(failed == websocket::error::closed ? self->ws.reason().code : 0);
      const auto data = self->buffer.data();
      if (self->handlers.on_text) self->handlers.on_text({static_cast<const char*>(data.data()), data.size()});
      self->buffer.consume(self->buffer.size());
      self->read();
    });
  }

  void send(std::string text) {
    if (ended || closing) return;
    unsent.push_back(std::move(text));
    if (unsent.size() == 1) write();
  }

  void write() {
    ws.async_write(asio::buffer(unsent.front()), [self = shared_from_this()](ErrorCode failed, std::size_t) {
      if (failed || self->ended) return;  // the pending read reports the end
      self->unsent.pop_front();
      if (!self->unsent.empty()) self->write();
      else if (self->closing) self->send_close();
    });
  }

  void close() {
    if (ended || closing) return;
    if (!opened) return cut();
    closing = true;
    if (unsent.empty()) send_close();
  }

  void send_close() {
    ws.async_close(websocket::close_code::normal, [self = shared_from_this()](ErrorCode) { self->end(0); });
  }

  void cut() {
    ErrorCode ignored;
    beast::get_lowest_layer(ws).socket().close(ignored);
  }

  void end(int code) {
    if (std::exchange(ended, true)) return;
    cut();
    SocketEnd how;
    how.opened = opened;
    how.status = opened ? 0 : static_cast<int>(response.result_int());
    if (!opened && response.body().empty() && response.base().begin() == response.base().end()) how.status = 0;
    how.code = code;
    const auto handler = std::exchange(handlers, {}).on_end;
    if (handler) handler(how);
  }

  SocketHandlers handlers;
  websocket::stream<Stream, false> ws;  // without compression
  beast::flat_buffer buffer;
  websocket::response_type response;
  std::string host, target;
  std::deque<std::string> unsent;
  bool opened = false;
  bool closing = false;
  bool ended = false;
};

PlayerSocket::PlayerSocket(asio::io_context& io, const game::GatewayAddress& to, const std::string& token,
                           SocketHandlers handlers)
    : impl_(std::make_shared<Impl>(io, std::move(handlers))) {
  impl_->connect(to, token);
}

PlayerSocket::~PlayerSocket() {
  impl_->handlers = {};
  impl_->ended = true;
  impl_->cut();
}

void PlayerSocket::send(std::string text) { impl_->send(std::move(text)); }
void PlayerSocket::close() { impl_->close(); }
void PlayerSocket::cut() { impl_->cut(); }

}  // namespace mm::chaos
