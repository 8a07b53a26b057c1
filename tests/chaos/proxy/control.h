// The control socket of the proxy: a Unix socket, one JSON object per line in each direction. README.md has examples.
// Runs on the proxy's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/proxy/link.h"

namespace mm::chaos {

using Links = std::vector<std::unique_ptr<Link>>;

/// Executes one line of a client and returns the line of the answer, without the line feed. A line that is wrong
/// changes nothing; the answer then has `error`.
std::string execute(const Links& links, std::string_view line);

class ControlServer {
 public:
  /// Throws boost::system::system_error if the path cannot be used. A socket file that exists is replaced.
  ControlServer(asio::io_context& io, const std::string& path, const Links& links);

 private:
  void accept();

  Local::acceptor acceptor_;
  const Links& links_;
  int open_ = 0;
};

}  // namespace mm::chaos
