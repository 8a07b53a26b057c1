// The whole stack for the end-to-end tests: started once per test program by ops/stack, as an operator would, in a
// temporary folder on a free block of ports, with short games and cheap passwords; stopped at the end.
#pragma once

#include <map>
#include <string>

namespace mm::e2e {

class Stack {
 public:
  /// Starts it at the first call. A stack that does not start ends the program with what `up` printed.
  static Stack& instance();
  ~Stack();

  const std::string& gateway_url() const { return gateway_url_; }
  const std::string& nats_url() const { return nats_url_; }
  const std::string& admin_token() const { return admin_token_; }
  const std::string& folder() const { return folder_; }
  const std::string& build() const { return build_; }
  int port_base() const { return port_base_; }
  /// The first of 200 ports that nobody has, for a second stack.
  static int free_block();

  struct Command {
    int status = 0;
    std::string output;  ///< standard output and error
  };
  /// ops/stack <words> for this stack.
  Command control(const std::string& words) const;
  /// Any shell command from the repository's root, with the stack's addresses in its environment.
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
