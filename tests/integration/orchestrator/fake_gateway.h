// A stand-in for the gateway: an HTTP server that records POST requests and answers them as the test sets. One thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mm::orchestrator {

struct HttpRequest {
  std::string target;
  std::string authorization;
  std::string body;
};

struct HttpAnswer {
  int status = 200;
  std::string body = "{}";
  std::string headers{};  ///< further header lines, each with its CRLF
  bool hang_up = false;   ///< no answer: the connection is closed
};

class FakeGateway {
 public:
  FakeGateway();
  ~FakeGateway();
  FakeGateway(const FakeGateway&) = delete;
  FakeGateway& operator=(const FakeGateway&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void answer_with(std::function<HttpAnswer(const HttpRequest&)> answer);
  /// The requests whose target ends with `target_end`.
  std::vector<HttpRequest> requests(const std::string& target_end) const;

 private:
  void run();
  bool serve(int connection, std::string& received);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::function<HttpAnswer(const HttpRequest&)> answer_;
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

}  // namespace mm::orchestrator
