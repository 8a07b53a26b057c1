// A byte stream over plain TCP or TLS, selected at run time, so that Beast's templates are instantiated once for both.
// Only for the translation units that implement HTTP and WebSocket.
#pragma once

#include "services/gateway/net/net.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace mm::gateway {

class Stream {
 public:
  using executor_type = TcpSocket::executor_type;
  using next_layer_type = TcpSocket;

  /// `tls`: null for plain TCP.
  Stream(TcpSocket socket, net::ssl::context* tls) : layers_(std::make_unique<Layers>(std::move(socket))) {
    if (tls != nullptr) layers_->tls.emplace(layers_->tcp, *tls);
  }

  executor_type get_executor() { return layers_->tcp.get_executor(); }
  TcpSocket& next_layer() { return layers_->tcp; }
  const TcpSocket& next_layer() const { return layers_->tcp; }
  bool is_tls() const { return layers_->tls.has_value(); }

  template <class Handler>
  void async_handshake(Handler&& handler) {
    layers_->tls->async_handshake(net::ssl::stream_base::server, std::forward<Handler>(handler));
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (layers_->tls) {
      layers_->tls->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      layers_->tcp.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (layers_->tls) {
      layers_->tls->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      layers_->tcp.async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

 private:
  // Allocated on the heap, because the TLS layer has a reference to the socket and the stream must be movable.
  struct Layers {
    explicit Layers(TcpSocket socket) : tcp(std::move(socket)) {}
    TcpSocket tcp;
    std::optional<net::ssl::stream<TcpSocket&>> tls;
  };
  std::unique_ptr<Layers> layers_;
};

// Beast calls these functions to end the connection of a WebSocket. With TLS too, only the TCP connection is closed. A
// TLS close is not needed against truncation: frames have a length, and close frames were exchanged.
inline void teardown(boost::beast::role_type role, Stream& stream, error_code& error) {
  boost::beast::websocket::teardown(role, stream.next_layer(), error);
}

template <class Handler>
void async_teardown(boost::beast::role_type role, Stream& stream, Handler&& handler) {
  boost::beast::websocket::async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

}  // namespace mm::gateway
