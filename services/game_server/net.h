// Asio as this program uses it: one io_context, one thread, no locks. Included instead of Asio's own headers, which
// with g++ 12 need <memory> and <utility> before them.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace mm::game {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

}  // namespace mm::game
