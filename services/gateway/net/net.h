// The one way to include Asio: Boost 1.74 as C++20 needs <memory> and <utility> before it, and one executor type for
// all sockets keeps the templates small. Foreign namespaces get short names here.
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
