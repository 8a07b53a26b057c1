// The whole stack for the end-to-end tests. ops/stack starts it once per test program in a temporary folder, on a free
// block of ports, with short games and fast password hashes, and stops it at the end.
#pragma once

#include <map>
#include <string>

namespace mm::e2e {

class Stack {
 public:
  /// Starts the stack at the first call. If it does not start, the program ends with the output of `up`.
  static Stack& instance();
  ~Stack();

  const std::string& gateway_url() const { return gateway_url_; }
  const std::string& nats_url() const { return nats_url_; }
  const std::string& admin_token() const { return admin_token_; }
  const std::string& folder() const { return folder_; }
  const std::string& build() const { return build_; }
  int port_base() const { return port_base_; }
  /// The first of a block of free ports, for a second stack; 0 if none is found.
  static int free_block();

  struct Command {
    int status = 0;
    std::string output;  ///< standard output and error
  };
  /// Runs `ops/stack <words>` for this stack.
  Command control(const std::string& words) const;
  /// Runs a shell command in the root of the repository, with the addresses of the stack in its environment.
  Command shell(const std::string& command) const;

  int pid_of(const std::string& process) const;
  bool ready(const std::string& process) const;

 private:
  Stack();
  std::string prefix() const;

  std::string root_;
  std::string build_;
  std::string folder_;
  int port_base_ = 0;
  std::string gateway_url_;
  std::string nats_url_;
  std::string admin_token_;
};

}  // namespace mm::e2e
