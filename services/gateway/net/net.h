// Includes Asio and defines short names for its types. Asio must be included only through this header: with C++20,
// Boost 1.74 needs <memory> and <utility> before it. All sockets use one executor type, to limit template
// instantiations.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

namespace mm::gateway {

namespace net = boost::asio;
using error_code = boost::system::error_code;
using Tcp = net::ip::tcp;
using TcpSocket = net::basic_stream_socket<Tcp, net::io_context::executor_type>;
using TcpAcceptor = net::basic_socket_acceptor<Tcp, net::io_context::executor_type>;

}  // namespace mm::gateway
